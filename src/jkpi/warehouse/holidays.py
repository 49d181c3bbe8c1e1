"""Days on which a calendar of the workspace is closed though it is usually open on that day of the week.

A source that brings next to nothing then is not broken, and what takes longer over them is not slower. The calendars
are those of the workspace, whoever counts by them: a source is not told which one it keeps, and a day that is nobody's
usual day is no day to judge one by.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from jkpi.warehouse.base import Warehouse

_OPEN = """
select distinct
    calendar,
    cast({moment} at time zone 'UTC' at time zone cast(:zone as text) as date) as day
from raw.map_calendars
where is_open and utc_date >= :since
"""
_ZONES = "select timezone, count(*) as journeys from raw.map_journeys where is_current group by timezone"
_MOMENTS = ("starts_at", "(ends_at - interval '1 second')")
_WEEKS = 4
"""Open on most of the same days of the week within so many weeks, before and after: then it usually is."""


def holidays(w: Warehouse, zone: str, first: date, last: date) -> frozenset[date]:
    """Those of any calendar from `first` to `last`, as local days of `zone`."""
    around = timedelta(weeks=_WEEKS)
    given = {"zone": zone, "since": first - around - timedelta(days=1)}
    opens: dict[str, set[date]] = defaultdict(set)
    for moment in _MOMENTS:
        for row in w.rows(_OPEN.format(moment=moment), given):
            opens[row["calendar"]].add(row["day"])
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return frozenset(day for day in days if any(_is_closed(day, known) for known in opens.values()))


def zone_of_most(w: Warehouse) -> str:
    """The zone of the most journeys; UTC where no map is in the warehouse yet."""
    zones = sorted(w.rows(_ZONES), key=lambda row: (-row["journeys"], row["timezone"]))
    return str(zones[0]["timezone"]) if zones else "UTC"


def _is_closed(day: date, opens: set[date]) -> bool:
    same = (day + timedelta(weeks=week) for week in range(-_WEEKS, _WEEKS + 1))
    return day not in opens and sum(other in opens for other in same) > _WEEKS
