"""Evidence behind a transition: readings, size of the drop, contributions, data gaps."""
