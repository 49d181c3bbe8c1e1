"""Detection of drops in a series: state machine, fold over readings, episodes. Pure."""
