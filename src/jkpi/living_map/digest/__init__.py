"""The weekly digest: one letter per owner of what fires, changed, improved and went stale."""
