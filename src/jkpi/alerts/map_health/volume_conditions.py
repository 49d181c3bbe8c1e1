"""Drops of volume of sources, touchpoints and moments of truth, as conditions that their owners are notified of."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from jkpi.alerts.map_health.condition import MapCondition
from jkpi.alerts.map_health.volume_inhibition import VolumeFinding, with_causes
from jkpi.alerts.series.moment_context import configured_moments, moment_contexts, owner_receivers
from jkpi.alerts.series.volume_series import VolumePanel, VolumeSeries, read_volume_panel
from jkpi.alerts.statistics.volume_cusum import (
    VolumeDrop,
    VolumeGrid,
    VolumeSample,
    remaining_since,
    volume_drops,
)
from jkpi.config.settings import Settings
from jkpi.formatting.dates import format_day, format_period
from jkpi.formatting.durations import approximate_duration
from jkpi.formatting.numbers import format_count, format_fixed, format_percent, join_names, pluralize
from jkpi.journeys.model import Journey
from jkpi.warehouse.base import Warehouse

_MAX_NAMED = 5
_NEXT = {
    "source": "Check whether the source still brings all of its rows. If it does, fewer cases really come.",
    "touchpoint": "Check whether its events are still recorded. If they are, find out where these cases went.",
    "moment": "Its rate can look usual while fewer customers reach it: find out where they went.",
}


def volume_conditions(warehouse: Warehouse, journeys: Sequence[Journey], settings: Settings) -> list[MapCondition]:
    """One condition for each series that has enough days: a drop that is open, or how the last one ended."""
    options = settings.alerting.options
    contexts = moment_contexts(journeys, settings)
    watched_moments = [
        dataclasses.replace(watched, receivers=contexts[watched.journey, watched.moment].receivers)
        for watched in configured_moments(journeys, settings)
    ]
    panel = read_volume_panel(
        warehouse, journeys, watched_moments, options.volume_alerts, options.false_alarm_every, settings.now
    )
    drops = _drops(panel)
    row_of = {series.series_id: row for row, series in enumerate(panel.series)}
    findings = [
        finding
        for finding in with_causes(
            [
                VolumeFinding(series, drop)
                for series, series_drops in zip(panel.series, drops, strict=True)
                for drop in series_drops
            ],
            panel.series,
            lambda series, day: remaining_since(panel.grid, row_of[series.series_id], day),
        )
        if finding.drop.is_open
    ]
    every = {series.series_id: days for series, days in zip(panel.series, panel.false_alarm_every, strict=True)}
    caused: dict[str, list[VolumeFinding]] = defaultdict(list)
    for finding in findings:
        if finding.cause is not None:
            caused[finding.cause.series_id].append(finding)
    conditions: list[MapCondition] = []
    conditions += [
        _open_condition(finding, caused[finding.series.series_id], every[finding.series.series_id], settings)
        for finding in findings
    ]
    still_open = {finding.series.series_id for finding in findings}
    conditions += [
        _ended_condition(series, series_drops, settings)
        for series, series_drops in zip(panel.series, drops, strict=True)
        if series.series_id not in still_open
    ]
    return conditions


def _drops(panel: VolumePanel) -> list[tuple[VolumeDrop, ...]]:
    """The drops of each series; series of one budget are evaluated together."""
    found: list[tuple[VolumeDrop, ...]] = [()] * len(panel.series)
    for every in sorted(set(panel.false_alarm_every)):
        rows = [row for row, days in enumerate(panel.false_alarm_every) if days == every]
        grid = VolumeGrid(panel.grid.first_day, panel.grid.counts[:, rows], panel.grid.is_usable[:, rows])
        for row, drops in zip(rows, volume_drops(grid, every), strict=True):
            found[row] = drops
    return found


def _open_condition(
    finding: VolumeFinding, caused: Sequence[VolumeFinding], false_alarm_every: float, settings: Settings
) -> MapCondition:
    series, drop = finding.series, finding.drop
    sample = drop.sample
    low, high = sample.interval
    certain = "" if drop.fired_on == drop.onset else f", certain since {format_day(drop.fired_on)}"
    covered = f"{pluralize(sample.days, 'day')}, {format_period(sample.first_day, sample.last_day)}"
    rows = [
        ("Where", series.where),
        ("Now", f"{_daily(sample.daily)} a day ({_daily(low)} to {_daily(high)} with 95 % confidence; {covered})"),
        ("Baseline", f"{_daily(sample.baseline)} a day on the same days of the week, in the weeks before"),
        ("Since", f"{format_day(drop.onset)}{certain}"),
        (
            "Why",
            f"{format_percent(1.0 - sample.remaining, 0)} fewer than usual, over {pluralize(sample.days, 'day')}."
            " Data gaps, holidays and the turn of the month do not explain it.",
        ),
        ("False alarms", f"target: at most one in {approximate_duration(false_alarm_every)} for this series."),
    ]
    if caused:
        names = [
            f"{lower.series.title} ({format_percent(1.0 - lower.drop.sample.remaining, 0)} fewer)" for lower in caused
        ]
        more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
        rows.append(
            ("Also lower", f"{join_names(names[:_MAX_NAMED]) if not more else ', '.join(names[:_MAX_NAMED])}{more}")
        )
    rows.append(("Next", f"{_NEXT[series.subject]} You are notified when the volume is back."))
    return _condition(
        series,
        f"{series.title}: volume dropped from {_daily(sample.baseline)} to {_daily(sample.daily)} a day",
        drop.onset,
        tuple(rows),
        settings,
        figures=_figures(sample),
        is_inhibited=finding.cause is not None or finding.is_waiting,
    )


def _ended_condition(series: VolumeSeries, drops: Sequence[VolumeDrop], settings: Settings) -> MapCondition:
    """How an open alert about this series ends: its volume is back, the lower level is the baseline now, or late data
    show no drop."""
    if not drops:
        condition = _condition(series, f"{series.title}: volume is as usual", date.min, (), settings)
        return dataclasses.replace(condition, ending="corrected")
    drop = drops[-1]
    assert drop.closed_on is not None, "a series with an open drop has a condition that is true"
    after = pluralize((drop.closed_on - drop.onset).days + 1, "day")
    recovery = drop.recovery
    if recovery is None:
        condition = _condition(
            series, f"{series.title}: the lower volume is the baseline now", drop.onset, (), settings
        )
        return dataclasses.replace(condition, ending="ended", closed_on=drop.closed_on)
    low, high = recovery.interval
    before = drop.sample
    rows = (
        ("Where", series.where),
        (
            "Now",
            f"{_daily(recovery.daily)} a day ({_daily(low)} to {_daily(high)} with 95 % confidence;"
            f" {format_period(recovery.first_day, recovery.last_day)})",
        ),
        ("Before", f"{_daily(before.daily)} a day, {format_period(before.first_day, before.last_day)}"),
        ("Baseline", f"{_daily(recovery.baseline)} a day on the same days of the week, before the drop"),
        ("Resolved", f"{format_day(drop.closed_on)}, after {after}"),
    )
    condition = _condition(
        series, f"{series.title}: volume is back at {_daily(recovery.daily)} a day", drop.onset, rows, settings,
        figures=_figures(recovery),
    )  # fmt: skip
    return dataclasses.replace(condition, ending="resolved", closed_on=drop.closed_on)


def _condition(
    series: VolumeSeries,
    headline: str,
    onset: date,
    rows: tuple[tuple[str, str], ...],
    settings: Settings,
    figures: dict[str, object] | None = None,
    is_inhibited: bool = False,
) -> MapCondition:
    receivers = series.receivers or owner_receivers(series.owner, settings)
    return MapCondition(
        "volume", series.series_id, series.journey, series.subject, series.name, series.title, headline, series.owner,
        receivers, onset, rows, _sql(series), figures or {}, is_inhibited,
    )  # fmt: skip


def _figures(sample: VolumeSample) -> dict[str, object]:
    """For programs: events or cases a day."""
    low, high = sample.interval
    return {
        "unit": "per_day",
        "first_day": sample.first_day.isoformat(),
        "last_day": sample.last_day.isoformat(),
        "value": sample.daily,
        "ci_low": low,
        "ci_high": high,
        "n": sample.observed,
        "expected": sample.baseline,
    }


def _sql(series: VolumeSeries) -> str:
    if series.subject == "moment":
        return (
            "select period_start, status, denominator, sample_size from marts.fct_kpi_readings"
            f"\nwhere journey = '{series.journey}' and kpi = (select kpi from marts.dim_moments"
            f"\n    where journey = '{series.journey}' and moment = '{series.name}' and is_current)"
            "\n    and period = 'day' and segment = 'all' and is_primary\norder by period_start desc"
        )
    return (
        "select event_date, sum(count_events) as count_events from marts.fct_touchpoint_days"
        f"\nwhere {series.subject} = '{series.name}'\ngroup by event_date\norder by event_date desc"
    )


def _daily(number: float) -> str:
    """A number of cases a day: with a decimal if it is small."""
    return format_count(number) if number >= 9.95 or number == 0.0 else format_fixed(number, 1)
