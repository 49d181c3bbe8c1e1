"""Numbers, durations and dates as text: one formatter for messages, pages, dashboards and the command line."""
