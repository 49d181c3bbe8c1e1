"""Journey maps: read from YAML, checked as a whole, and written to the warehouse as tables."""
