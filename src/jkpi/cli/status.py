"""`jkpi status`: source freshness, open alerts, data gaps and rejected rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jkpi.cli.output import render_table
from jkpi.config.settings import Settings
from jkpi.errors import WorkspaceError
from jkpi.formatting.dates import format_age
from jkpi.pipeline.workspace import open_with_landing
from jkpi.warehouse.base import as_naive_utc

if TYPE_CHECKING:
    from jkpi.state.alert_records import OpenAlert

_SOURCES_QUERY = """
select
    batches.source,
    sum(batches.loaded) as loaded,
    max(case when coalesce(batches.first_at, batches.last_at) <= :now then least(batches.last_at, :now) end)
        as last_event_at,
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
_NEVER_LOADED = {"loaded": 0, "last_event_at": None, "last_load_at": None, "refused_batches": 0}
_REJECTED_QUERY = (
    "select source, reason, count(*) as rows from raw.rejected_rows where status = 'open' group by 1, 2 order by 1, 2"
)
_DATA_GAPS_QUERY = "select source, starts_at, ends_at, reason from raw.blind_spots order by starts_at desc"


@dataclass(frozen=True)
class WorkspaceStatus:
    """The state of a workspace at `as_of` (UTC)."""

    workspace: str
    as_of: datetime
    sources: list[dict[str, Any]]
    rejected: list[dict[str, Any]]
    data_gaps: list[dict[str, Any]]
    moments: list[dict[str, Any]]


def read_status(settings: Settings) -> WorkspaceStatus:
    """Read loads, rejected rows and data gaps from the warehouse, and series states from the state database."""
    from jkpi.state.alert_reader import moment_states, open_alerts

    with open_with_landing(settings) as warehouse:
        sources = warehouse.rows(_SOURCES_QUERY, {"now": as_naive_utc(settings.now)})
        rejected = warehouse.rows(_REJECTED_QUERY)
        data_gaps = warehouse.rows(_DATA_GAPS_QUERY)
    loaded_sources = {row["source"] for row in sources}
    sources += [{**_NEVER_LOADED, "source": name} for name in _declared_sources(settings) if name not in loaded_sources]
    sources.sort(key=lambda row: str(row["source"]))
    for row in sources:
        row["age"] = _format_age(settings.now, row["last_event_at"])
        row["loaded"] = int(row["loaded"])
        row["refused_batches"] = int(row["refused_batches"])
    segment_alerts: dict[tuple[str, str], list[dict[str, Any]]] = {}
    alerts = open_alerts(settings.state_url)
    includes = {alert.alert_id: list(alert.includes) for alert in alerts}
    for alert in alerts:
        if not alert.is_total:
            segment_alerts.setdefault((alert.journey, alert.moment), []).append(_segment_alert(alert))
    moments = [
        {
            "journey": state.journey,
            "moment": state.moment,
            "state": state.state,
            "since": state.since,
            "alert": state.alert_id,
            "includes": includes.get(state.alert_id or "", []),
            "early_warning": state.early_warning.alert_id if state.early_warning else None,
            "firing_segments": segment_alerts.get((state.journey, state.moment), []),
            "segments_below_promise": [vars(breach) for breach in state.breaches],
        }
        for state in moment_states(settings.state_url)
    ]
    return WorkspaceStatus(settings.name, settings.now, sources, rejected, data_gaps, moments)


def _declared_sources(settings: Settings) -> list[str]:
    """The sources of the YAML; none if it is invalid, which `jkpi lint` reports."""
    from jkpi.loading.workspace import read_sources

    try:
        return [source.source for source in read_sources(settings.workspace)]
    except WorkspaceError:
        return []


def _segment_alert(alert: OpenAlert) -> dict[str, Any]:
    """A segment with an open alert."""
    return {
        "segment": alert.segment,
        "segment_value": alert.segment_value,
        "state": alert.state,
        "since": alert.onset,
        "alert": alert.alert_id,
        "includes": list(alert.includes),
    }


def _moment_rows(moments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row a moment, with its alert or else its early warning, and below it a row for each segment with an alert
    or below its promise, and for each drop that an alert includes."""
    rows = []
    for moment in moments:
        early_warning = f"{moment['early_warning']} (early warning)" if moment["early_warning"] else None
        rows.append({**moment, "alert": moment["alert"] or early_warning})
        rows += _included_rows(moment)
        for segment_alert in moment["firing_segments"]:
            rows.append(
                {
                    **segment_alert,
                    "journey": "",
                    "moment": f"  {segment_alert['segment']} = {segment_alert['segment_value']}",
                }
            )
            rows += _included_rows(segment_alert)
        for breach in moment["segments_below_promise"]:
            segment = f"{breach['segment']} = {breach['segment_value']}"
            rows.append(
                {
                    "journey": "",
                    "moment": f"  {segment}",
                    "state": "below_promise",
                    "since": breach["since"],
                    "alert": None,
                }
            )
    return [{**row, "since": f"dropped {row['since']}"} if row["state"] == "recovering" else row for row in rows]


def _included_rows(alert: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each drop that is part of an alert and has none of its own."""
    return [
        {"journey": "", "moment": f"    {name}", "state": "included", "since": None, "alert": alert["alert"]}
        for name in alert["includes"]
    ]


def render_status(status: WorkspaceStatus) -> list[str]:
    """The status as text."""
    source_columns = {"source": "source", "loaded": "rows", "last_event_at": "last event", "age": "age"}
    moment_columns = {
        "journey": "journey",
        "moment": "moment of truth",
        "state": "state",
        "since": "since",
        "alert": "alert",
    }
    data_gap_columns = {"source": "source", "starts_at": "from", "ends_at": "to", "reason": "reason"}
    rejected_columns = {"source": "source", "reason": "reason", "rows": "rows"}
    lines = [f"{status.workspace}, as of {status.as_of:%Y-%m-%d %H:%M} UTC"]
    for heading, rows, columns, empty_text in [
        (
            "sources",
            status.sources,
            {**source_columns, "refused_batches": "refused"},
            "no data loaded yet: run jkpi load",
        ),
        ("moments of truth", _moment_rows(status.moments), moment_columns, "nothing evaluated yet: run jkpi run"),
        ("data gaps", status.data_gaps, data_gap_columns, "none"),
        ("rejected rows", status.rejected, rejected_columns, "none"),
    ]:
        lines += ["", heading, *(f"  {line}" for line in (render_table(rows, columns) if rows else [empty_text]))]
    return lines


def _format_age(now: datetime, last: datetime | None) -> str:
    """How long ago `last`, naive UTC, was."""
    return "-" if last is None else format_age((now - last.replace(tzinfo=UTC)).total_seconds())
