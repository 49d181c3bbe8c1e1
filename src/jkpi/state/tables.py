"""The tables of the state database. Times are UTC: aware in Python, naive in the tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python, naive UTC in the table, the same on every engine."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


def _series_columns() -> list[Column[Any]]:
    names = ("journey", "moment", "kpi", "statistic", "segment", "segment_value")
    return [Column(name, String, nullable=False) for name in names]


series_states = Table(
    "series_states",
    metadata,
    Column("series_id", String, primary_key=True),
    *_series_columns(),
    Column("state", String, nullable=False),
    Column("state_since", Date),
    Column("last_day", Date),
    Column("tail_probability", Float),
    Column("rate", Float),
    Column("n", Float),
    Column("baseline", Float),
    Column("promise", Float),  # in the unit of the KPI, as "promise_breach"
    Column("promise_breach", JSON(none_as_null=True)),  # of a segment: since, value, low, high, n
    Column("days_between_false_alarms", Float),  # by the series' own past
    Column("current_value", Float),  # of an open drop, over its newest week, in the unit of the KPI
    Column("current_n", Float),
    Column("alert_id", String),
    Column("included_in", String),  # series whose alert its open drop is part of
    Column("evaluated_at", UtcDateTime, nullable=False),
    comment="one row per series: its state at the last evaluation; replaced as a whole by each evaluation",
)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", String, primary_key=True),
    Column("series_id", String, nullable=False),
    *_series_columns(),
    Column("kind", String, nullable=False),
    Column("status", String, nullable=False),
    Column("onset", Date, nullable=False),
    Column("fired_on", Date, nullable=False),
    Column("closed_on", Date),
    Column("owner", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Index("ix_alerts_open", "status", "series_id"),
    comment="one row per alert, an episode on one series: kind drop, early_warning, data_gap, error, no_events,"
    " unmapped, silent, missing or volume; status open, resolved, corrected or superseded",
)

alert_transitions = Table(
    "alert_transitions",
    metadata,
    Column("transition_id", String, primary_key=True),
    Column("alert_id", String, ForeignKey("alerts.alert_id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("transition_type", String, nullable=False),
    Column("happened_on", Date, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("payload", JSON, nullable=False),
    UniqueConstraint("alert_id", "number"),
    comment="one row per change of an alert, with the payload of its notification",
)

outbox = Table(
    "outbox",
    metadata,
    Column("notification_id", String, primary_key=True),
    Column("receiver", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("severity", String, nullable=False),
    Column("transition_ids", JSON, nullable=False),
    Column("status", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first_attempt_at", UtcDateTime),
    Column("next_attempt_at", UtcDateTime),
    Column("lease_until", UtcDateTime),
    Column("claimed_by", String),
    Column("last_error", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("content", JSON, nullable=False),
    Column("destination", String),  # a hash of the receiver's address
    Index("ix_outbox_due", "status", "next_attempt_at"),
    comment="one row per notification: status queued, sending, sent or dead_lettered; next_attempt_at NULL: due now",
)

notification_log = Table(
    "notification_log",
    metadata,
    Column("log_id", Integer, primary_key=True),
    Column("alert_id", String, ForeignKey("alerts.alert_id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("receiver", String, nullable=False),
    Column("notification_type", String, nullable=False),
    Column("status", String, nullable=False),
    Column("suppression_reason", String),
    Column("thread_id", String),
    Column("notification_id", String, ForeignKey("outbox.notification_id")),
    Column("created_at", UtcDateTime, nullable=False),
    Column("notified_at", UtcDateTime),
    Column("figures", JSON),  # the figures of the notification
    Index("ix_notification_log_alert", "alert_id", "receiver"),
    Index("ix_notification_log_status", "status"),
    comment="one row per transition and receiver: notification_type first, reminder, escalation or acknowledgement;"
    " status pending, notified, dropped or forwarded; suppression_reason: why it is still pending",
)

acknowledgements = Table(
    "acknowledgements",
    metadata,
    Column("alert_id", String, ForeignKey("alerts.alert_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("acknowledged_by", String, nullable=False),
    Column("via", String, nullable=False),
    Column("note", Text, nullable=False),
    Column("acknowledged_at", UtcDateTime, nullable=False),
    comment="one row per acknowledgement; number is the newest transition at that time",
)

silences = Table(
    "silences",
    metadata,
    Column("silence_id", Integer, primary_key=True),
    Column("scope", String, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ended_by", String),
    comment="one row per silence: scope is an alert, a series or a prefix of one",
)

deferred_watch_lists = Table(
    "deferred_watch_lists",
    metadata,
    Column("receiver", String, primary_key=True),
    comment="one row per receiver whose watch list waits because the daily limit was reached",
)

reading_snapshots = Table(
    "reading_snapshots",
    metadata,
    Column("alert_id", String, ForeignKey("alerts.alert_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("period_start", Date, primary_key=True),
    Column("value", Float),
    Column("numerator", Float),
    Column("denominator", Float),
    Column("ci_low", Float),
    Column("ci_high", Float),
    Column("status", String, nullable=False),
    comment="one row per day of a transition: the reading as it was when the notification was written",
)
