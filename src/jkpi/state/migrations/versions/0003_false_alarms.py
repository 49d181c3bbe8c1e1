"""How often each series is told of falsely, by its own past."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("series_states") as states:
        states.add_column(sa.Column("false_alarm_every", sa.Float))


def downgrade() -> None:
    with op.batch_alter_table("series_states") as states:
        states.drop_column("false_alarm_every")
