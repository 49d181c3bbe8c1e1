"""`jkpi.yml`: settings, receivers, Superset and secrets."""
