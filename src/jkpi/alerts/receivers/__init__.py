"""One file a receiver kind, and the transports they share."""
