"""Great Expectations at two checkpoints: the rows that come in and have landed, and the marts."""
