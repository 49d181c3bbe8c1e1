"""Series states, alerts, their transitions, and the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _series() -> list[sa.Column[str]]:
    names = ("journey", "moment", "kpi", "statistic", "segment", "segment_value")
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "series_states",
        sa.Column("series_id", sa.String, nullable=False),
        *_series(),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("since", sa.Date),
        sa.Column("last_day", sa.Date),
        sa.Column("tail", sa.Float),
        sa.Column("rate", sa.Float),
        sa.Column("n", sa.Float),
        sa.Column("reference", sa.Float),
        sa.Column("alert_id", sa.String),
        sa.Column("inhibited", sa.Boolean, nullable=False),
        sa.Column("judged_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("series_id", name="pk_series_states"),
        comment="one row per series: where its fold ended; replaced as a whole by each judgement",
    )
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.String, nullable=False),
        sa.Column("series_id", sa.String, nullable=False),
        *_series(),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("fired_on", sa.Date, nullable=False),
        sa.Column("closed_on", sa.Date),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("opened_at", sa.DateTime, nullable=False),
        sa.Column("closed_at", sa.DateTime),
        sa.PrimaryKeyConstraint("alert_id", name="pk_alerts"),
        comment="one row per announced episode: kind fall or blind; status open, resolved, corrected or superseded",
    )
    op.create_index("ix_alerts_open", "alerts", ["status", "series_id"])
    op.create_table(
        "alert_transitions",
        sa.Column("transition_id", sa.String, nullable=False),
        sa.Column("alert_id", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("transition", sa.String, nullable=False),
        sa.Column("happened_on", sa.Date, nullable=False),
        sa.Column("recorded_at", sa.DateTime, nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("transition_id", name="pk_alert_transitions"),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name="fk_alert_transitions_alert_id"),
        sa.UniqueConstraint("alert_id", "number", name="uq_alert_transitions_alert_id"),
        comment="one row per thing that was announced of an alert, with the evidence as it was told",
    )
    op.create_table(
        "outbox",
        sa.Column("notification_id", sa.String, nullable=False),
        sa.Column("receiver", sa.String, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("mood", sa.String, nullable=False),
        sa.Column("transitions", sa.JSON, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("first_tried_at", sa.DateTime),
        sa.Column("next_attempt_at", sa.DateTime),
        sa.Column("lease_until", sa.DateTime),
        sa.Column("claimed_by", sa.String),
        sa.Column("last_error", sa.Text),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("sent_at", sa.DateTime),
        sa.PrimaryKeyConstraint("notification_id", name="pk_outbox"),
        comment="one row per message: status waiting, sending, sent or dead; next_attempt_at NULL means at once",
    )
    op.create_index("ix_outbox_due", "outbox", ["status", "next_attempt_at"])


def downgrade() -> None:
    op.drop_table("outbox")
    op.drop_table("alert_transitions")
    op.drop_table("alerts")
    op.drop_table("series_states")
