"""Notifications as data and as text, and silences."""
