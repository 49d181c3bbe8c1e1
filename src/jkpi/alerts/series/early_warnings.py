"""Early signs: a cohort that is not decided yet lies behind past cohorts at the same age, for longer than by chance.

A drop-off is known when its window is over, a time to resolve when its tolerance is. Long before, the marts say what
share of a cohort had moved on after an hour, a day, a week. Each age is a series against its own usual level; the ages
of a moment share one false-alarm budget, as large as the moment's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from jkpi.alerts.detection.episodes import Part
from jkpi.alerts.detection.replay import Tried, replay_all
from jkpi.alerts.series.evaluate import holidays_over
from jkpi.alerts.series.panel import Key, Panel, read_ages
from jkpi.alerts.series.watched import LONG_SPAN, Watched
from jkpi.alerts.statistics.reading_matrix import beside
from jkpi.alerts.statistics.rules import Rule
from jkpi.warehouse.base import Warehouse

FRESH = timedelta(days=7)
"""An age whose newest cohort is older than this, beyond the age itself, says nothing about today."""


@dataclass(frozen=True)
class Early:
    """After `age` fewer had moved on than usual, since a cohort of `since`; `part` has the figures."""

    age: timedelta
    since: date
    part: Part


def early_signs(w: Warehouse, all_watched: Sequence[Watched], now: datetime) -> dict[Watched, Early]:
    """Of each moment the sign that was certain first, where one is open. Only of all customers."""
    if not w.table_exists("marts", "fct_early_readings"):
        return {}
    panels = {watched: read_ages(w, watched) for watched in all_watched}
    panels = {watched: panel for watched, panel in panels.items() if panel.keys}
    if not panels:
        return {}
    tried = [
        Tried(Rule(None, watched.rule().falls_off_by, len(panel.keys), watched.false_alarm_every), number)
        for number, (watched, panel) in enumerate(panels.items())
        for _ in panel.keys
    ]
    grid = beside([panel.grid for panel in panels.values()])
    ages = [_age(key) for panel in panels.values() for key in panel.keys]
    reach = [round(age / timedelta(days=1)) if age <= LONG_SPAN else None for age in ages]
    tracks = replay_all(grid.with_holidays(holidays_over(w, [grid]), reach), tried)
    found = {}
    for watched, panel in panels.items():
        signs = []
        for row, track in enumerate(islice(tracks, len(panel.keys))):
            age = _age(panel.keys[row])
            if track.breach is not None and _is_fresh(panel, row, age, now):
                signs.append(Early(age, track.breach.since, track.breach.parts[-1]))
        if signs:
            found[watched] = min(signs, key=lambda sign: (sign.part.fired_on, sign.age))
    return found


def _age(key: Key) -> timedelta:
    return timedelta(seconds=int(key[1]))


def undecided(sign: Early | None, watched: Watched, panel: Panel) -> Early | None:
    """The sign while the moment itself, whose series is the first of `panel`, does not yet know of all its cohorts."""
    decided = panel.last_day(0)
    if sign is None or (decided is not None and sign.part.fell.last <= watched.end(decided)):
        return None
    return sign


def _is_fresh(panel: Panel, row: int, age: timedelta, now: datetime) -> bool:
    last = panel.last_day(row)
    return last is not None and now.date() - last <= age + timedelta(days=1) + FRESH


def early_sql(watched: Watched, early: Early) -> str:
    """The query that shows the cohorts at that age, from four weeks before the sign."""
    return (
        "select cohort_date, value, numerator, denominator, ci_low, ci_high, status\n"
        "from marts.fct_early_readings\n"
        f"where journey = '{watched.journey}'\n"
        f"  and kpi = '{watched.kpi}'\n"
        "  and segment = 'all'\n"
        f"  and age_seconds = {early.age // timedelta(seconds=1)}\n"
        f"  and cohort_date >= date '{early.since - timedelta(days=28)}'\n"
        "order by cohort_date"
    )
