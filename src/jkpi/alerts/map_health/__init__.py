"""Conditions of the map itself and of the sources that feed it."""
