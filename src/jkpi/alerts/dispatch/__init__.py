"""The one transaction that decides who is notified."""
