"""All tables of the state database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.String, nullable=False),
        sa.Column("series_id", sa.String, nullable=False),
        sa.Column("journey", sa.String, nullable=False),
        sa.Column("moment", sa.String, nullable=False),
        sa.Column("kpi", sa.String, nullable=False),
        sa.Column("statistic", sa.String, nullable=False),
        sa.Column("segment", sa.String, nullable=False),
        sa.Column("segment_value", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("onset", sa.Date, nullable=False),
        sa.Column("fired_on", sa.Date, nullable=False),
        sa.Column("closed_on", sa.Date),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("opened_at", sa.DateTime, nullable=False),
        sa.Column("closed_at", sa.DateTime),
        sa.PrimaryKeyConstraint("alert_id", name="pk_alerts"),
        comment="one row per alert, an episode on one series: kind drop, early_warning, data_gap, error, no_events,"
        " unmapped, silent, missing or volume; status open, resolved, corrected or superseded",
    )
    op.create_index("ix_alerts_open", "alerts", ["status", "series_id"])
    op.create_table(
        "deferred_watch_lists",
        sa.Column("receiver", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("receiver", name="pk_deferred_watch_lists"),
        comment="one row per receiver whose watch list waits because the daily limit was reached",
    )
    op.create_table(
        "outbox",
        sa.Column("notification_id", sa.String, nullable=False),
        sa.Column("receiver", sa.String, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("severity", sa.String, nullable=False),
        sa.Column("transition_ids", sa.JSON, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("first_attempt_at", sa.DateTime),
        sa.Column("next_attempt_at", sa.DateTime),
        sa.Column("lease_until", sa.DateTime),
        sa.Column("claimed_by", sa.String),
        sa.Column("last_error", sa.Text),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("sent_at", sa.DateTime),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("destination", sa.String),
        sa.PrimaryKeyConstraint("notification_id", name="pk_outbox"),
        comment="one row per notification: status queued, sending, sent or dead_lettered;"
        " next_attempt_at NULL: due now",
    )
    op.create_index("ix_outbox_due", "outbox", ["status", "next_attempt_at"])
    op.create_table(
        "series_states",
        sa.Column("series_id", sa.String, nullable=False),
        sa.Column("journey", sa.String, nullable=False),
        sa.Column("moment", sa.String, nullable=False),
        sa.Column("kpi", sa.String, nullable=False),
        sa.Column("statistic", sa.String, nullable=False),
        sa.Column("segment", sa.String, nullable=False),
        sa.Column("segment_value", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("state_since", sa.Date),
        sa.Column("last_day", sa.Date),
        sa.Column("tail_probability", sa.Float),
        sa.Column("rate", sa.Float),
        sa.Column("n", sa.Float),
        sa.Column("baseline", sa.Float),
        sa.Column("promise", sa.Float),
        sa.Column("promise_breach", sa.JSON),
        sa.Column("days_between_false_alarms", sa.Float),
        sa.Column("current_value", sa.Float),
        sa.Column("current_n", sa.Float),
        sa.Column("alert_id", sa.String),
        sa.Column("included_in", sa.String),
        sa.Column("evaluated_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("series_id", name="pk_series_states"),
        comment="one row per series: its state at the last evaluation; replaced as a whole by each evaluation",
    )
    op.create_table(
        "silences",
        sa.Column("silence_id", sa.Integer, nullable=False),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("until", sa.DateTime, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("ended_by", sa.String),
        sa.PrimaryKeyConstraint("silence_id", name="pk_silences"),
        comment="one row per silence: scope is an alert, a series or a prefix of one",
    )
    op.create_table(
        "acknowledgements",
        sa.Column("alert_id", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("acknowledged_by", sa.String, nullable=False),
        sa.Column("via", sa.String, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("acknowledged_at", sa.DateTime, nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name="fk_acknowledgements_alert_id"),
        sa.PrimaryKeyConstraint("alert_id", "number", name="pk_acknowledgements"),
        comment="one row per acknowledgement; number is the newest transition at that time",
    )
    op.create_table(
        "alert_transitions",
        sa.Column("transition_id", sa.String, nullable=False),
        sa.Column("alert_id", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("transition_type", sa.String, nullable=False),
        sa.Column("happened_on", sa.Date, nullable=False),
        sa.Column("recorded_at", sa.DateTime, nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name="fk_alert_transitions_alert_id"),
        sa.PrimaryKeyConstraint("transition_id", name="pk_alert_transitions"),
        sa.UniqueConstraint("alert_id", "number", name="uq_alert_transitions_alert_id"),
        comment="one row per change of an alert, with the payload of its notification",
    )
    op.create_table(
        "notification_log",
        sa.Column("log_id", sa.Integer, nullable=False),
        sa.Column("alert_id", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("receiver", sa.String, nullable=False),
        sa.Column("notification_type", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("suppression_reason", sa.String),
        sa.Column("thread_id", sa.String),
        sa.Column("notification_id", sa.String),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("notified_at", sa.DateTime),
        sa.Column("figures", sa.JSON),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name="fk_notification_log_alert_id"),
        sa.ForeignKeyConstraint(
            ["notification_id"], ["outbox.notification_id"], name="fk_notification_log_notification_id"
        ),
        sa.PrimaryKeyConstraint("log_id", name="pk_notification_log"),
        comment="one row per transition and receiver: notification_type first, reminder, escalation or acknowledgement;"
        " status pending, notified, dropped or forwarded; suppression_reason: why it is still pending",
    )
    op.create_index("ix_notification_log_alert", "notification_log", ["alert_id", "receiver"])
    op.create_index("ix_notification_log_status", "notification_log", ["status"])
    op.create_table(
        "reading_snapshots",
        sa.Column("alert_id", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("period_start", sa.Date, nullable=False),
        sa.Column("value", sa.Float),
        sa.Column("numerator", sa.Float),
        sa.Column("denominator", sa.Float),
        sa.Column("ci_low", sa.Float),
        sa.Column("ci_high", sa.Float),
        sa.Column("status", sa.String, nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name="fk_reading_snapshots_alert_id"),
        sa.PrimaryKeyConstraint("alert_id", "number", "period_start", name="pk_reading_snapshots"),
        comment="one row per day of a transition: the reading as it was when the notification was written",
    )


def downgrade() -> None:
    op.drop_table("reading_snapshots")
    op.drop_index("ix_notification_log_status", table_name="notification_log")
    op.drop_index("ix_notification_log_alert", table_name="notification_log")
    op.drop_table("notification_log")
    op.drop_table("alert_transitions")
    op.drop_table("acknowledgements")
    op.drop_table("silences")
    op.drop_table("series_states")
    op.drop_index("ix_outbox_due", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("deferred_watch_lists")
    op.drop_index("ix_alerts_open", table_name="alerts")
    op.drop_table("alerts")
