"""Holidays: days that the workspace names, days on which a calendar of it is closed although it is usually open on that
weekday, and days that earlier years of a source show.

On a holiday a source may bring few rows without being broken, and cases may take longer without being slower. All
calendars and sources of the workspace count, because a source does not name the calendar it follows.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from jkpi.warehouse.base import Warehouse

_OPEN_DAYS = """
select distinct
    calendar,
    cast({bound} at time zone 'UTC' at time zone cast(:zone as text) as date) as day
from raw.map_calendars
where is_open and utc_date >= :since
"""
_JOURNEY_TIMEZONES = "select timezone, count(*) as journeys from raw.map_journeys where is_current group by timezone"
_INTERVAL_BOUNDS = ("starts_at", "(ends_at - interval '1 second')")
_WEEKS_COMPARED = 4
"""A calendar is usually open on a weekday if it is open on most of them within so many weeks before and after."""


def read_holidays(warehouse: Warehouse, zone: str, first: date, last: date) -> frozenset[date]:
    """All holidays from `first` to `last`, as local days of `zone`."""
    return read_known_holidays(warehouse, zone, first, last) | _listed_days(warehouse, "source_holidays", first, last)


def read_known_holidays(warehouse: Warehouse, zone: str, first: date, last: date) -> frozenset[date]:
    """Holidays that the YAML of the workspace names, from `first` to `last`, as local days of `zone`: those of
    `jkpi.yml` and of any calendar."""
    margin = timedelta(weeks=_WEEKS_COMPARED)
    parameters = {"zone": zone, "since": first - margin - timedelta(days=1)}
    open_days_by_calendar: dict[str, set[date]] = defaultdict(set)
    if warehouse.table_exists("raw", "map_calendars"):
        for bound in _INTERVAL_BOUNDS:
            for row in warehouse.rows(_OPEN_DAYS.format(bound=bound), parameters):
                open_days_by_calendar[row["calendar"]].add(row["day"])
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    closed = {day for day in days if any(_is_holiday(day, open_days) for open_days in open_days_by_calendar.values())}
    return _listed_days(warehouse, "map_holidays", first, last) | closed


def _listed_days(warehouse: Warehouse, table: str, first: date, last: date) -> frozenset[date]:
    if not warehouse.table_exists("raw", table):
        return frozenset()
    rows = warehouse.rows(
        f"select distinct day from raw.{table} where day between :first and :last", {"first": first, "last": last}
    )
    return frozenset(row["day"] for row in rows)


def most_common_timezone(warehouse: Warehouse) -> str:
    """The time zone of most journeys; UTC if the warehouse has no map yet."""
    zones = sorted(warehouse.rows(_JOURNEY_TIMEZONES), key=lambda row: (-row["journeys"], row["timezone"]))
    return str(zones[0]["timezone"]) if zones else "UTC"


def _is_holiday(day: date, open_days: set[date]) -> bool:
    same_weekdays = (day + timedelta(weeks=week) for week in range(-_WEEKS_COMPARED, _WEEKS_COMPARED + 1))
    return day not in open_days and sum(candidate in open_days for candidate in same_weekdays) > _WEEKS_COMPARED
