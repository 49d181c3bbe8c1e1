"""Whose digest of early signs waits, because they were told enough that day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "held_digests",
        sa.Column("receiver", sa.String, primary_key=True),
        comment="one row per receiver whose digest of early signs waits, because they were told enough that day",
    )


def downgrade() -> None:
    op.drop_table("held_digests")
