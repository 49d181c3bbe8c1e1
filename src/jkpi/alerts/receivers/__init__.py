"""Receivers: one module for each kind, and the transports they share."""
