"""The tables of the state database. Times are UTC: aware in Python, naive in the tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
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
    Column("since", Date),
    Column("last_day", Date),
    Column("tail", Float),
    Column("rate", Float),
    Column("n", Float),
    Column("reference", Float),
    Column("false_alarm_every", Float),  # days, by the series' own past
    Column("alert_id", String),
    Column("inhibited", Boolean, nullable=False),
    Column("judged_at", UtcDateTime, nullable=False),
    comment="one row per series: where its fold ended; replaced as a whole by each judgement",
)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", String, primary_key=True),
    Column("series_id", String, nullable=False),
    *_series_columns(),
    Column("kind", String, nullable=False),
    Column("status", String, nullable=False),
    Column("since", Date, nullable=False),
    Column("fired_on", Date, nullable=False),
    Column("closed_on", Date),
    Column("owner", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Index("ix_alerts_open", "status", "series_id"),
    comment="one row per announced episode: kind fall or blind; status open, resolved, corrected or superseded",
)

alert_transitions = Table(
    "alert_transitions",
    metadata,
    Column("transition_id", String, primary_key=True),
    Column("alert_id", String, ForeignKey("alerts.alert_id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("transition", String, nullable=False),
    Column("happened_on", Date, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("evidence", JSON, nullable=False),
    UniqueConstraint("alert_id", "number"),
    comment="one row per thing that was announced of an alert, with the evidence as it was told",
)

outbox = Table(
    "outbox",
    metadata,
    Column("notification_id", String, primary_key=True),
    Column("receiver", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("mood", String, nullable=False),
    Column("transitions", JSON, nullable=False),
    Column("status", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first_tried_at", UtcDateTime),
    Column("next_attempt_at", UtcDateTime),
    Column("lease_until", UtcDateTime),
    Column("claimed_by", String),
    Column("last_error", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("content", JSON),
    Column("destination", String),  # a hash of the receiver's address
    Index("ix_outbox_due", "status", "next_attempt_at"),
    comment="one row per message: status waiting, sending, sent or dead; next_attempt_at NULL means at once",
)

tellings = Table(
    "tellings",
    metadata,
    Column("telling_id", Integer, primary_key=True),
    Column("alert_id", String, ForeignKey("alerts.alert_id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("receiver", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("status", String, nullable=False),
    Column("held", String),
    Column("thread", String),
    Column("notification_id", String, ForeignKey("outbox.notification_id")),
    Column("created_at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime),
    Column("facts", JSON),  # the figures that were told, as in the evidence of a transition
    Index("ix_tellings_alert", "alert_id", "receiver"),
    Index("ix_tellings_status", "status"),
    comment="one row per transition and receiver to be told: purpose news, repeat or escalation; status owed, told"
    " or dropped; held says why it is still owed; of an acknowledgement that a program is told: status passed on",
)

acknowledgements = Table(
    "acknowledgements",
    metadata,
    Column("alert_id", String, ForeignKey("alerts.alert_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("who", String, nullable=False),
    Column("via", String, nullable=False),
    Column("note", Text, nullable=False),
    Column("acknowledged_at", UtcDateTime, nullable=False),
    comment="one row per alert that somebody took on; number is the newest transition at that time",
)

silences = Table(
    "silences",
    metadata,
    Column("silence_id", Integer, primary_key=True),
    Column("scope", String, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("who", String, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ended_by", String),
    comment="one row per silence: scope is an alert, a series or the beginning of one",
)

held_digests = Table(
    "held_digests",
    metadata,
    Column("receiver", String, primary_key=True),
    comment="one row per receiver whose digest of early signs waits, because they were told enough that day",
)

told_readings = Table(
    "told_readings",
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
    comment="one row per day that a transition was told from, as the reading was then",
)
