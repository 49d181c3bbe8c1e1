"""Who was told what, and when: tellings, acknowledgements, silences, the readings as they were told."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _alert(table: str, **options: Any) -> tuple[sa.Column[str], sa.ForeignKeyConstraint]:
    column = sa.Column("alert_id", sa.String, nullable=False, **options)
    return column, sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name=f"fk_{table}_alert_id")


def upgrade() -> None:
    with op.batch_alter_table("outbox") as outbox:
        outbox.add_column(sa.Column("content", sa.JSON))
        outbox.add_column(sa.Column("destination", sa.String))
    op.create_table(
        "tellings",
        sa.Column("telling_id", sa.Integer, nullable=False),
        *_alert("tellings"),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("receiver", sa.String, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("held", sa.String),
        sa.Column("thread", sa.String),
        sa.Column("notification_id", sa.String),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("told_at", sa.DateTime),
        sa.PrimaryKeyConstraint("telling_id", name="pk_tellings"),
        sa.ForeignKeyConstraint(["notification_id"], ["outbox.notification_id"], name="fk_tellings_notification_id"),
        comment="one row per transition and receiver to be told: purpose news, repeat or escalation; status owed, told"
        " or dropped; held says why it is still owed; of an acknowledgement that a program is told: status passed on",
    )
    op.create_index("ix_tellings_alert", "tellings", ["alert_id", "receiver"])
    op.create_index("ix_tellings_status", "tellings", ["status"])
    op.create_table(
        "acknowledgements",
        *_alert("acknowledgements"),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("via", sa.String, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("acknowledged_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "number", name="pk_acknowledgements"),
        comment="one row per alert that somebody took on; number is the newest transition at that time",
    )
    op.create_table(
        "silences",
        sa.Column("silence_id", sa.Integer, nullable=False),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("until", sa.DateTime, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("ended_by", sa.String),
        sa.PrimaryKeyConstraint("silence_id", name="pk_silences"),
        comment="one row per silence: scope is an alert, a series or the beginning of one",
    )
    op.create_table(
        "told_readings",
        *_alert("told_readings"),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("period_start", sa.Date, nullable=False),
        *[sa.Column(name, sa.Float) for name in ("value", "numerator", "denominator", "ci_low", "ci_high")],
        sa.Column("status", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "number", "period_start", name="pk_told_readings"),
        comment="one row per day that a transition was told from, as the reading was then",
    )
    _remember_what_was_told()


def _remember_what_was_told() -> None:
    """Messages written before there were tellings: without them, the ends of their alerts would not be told."""
    text, times = sa.String(), sa.DateTime()
    outbox = sa.table(
        "outbox",
        sa.column("notification_id", text), sa.column("receiver", text), sa.column("transitions", sa.JSON()),
        sa.column("created_at", times),
    )  # fmt: skip
    transitions = sa.table(
        "alert_transitions",
        sa.column("transition_id", text), sa.column("alert_id", text), sa.column("number", sa.Integer()),
    )  # fmt: skip
    names = ("alert_id", "receiver", "purpose", "status", "thread", "notification_id")
    tellings = sa.table(
        "tellings",
        *(sa.column(name, text) for name in names), sa.column("number", sa.Integer()),
        sa.column("created_at", times), sa.column("told_at", times),
    )  # fmt: skip
    connection = op.get_bind()
    known = {row.transition_id: row for row in connection.execute(sa.select(transitions))}
    rows = [
        {
            "alert_id": known[told].alert_id, "number": known[told].number, "receiver": message.receiver,
            "purpose": "news", "status": "told", "thread": known[told].alert_id,
            "notification_id": message.notification_id, "created_at": message.created_at,
            "told_at": message.created_at,
        }
        for message in connection.execute(sa.select(outbox))
        for told in message.transitions
        if told in known
    ]  # fmt: skip
    if rows:
        connection.execute(sa.insert(tellings), rows)


def downgrade() -> None:
    for table in ("told_readings", "silences", "acknowledgements", "tellings"):
        op.drop_table(table)
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_column("destination")
        outbox.drop_column("content")
