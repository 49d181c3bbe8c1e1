"""A notification as data and as words; silences."""
