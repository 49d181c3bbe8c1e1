"""Superset dashboards as code: the tables they read, the charts, and the import."""
