"""View models of sources with their freshness. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from jkpi.formatting.numbers import format_count
from jkpi.living_map import page_text
from jkpi.living_map.page_data import SourceData
from jkpi.living_map.views import SourceView
from jkpi.schedules import is_late

_SOURCE_KIND_LABELS = {
    "touchpoints": "touchpoint events",
    "responses": "survey responses",
    "invitations": "survey invitations",
    "customers": "customers",
    "counts": "totals",
}


def source_view(source: SourceData, now: datetime, zone: tzinfo) -> SourceView:
    """One source with its freshness; `now` is aware, times are shown in `zone`."""
    current = now.astimezone(UTC).replace(tzinfo=None)
    key, label = _freshness_label(source, current)
    newest = source.newest_row_at
    rhythm = f"schedule {source.schedule.removeprefix('@')}" if source.schedule else "no schedule"
    return SourceView(
        source=source.source,
        title=source.title,
        kind=_SOURCE_KIND_LABELS.get(source.kind, source.kind),
        owner=source.owner,
        key=key,
        label=label,
        newest=f"newest row {page_text.format_time_ago(newest, current)}" if newest else "no data loaded yet",
        detail=f"{rhythm}, loaded {page_text.format_time_ago(source.loaded_at, current)}"
        if source.loaded_at
        else rhythm,
        notes=tuple(_source_notes(source, zone)),
    )


def _freshness_label(source: SourceData, current: datetime) -> tuple[str, str]:
    if source.refusal_reason is not None:
        return "refused", "last delivery refused"
    if source.newest_row_at is None:
        return "no_data", "no data yet"
    late = is_late(source.newest_row_at, source.schedule, source.late_seconds, current)
    if late is None:
        return "unknown", "freshness unknown"
    return ("late", "late") if late else ("fresh", "fresh")


def _source_notes(source: SourceData, zone: tzinfo) -> list[str]:
    notes = []
    if source.refusal_reason:
        notes.append(f"Refused: {source.refusal_reason}")
    if source.rows_rejected:
        notes.append(f"{format_count(source.rows_rejected)} of {format_count(source.rows_read)} rows rejected")
    for start, end, reason in source.data_gaps[-3:]:
        notes.append(f"Data gap from {_local_time(start, zone)} to {_local_time(end, zone)}: {reason}")
    return notes


def _local_time(timestamp: datetime, zone: tzinfo) -> str:
    local = timestamp.replace(tzinfo=UTC).astimezone(zone)
    return f"{local.day} {local:%b %H:%M}"
