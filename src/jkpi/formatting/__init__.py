"""Numbers, durations and dates as text: for messages, pages and dashboards alike."""
