"""Run the migrations in the transaction of the given connection: all of them are applied, or none."""

from alembic import context

from jkpi.state.engine import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
