"""Evidence behind a transition: readings, contributions, mix and rate, data gaps."""
