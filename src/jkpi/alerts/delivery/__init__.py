"""The worker of the outbox."""
