"""YAML files with the position of each key and value, and durations as YAML writes them."""
