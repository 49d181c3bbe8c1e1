"""Convert local times to UTC in SQL: the few offsets within a chunk become one CASE expression. Pure.

A repeated hour is read as its first occurrence, a missing hour with the offset before the change, like Python's
datetime with fold=0 (PEP 495). This costs a fraction of a per-row conversion by a time-zone library.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_STEP = timedelta(days=5)


@lru_cache(maxsize=32)
def _offset_changes(zone: str) -> tuple[tuple[datetime, ...], tuple[int, ...]]:
    """Local times of offset changes, and the offsets in seconds (one more than there are changes)."""
    zone_info = ZoneInfo(zone)

    def utc_offset(instant: datetime) -> int:
        delta = instant.astimezone(zone_info).utcoffset()
        return round(delta.total_seconds()) if delta is not None else 0

    change_times: list[datetime] = []
    offsets = [utc_offset(_FIRST)]
    low = _FIRST
    while low < _LAST:
        high = low + _STEP
        before, after = utc_offset(low), utc_offset(high)
        if before != after:
            left, right = low, high
            while right - left > timedelta(seconds=1):
                middle = left + timedelta(seconds=(right - left).total_seconds() // 2)
                left, right = (middle, right) if utc_offset(middle) == before else (left, middle)
            change_times.append(right.replace(tzinfo=None) + timedelta(seconds=max(before, after)))
            offsets.append(after)
        low = high
    return tuple(change_times), tuple(offsets)


def to_utc(expression: str, zone: str, low: datetime | None, high: datetime | None) -> str:
    """SQL for a naive local timestamp in `zone` as naive UTC.

    Args:
        expression: SQL of the local timestamp.
        low, high: earliest and latest local time of the chunk; None if there is none.
    """
    if zone in ("UTC", "Etc/UTC"):
        return expression
    change_times, offsets = _offset_changes(zone)
    first = bisect_right(change_times, low) if low else 0
    last = bisect_right(change_times, high) if high else first
    if first == last:
        return f"({expression} - to_seconds({offsets[first]}))"
    branches = " ".join(
        f"when {expression} < timestamp '{change_times[number]:%Y-%m-%d %H:%M:%S}' then {offsets[number]}"
        for number in range(first, last)
    )
    return f"({expression} - to_seconds(case {branches} else {offsets[last]} end))"
