"""What each kind of source lands as: table, columns, and what makes one row the same as another."""

from __future__ import annotations

from dataclasses import dataclass

from jkpi.loading.model import Kind, Source


@dataclass(frozen=True)
class Landing:
    """table: in schema raw. columns: canonical ones, in order, with DuckDB types. time: when it happened.

    identity: the id column, '' where rows have none. derived_from: columns an id is made of where none is given.
    keys: columns that tell rows of one source apart.
    """

    table: str
    columns: dict[str, str]
    time: str
    identity: str
    derived_from: tuple[str, ...]
    keys: tuple[str, ...]


_SURVEY = {"customer_id": "varchar", "case_id": "varchar", "touchpoint": "varchar", "survey": "varchar"}

_LANDINGS: dict[Kind, Landing] = {
    "touchpoints": Landing(
        "touchpoint_events",
        {
            **dict.fromkeys(("event_id", "customer_id", "case_id", "touchpoint", "channel"), "varchar"),
            **dict.fromkeys(("occurred_at", "due_at"), "timestamp"),
            **dict.fromkeys(("segments", "attributes"), "varchar"),
        },
        "occurred_at",
        "event_id",
        ("customer_id", "case_id", "touchpoint", "channel", "occurred_at"),
        ("event_id",),
    ),
    "responses": Landing(
        "survey_responses",
        {
            **{"response_id": "varchar", **_SURVEY, "question": "varchar"},
            **dict.fromkeys(("score", "scale_min", "scale_max"), "double"),
            **dict.fromkeys(("emotion", "emotion_state", "comment"), "varchar"),
            **{"asked_at": "timestamp", "responded_at": "timestamp", "segments": "varchar"},
        },
        "responded_at",
        "response_id",
        ("customer_id", "case_id", "touchpoint", "survey", "question", "emotion", "responded_at"),
        ("response_id",),
    ),
    "invitations": Landing(
        "survey_invitations",
        {
            **{"invitation_id": "varchar", **_SURVEY},
            **{"invited_at": "timestamp", "eligible": "boolean", "segments": "varchar"},
        },
        "invited_at",
        "invitation_id",
        ("customer_id", "case_id", "touchpoint", "survey", "invited_at"),
        ("invitation_id",),
    ),
    "customers": Landing(
        "customers",
        {"customer_id": "varchar", "consent": "varchar", "valid_from": "timestamp", "segments": "varchar"},
        "valid_from",
        "",
        (),
        ("customer_id", "valid_from"),
    ),
    "counts": Landing(
        "period_counts",
        {
            **dict.fromkeys(("count_id", "measure", "covers"), "varchar"),
            **{"period_start": "timestamp", "numerator": "double", "denominator": "double", "segments": "varchar"},
        },
        "period_start",
        "count_id",
        ("measure", "covers", "period_start", "segments"),
        ("count_id",),
    ),
}


def landing_of(source: Source) -> Landing:
    """How rows of this source land. Customers without a date are told apart by what is said of them."""
    landing = _LANDINGS[source.kind]
    if source.kind == "customers" and not source.columns.valid_from:
        return Landing(landing.table, landing.columns, landing.time, "", (), ("customer_id", "content_hash"))
    return landing
