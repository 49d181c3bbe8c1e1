"""YAML with positions, and durations as it writes them."""
