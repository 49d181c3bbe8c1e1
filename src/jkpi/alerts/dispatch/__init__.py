"""One transaction that compares, decides who is notified, and queues the messages."""
