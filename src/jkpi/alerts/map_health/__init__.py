"""Conditions of the map and its sources that owners are notified of."""
