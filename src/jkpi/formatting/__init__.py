"""Numbers, durations and dates as text, for messages, pages, dashboards and the command line."""
