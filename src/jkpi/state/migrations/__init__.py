"""Alembic migrations of the state database, shipped with the package and run by `jkpi.state.engine.migrate`."""
