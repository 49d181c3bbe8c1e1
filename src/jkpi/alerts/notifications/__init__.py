"""A notification: as data, as words, and when it is silenced."""
