"""History replayed, with injected drops and slowdowns."""
