"""The landing table of each kind of source: columns, id and keys. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jkpi.loading.model import Source, SourceKind


@dataclass(frozen=True)
class LandingTable:
    """A landing table.

    table: name in schema raw. columns: canonical columns in order, with DuckDB types. time_column: when it happened.
    id_column: "" if rows have no id. derived_id_columns: columns that make the id if none is given.
    key_columns: columns that identify a row of one source. latest: whether a later row corrects an earlier one.
    """

    table: str
    columns: dict[str, str]
    time_column: str
    id_column: str
    derived_id_columns: tuple[str, ...]
    key_columns: tuple[str, ...]
    latest: bool = False


_SURVEY_COLUMNS = {"customer_id": "varchar", "case_id": "varchar", "touchpoint": "varchar", "survey": "varchar"}

LANDING_TABLE_BY_KIND: dict[SourceKind, LandingTable] = {
    "touchpoints": LandingTable(
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
    "responses": LandingTable(
        "survey_responses",
        {
            **{"response_id": "varchar", **_SURVEY_COLUMNS, "question": "varchar"},
            **dict.fromkeys(("score", "scale_min", "scale_max", "weight"), "double"),
            **dict.fromkeys(("emotion", "emotion_state", "comment", "wave"), "varchar"),
            **{"asked_at": "timestamp", "responded_at": "timestamp", "segments": "varchar"},
        },
        "responded_at",
        "response_id",
        ("customer_id", "case_id", "touchpoint", "survey", "question", "emotion", "responded_at"),
        ("response_id",),
    ),
    "invitations": LandingTable(
        "survey_invitations",
        {
            **{"invitation_id": "varchar", **_SURVEY_COLUMNS},
            **{"wave": "varchar", "invited_at": "timestamp", "eligible": "boolean", "segments": "varchar"},
        },
        "invited_at",
        "invitation_id",
        ("customer_id", "case_id", "touchpoint", "survey", "invited_at"),
        ("invitation_id",),
    ),
    "customers": LandingTable(
        "customers",
        {"customer_id": "varchar", "consent": "varchar", "valid_from": "timestamp", "segments": "varchar"},
        "valid_from",
        "",
        (),
        ("customer_id", "valid_from"),
    ),
    "counts": LandingTable(
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


UNDATED_CUSTOMER_KEY = ("customer_id", "content_hash")


def landing_table_for(source: Source) -> LandingTable:
    """The landing table of a source.

    Customers without a date are identified by their content, or by their id if a later row corrects an earlier one.
    """
    landing = LANDING_TABLE_BY_KIND[source.kind]
    is_latest = source.on_conflict == "latest"
    if source.kind == "customers" and not source.columns.valid_from:
        key = ("customer_id",) if is_latest else UNDATED_CUSTOMER_KEY
        return LandingTable(landing.table, landing.columns, landing.time_column, "", (), key, is_latest)
    return replace(landing, latest=True) if is_latest else landing
