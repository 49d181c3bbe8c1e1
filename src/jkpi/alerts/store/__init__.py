"""SQL of the state database: alerts, notification log, outbox, silences, acknowledgements."""
