"""Speed of measuring: jkpi against one hand-written DuckDB script, on the same rows in the same run."""
