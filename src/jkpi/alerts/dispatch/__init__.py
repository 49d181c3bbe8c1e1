"""The transaction that compares alerts with the evaluation, decides who is notified, and queues the messages."""
