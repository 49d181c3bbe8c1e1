"""Delivery of the messages of the outbox to the receivers."""
