"""`jkpi status`: what is fresh, what fires, what was rejected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jkpi.cli.output import table
from jkpi.config.settings import Settings
from jkpi.errors import WorkspaceError
from jkpi.pipeline.workspace import landing

if TYPE_CHECKING:
    from jkpi.state.open_alerts import Fall

_SOURCES = """
select
    batches.source,
    sum(batches.loaded) as loaded,
    max(batches.last_at) as last_evidence_at,
    max(batches.loaded_at) as last_load_at,
    count(distinct case when batches.status = 'refused' and later.origin is null then batches.origin end)
        as refused_batches
from raw.load_batches as batches
left join (
    select source, origin, max(coalesce(loaded_at, started_at)) as loaded_at
    from raw.load_batches
    where status = 'loaded'
    group by source, origin
) as later
    on batches.source = later.source and batches.origin = later.origin and batches.started_at <= later.loaded_at
group by batches.source
order by batches.source
"""
_NOTHING = {"loaded": 0, "last_evidence_at": None, "last_load_at": None, "refused_batches": 0}
_REJECTED = (
    "select source, reason, count(*) as rows from raw.rejected_rows where status = 'open' group by 1, 2 order by 1, 2"
)
_BLIND = "select source, starts_at, ends_at, reason from raw.blind_spots order by starts_at desc"


@dataclass(frozen=True)
class Status:
    """The state of a workspace at `as_of` (UTC)."""

    workspace: str
    as_of: datetime
    sources: list[dict[str, Any]]
    rejected: list[dict[str, Any]]
    blind: list[dict[str, Any]]
    moments: list[dict[str, Any]]


def status_of(settings: Settings) -> Status:
    """Ask the warehouse what came in, and the state what is known of each moment of truth."""
    from jkpi.alerts.store.alerts import moment_states
    from jkpi.state.open_alerts import open_falls

    with landing(settings) as warehouse:
        sources = warehouse.rows(_SOURCES)
        rejected = warehouse.rows(_REJECTED)
        blind = warehouse.rows(_BLIND)
    known = {row["source"] for row in sources}
    sources += [{**_NOTHING, "source": name} for name in _declared(settings) if name not in known]
    sources.sort(key=lambda row: str(row["source"]))
    for row in sources:
        row["age"] = _age(settings.now, row["last_evidence_at"])
        row["loaded"] = int(row["loaded"])
        row["refused_batches"] = int(row["refused_batches"])
    parts: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for fall in open_falls(settings.state_url):
        if not fall.is_whole:
            parts.setdefault((fall.journey, fall.moment), []).append(_part(fall))
    moments = [
        {
            "journey": m.journey,
            "moment": m.moment,
            "state": m.state,
            "since": m.since,
            "alert": m.alert_id,
            "early": m.early.alert_id if m.early else None,
            "falling": parts.get((m.journey, m.moment), []),
        }
        for m in moment_states(settings)
    ]
    return Status(settings.name, settings.now, sources, rejected, blind, moments)


def _declared(settings: Settings) -> list[str]:
    """The sources of the YAML, landed or not; of YAML that is wrong `jkpi lint` has more to say."""
    from jkpi.loading.workspace import read_sources

    try:
        return [source.source for source in read_sources(settings.workspace)]
    except WorkspaceError:
        return []


def _part(fall: Fall) -> dict[str, Any]:
    """A segment with an alert of its own."""
    return {
        "segment": fall.segment,
        "segment_value": fall.segment_value,
        "state": fall.state,
        "since": fall.since,
        "alert": fall.alert_id,
    }


def _with_parts(moments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each moment, an early sign in the place of an alert, and below it a row for each segment with an alert."""
    rows = []
    for moment in moments:
        early = f"{moment['early']} (early sign)" if moment["early"] else None
        rows.append({**moment, "alert": moment["alert"] or early})
        for part in moment["falling"]:
            rows.append({**part, "journey": "", "moment": f"  {part['segment']} = {part['segment_value']}"})
    return [{**row, "since": f"fell {row['since']}"} if row["state"] == "recovering" else row for row in rows]


def status_lines(status: Status) -> list[str]:
    """The status as text."""
    fresh = {"source": "source", "loaded": "rows", "last_evidence_at": "last evidence", "age": "age"}
    moments = {"journey": "journey", "moment": "moment of truth", "state": "state", "since": "since", "alert": "alert"}
    blind = {"source": "source", "starts_at": "blind from", "ends_at": "to", "reason": "why"}
    rejected = {"source": "source", "reason": "reason", "rows": "rows"}
    lines = [f"{status.workspace}, as of {status.as_of:%Y-%m-%d %H:%M} UTC"]
    for heading, rows, columns, nothing in [
        ("sources", status.sources, {**fresh, "refused_batches": "refused"}, "nothing has landed: jkpi load"),
        ("moments of truth", _with_parts(status.moments), moments, "nothing was judged: jkpi run"),
        ("blind spots", status.blind, blind, "none"),
        ("set aside", status.rejected, rejected, "none"),
    ]:
        lines += ["", heading, *(f"  {line}" for line in (table(rows, columns) if rows else [nothing]))]
    return lines


def _age(now: datetime, last: datetime | None) -> str:
    """How long ago, in the largest whole unit."""
    if last is None:
        return "-"
    seconds = max(0, int((now - last.replace(tzinfo=UTC)).total_seconds()))
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
