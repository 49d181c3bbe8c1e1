"""Business calendars, read from YAML and expanded to open and closed intervals for the warehouse."""
