"""Runs migrations on the connection it is handed, inside that connection's transaction: all of them land, or none."""

from alembic import context

from jkpi.state.engine import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
