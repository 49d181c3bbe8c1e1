"""The figures that each message told of an alert: a repeat has newer ones than the alert began with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("tellings") as tellings:
        tellings.add_column(sa.Column("facts", sa.JSON))


def downgrade() -> None:
    with op.batch_alter_table("tellings") as tellings:
        tellings.drop_column("facts")
