"""SQL of the state database: alerts, notification log, silences, acknowledgements."""
