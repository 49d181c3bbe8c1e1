"""What is true of a series: the state machine, the fold over readings, and its episodes. Pure."""
