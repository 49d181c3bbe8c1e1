"""Early warnings: an undecided cohort is behind past cohorts at equal age, by more than chance.

A drop-off is known when its window is over, a time to resolve when its tolerance is. Long before, the marts show what
share of a cohort had progressed after an hour, a day, a week. Each age is a series with its own baseline. The ages of a
moment share one false-alarm budget, as large as that of the moment itself.

A promise is known on the day on which it falls due. Its early line is closed_within: the share of the cases of a day
that were closed within a part of the promised time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice

from jkpi.alerts.detection.episodes import EarlyWarning
from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid
from jkpi.alerts.series.evaluate import holidays_in_span
from jkpi.alerts.series.panel import Panel, SeriesKey, read_age_panel
from jkpi.alerts.series.watched import MAX_HOLIDAY_HORIZON, WatchedMoment
from jkpi.alerts.statistics.reading_grid import concat_grids
from jkpi.alerts.statistics.rules import AlertRule
from jkpi.warehouse.base import Warehouse

MAX_COHORT_LAG = timedelta(days=7)
"""An age is ignored if its newest cohort is older than the age plus this."""


def early_warnings(
    warehouse: Warehouse, all_watched: Sequence[WatchedMoment], now: datetime
) -> dict[WatchedMoment, EarlyWarning]:
    """Per moment the open warning that fired first, for all customers only."""
    if not warehouse.table_exists("marts", "fct_early_readings"):
        return {}
    panels = {watched: read_age_panel(warehouse, watched) for watched in all_watched}
    panels = {watched: panel for watched, panel in panels.items() if panel.keys}
    if not panels:
        return {}
    to_evaluate = [
        SeriesToEvaluate(
            AlertRule(None, watched.rule_for().min_drop, len(panel.keys), watched.false_alarm_every), number
        )
        for number, (watched, panel) in enumerate(panels.items())
        for _ in panel.keys
    ]
    grid = concat_grids([panel.grid for panel in panels.values()])
    ages = [_age(key) for panel in panels.values() for key in panel.keys]
    horizons = [round(age / timedelta(days=1)) if age <= MAX_HOLIDAY_HORIZON else None for age in ages]
    results = replay_grid(grid.with_holidays(holidays_in_span(warehouse, [grid]), horizons), to_evaluate)
    warnings = {}
    for watched, panel in panels.items():
        open_warnings = []
        for row, result in enumerate(islice(results, len(panel.keys))):
            age = _age(panel.keys[row])
            if result.open_episode is not None and _is_recent(panel, row, age, now):
                open_warnings.append(EarlyWarning(age, result.open_episode.onset, result.open_episode.detections[-1]))
        if open_warnings:
            warnings[watched] = min(open_warnings, key=lambda warning: (warning.detection.fired_on, warning.age))
    return warnings


def _age(key: SeriesKey) -> timedelta:
    return timedelta(seconds=int(key[1]))


def while_undecided(warning: EarlyWarning | None, watched: WatchedMoment, panel: Panel) -> EarlyWarning | None:
    """The warning, unless the moment itself (first series of panel) already has decided all cohorts behind it.

    The promises behind a warning fall due on many days, which the readings of the moment do not tell apart.
    """
    if watched.is_promise:
        return warning
    last_decided = panel.last_day(0)
    if warning is None or (
        last_decided is not None and warning.detection.drop.last_day <= watched.period_end(last_decided)
    ):
        return None
    return warning


def _is_recent(panel: Panel, row: int, age: timedelta, now: datetime) -> bool:
    last_cohort = panel.last_day(row)
    return last_cohort is not None and now.date() - last_cohort <= age + timedelta(days=1) + MAX_COHORT_LAG
