"""How fresh each source is, in words."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from jkpi.formatting import page_text
from jkpi.living_map.page_data import Source
from jkpi.living_map.views import SourceView
from jkpi.schedules import is_late

_KINDS = {
    "touchpoints": "touchpoint events",
    "responses": "survey answers",
    "invitations": "survey invitations",
    "customers": "customers",
    "counts": "totals",
}


def source_view(source: Source, now: datetime, zone: tzinfo) -> SourceView:
    """One source with the verdict on its freshness; `now` is aware, times are told in `zone`."""
    current = now.astimezone(UTC).replace(tzinfo=None)
    key, word = _verdict(source, current)
    newest = source.newest_row_at
    rhythm = f"schedule {source.schedule.removeprefix('@')}" if source.schedule else "no schedule"
    return SourceView(
        source=source.source,
        title=source.title,
        kind=_KINDS.get(source.kind, source.kind),
        owner=source.owner,
        key=key,
        word=word,
        newest=f"newest row {page_text.ago(newest, current)}" if newest else "nothing loaded so far",
        detail=f"{rhythm}, loaded {page_text.ago(source.loaded_at, current)}" if source.loaded_at else rhythm,
        notes=tuple(_notes(source, zone)),
    )


def _verdict(source: Source, current: datetime) -> tuple[str, str]:
    if source.refused is not None:
        return "refused", "last delivery refused"
    if source.newest_row_at is None:
        return "never", "no data yet"
    late = is_late(source.newest_row_at, source.schedule, source.late_seconds, current)
    if late is None:
        return "seen", "age not judged"
    return ("late", "late") if late else ("fresh", "fresh")


def _notes(source: Source, zone: tzinfo) -> list[str]:
    notes = []
    if source.refused:
        notes.append(f"Refused: {source.refused}")
    if source.rows_rejected:
        notes.append(
            f"{page_text.count(source.rows_rejected)} of {page_text.count(source.rows_read)} rows set aside, not counted"
        )
    for start, end, reason in source.blind[-3:]:
        notes.append(f"Blind from {_local(start, zone)} to {_local(end, zone)}: {reason}")
    return notes


def _local(moment: datetime, zone: tzinfo) -> str:
    local = moment.replace(tzinfo=UTC).astimezone(zone)
    return f"{local.day} {local:%b %H:%M}"
