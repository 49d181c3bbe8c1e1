"""Series of volume: events a day of sources and touchpoints, and cases a day of moments of truth, from the marts.

A day is usable if it is over, the source has rows of that day or a later one, and no data gap and no holiday falls on
it. A usable day without rows counts as 0. Days are those of the time zone of most journeys, as in
`fct_touchpoint_days`; days of a moment are those of its journey.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np

from jkpi.alerts.series.watched import WatchedMoment
from jkpi.alerts.statistics.volume_cusum import VolumeGrid
from jkpi.config.receivers import VolumeAlerts
from jkpi.journeys.model import Journey
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.holidays import most_common_timezone, read_holidays

VolumeSubject = Literal["source", "touchpoint", "moment"]
MAX_HISTORY = timedelta(days=1200)
"""Three years, so that the days of earlier years are known, and what their baselines need."""
ENDED_AFTER = timedelta(days=56)
"""A source without rows for so long no longer feeds a touchpoint."""
_DAYS_SQL = """
select source, touchpoint, event_date, count_events
from marts.fct_touchpoint_days
where event_date >= :since
"""
_SOURCES_SQL = "select source, title, owner, late_seconds from raw.map_sources"
_GAPS_SQL = "select source, starts_at, ends_at from raw.blind_spots where ends_at >= :since"
_CASES_SQL = """
select period_start, status, definition, coalesce(denominator, sample_size, 0) as cases
from marts.fct_kpi_readings
where journey = :journey and kpi = :kpi and statistic = :statistic and period = 'day' and segment = 'all'
    and not is_suppressed and period_start >= :since
order by period_start
"""


@dataclass(frozen=True)
class VolumeSeries:
    """What is counted a day.

    title: of the source, touchpoint or moment. where: its position, for people. sources: that feed it. position: of a
    touchpoint on its map, counted from 0. touchpoints: of the journey, whose events are the cases of a moment.
    receivers: of a moment; those of its owner if empty.
    """

    subject: VolumeSubject
    name: str
    title: str
    where: str
    owner: str
    journey: str = ""
    sources: frozenset[str] = frozenset()
    touchpoints: frozenset[str] = frozenset()
    position: int = 0
    receivers: tuple[str, ...] = ()

    @property
    def series_id(self) -> str:
        if self.subject == "source":
            return f"source/{self.name}"
        return f"{self.journey}/{'touchpoint/' if self.subject == 'touchpoint' else ''}{self.name}"


@dataclass(frozen=True, eq=False)
class VolumePanel:
    """Series with their daily counts: series[i] is row i of the grid. false_alarm_every (S,): days, as the moment or
    the workspace sets it."""

    series: tuple[VolumeSeries, ...]
    grid: VolumeGrid
    false_alarm_every: tuple[float, ...]


@dataclass
class _DailyCounts:
    """counts: day -> cases; a day in between without rows has 0. unusable: days that are no days."""

    series: VolumeSeries
    counts: dict[date, float]
    last_day: date
    false_alarm_every: float
    unusable: set[date] = field(default_factory=set)


def read_volume_panel(
    warehouse: Warehouse,
    journeys: Sequence[Journey],
    watched_moments: Iterable[WatchedMoment],
    wanted: VolumeAlerts,
    false_alarm_every: timedelta,
    now: datetime,
) -> VolumePanel:
    """The series that jkpi.yml asks for. now: aware UTC. Empty before the first measure."""
    since = (now - MAX_HISTORY).date()
    zone = most_common_timezone(warehouse) if warehouse.table_exists("raw", "map_journeys") else "UTC"
    events = _read_event_days(warehouse, since, now, ZoneInfo(zone))
    every = false_alarm_every / timedelta(days=1)
    daily: list[_DailyCounts] = []
    if wanted.sources:
        daily += [_source_counts(events, source, every) for source in events.sources]
    if wanted.touchpoints:
        for journey in journeys:
            daily += _touchpoint_counts(events, journey, every)
    if wanted.moments and warehouse.table_exists("marts", "fct_kpi_readings"):
        by_name = {journey.journey: journey for journey in journeys}
        for watched in watched_moments:
            counts = _moment_counts(warehouse, watched, by_name[watched.journey], events, since)
            daily += [counts] if counts is not None else []
    left_out = set(wanted.except_)
    daily = [item for item in daily if item.counts and item.series.series_id not in left_out]
    return _panel(warehouse, daily, zone)


def _panel(warehouse: Warehouse, daily: Sequence[_DailyCounts], zone: str) -> VolumePanel:
    first = min((min(item.counts) for item in daily), default=date(1970, 1, 1))
    last = max((item.last_day for item in daily), default=first - timedelta(days=1))
    shape = (max((last - first).days + 1, 0), len(daily))
    counts, is_usable = np.zeros(shape), np.zeros(shape, dtype=bool)
    closed: frozenset[date] = frozenset()
    if daily and warehouse.table_exists("raw", "map_calendars"):
        closed = read_holidays(warehouse, zone, first, last)
    for row, item in enumerate(daily):
        begin, end = (min(item.counts) - first).days, (item.last_day - first).days + 1
        is_usable[begin:end, row] = True
        for day, count in item.counts.items():
            if day <= item.last_day:
                counts[(day - first).days, row] = count
        for day in item.unusable | closed:
            if first <= day <= last:
                is_usable[(day - first).days, row] = False
    return VolumePanel(
        tuple(item.series for item in daily),
        VolumeGrid(first, counts, is_usable),
        tuple(item.false_alarm_every for item in daily),
    )


@dataclass(frozen=True)
class _EventDays:
    """Events a day. counts: (source, touchpoint) -> day -> events. sources: source -> its row of the map. last_days:
    the last complete day of each source. gaps: source -> days of its data gaps. active: sources that still bring
    rows."""

    counts: Mapping[tuple[str, str], Mapping[date, float]]
    sources: Mapping[str, Mapping[str, Any]]
    last_days: Mapping[str, date]
    gaps: Mapping[str, set[date]]
    active: frozenset[str]

    def total(self, *, source: str | None = None, touchpoint: str | None = None) -> dict[date, float]:
        """Events a day of a source, or of a touchpoint."""
        sums: dict[date, float] = defaultdict(float)
        for key, days in self.counts.items():
            if key[0] == (source or key[0]) and key[1] == (touchpoint or key[1]):
                for day, count in days.items():
                    sums[day] += count
        return dict(sums)

    def feeding(self, touchpoints: Collection[str]) -> frozenset[str]:
        """The sources that brought events of any of these touchpoints."""
        return frozenset(source for source, touchpoint in self.counts if touchpoint in touchpoints)


def _read_event_days(warehouse: Warehouse, since: date, now: datetime, zone: ZoneInfo) -> _EventDays:
    """Empty before the first load and measure."""
    if not (warehouse.table_exists("marts", "fct_touchpoint_days") and warehouse.table_exists("raw", "map_sources")):
        return _EventDays({}, {}, {}, {}, frozenset())
    counts: dict[tuple[str, str], dict[date, float]] = defaultdict(dict)
    newest: dict[str, date] = {}
    for row in warehouse.rows(_DAYS_SQL, {"since": since}):
        counts[row["source"], row["touchpoint"]][row["event_date"]] = float(row["count_events"])
        newest[row["source"]] = max(newest.get(row["source"], row["event_date"]), row["event_date"])
    rows = {row["source"]: row for row in warehouse.rows(_SOURCES_SQL)}
    sources = {source: rows.get(source, {}) for source in sorted(newest)}
    last_days = {
        source: min(newest[source], _last_complete_day(now, row.get("late_seconds"), zone))
        for source, row in sources.items()
    }
    active = frozenset(source for source, day in last_days.items() if now.date() - day <= ENDED_AFTER)
    return _EventDays(counts, sources, last_days, _gap_days(warehouse, since, zone), active)


def _source_counts(events: _EventDays, source: str, every: float) -> _DailyCounts:
    row = events.sources[source]
    series = VolumeSeries(
        "source", source, row.get("title") or source, f"source {source}", row.get("owner") or "",
        sources=frozenset({source}),
    )  # fmt: skip
    unusable = set(events.gaps.get(source, ()))
    return _DailyCounts(series, events.total(source=source), events.last_days[source], every, unusable)


def _touchpoint_counts(events: _EventDays, journey: Journey, every: float) -> list[_DailyCounts]:
    """The touchpoints of a journey that have events. One source that is late makes the sum of all too small."""
    found = []
    on_map = [(stage, touchpoint) for stage in journey.stages for touchpoint in stage.touchpoints]
    for position, (stage, touchpoint) in enumerate(on_map):
        name = touchpoint.touchpoint
        feeding = events.feeding({name})
        active = feeding & events.active
        if not active:
            continue
        series = VolumeSeries(
            "touchpoint", name, touchpoint.display_title,
            f"{journey.title} > {stage.display_title} > {touchpoint.display_title} ({touchpoint.channel})",
            stage.owner or journey.owner, journey.journey, active, position=position,
        )  # fmt: skip
        last_day = min(events.last_days[source] for source in active)
        unusable = {day for source in feeding for day in events.gaps.get(source, ())}
        found.append(_DailyCounts(series, events.total(touchpoint=name), last_day, every, unusable))
    return found


def _last_complete_day(now: datetime, late_seconds: int | None, zone: ZoneInfo) -> date:
    """The last local day that is over, with the allowed lateness of the source."""
    horizon = now - timedelta(seconds=late_seconds or 0)
    return horizon.astimezone(zone).date() - timedelta(days=1)


def _gap_days(warehouse: Warehouse, since: date, zone: ZoneInfo) -> dict[str, set[date]]:
    """Source -> local days on which a data gap falls."""
    if not warehouse.table_exists("raw", "blind_spots"):
        return {}
    days: dict[str, set[date]] = defaultdict(set)
    for row in warehouse.rows(_GAPS_SQL, {"since": since}):
        first = row["starts_at"].replace(tzinfo=UTC).astimezone(zone).date()
        last = (row["ends_at"] - timedelta(microseconds=1)).replace(tzinfo=UTC).astimezone(zone).date()
        days[row["source"]] |= {first + timedelta(days=number) for number in range((last - first).days + 1)}
    return days


def _moment_counts(
    warehouse: Warehouse, watched: WatchedMoment, journey: Journey, events: _EventDays, since: date
) -> _DailyCounts | None:
    """Cases a day of a moment that is evaluated by day, under the current definition of its KPI, up to the last final
    day; None for promises, which fall due in bulk. Days that are withheld, not final or without a reading are unusable:
    where readings have stopped, the state of the moment says so."""
    if watched.period != "day" or watched.is_promise:
        return None
    parameters = {"journey": watched.journey, "kpi": watched.kpi, "statistic": watched.statistic, "since": since}
    rows: Sequence[Mapping[str, Any]] = warehouse.rows(_CASES_SQL, parameters)
    rows = [row for row in rows if row["definition"] == rows[-1]["definition"]]
    final = [row["period_start"] for row in rows if row["status"] == "final"]
    if not final:
        return None
    touchpoints = frozenset(journey.scope.starts_with) | {
        touchpoint.touchpoint
        for stage in journey.stages
        for touchpoint in stage.touchpoints
        if stage.stage == watched.stage
    }
    path = [watched.journey_title, *([watched.stage_title] if watched.stage_title else []), watched.kpi_title]
    series = VolumeSeries(
        "moment", watched.moment, watched.title, f"{' > '.join(path)}; its cases", watched.owner, watched.journey,
        events.feeding(touchpoints), touchpoints, receivers=watched.receivers,
    )  # fmt: skip
    cases = {row["period_start"]: float(row["cases"]) for row in rows if row["status"] == "final"}
    days = (final[0] + timedelta(days=number) for number in range((final[-1] - final[0]).days + 1))
    return _DailyCounts(series, cases, final[-1], watched.false_alarm_every, {day for day in days if day not in cases})
