"""Evaluate moments of truth, decide who is notified, and deliver the notifications."""
