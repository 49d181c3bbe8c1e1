"""The steps of a run and their order, and what they read of the workspace."""
