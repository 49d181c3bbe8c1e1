"""The weekly digest: one message an owner about open alerts, changes, improvements and stale sources."""
