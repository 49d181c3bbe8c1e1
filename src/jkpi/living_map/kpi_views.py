"""View models of KPIs and moments of truth: value, interval, n, goal status, chart. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from jkpi.formatting.dates import format_short_date, format_state_since
from jkpi.formatting.numbers import format_count, pluralize, titleize
from jkpi.living_map import charts, definitions, page_text
from jkpi.living_map.alert_views import (
    alert_view,
    breach_heading,
    breach_views,
    early_warning_text,
    group_segments,
    volume_drop_text,
)
from jkpi.living_map.page_data import AGE_BANDS, KpiData, KpiReading, MomentData, PromiseBulk
from jkpi.living_map.states import OPEN_STATES, displayed_state, state_label
from jkpi.living_map.views import (
    DefinitionView,
    GoalStatus,
    KpiView,
    LabelledValue,
    MomentView,
    OpenPromisesRow,
    WeekRow,
)
from jkpi.state.alert_records import MomentState, OpenAlert

_STATUS_TEXTS = {
    "final": "final",
    "provisional": "provisional: may still change",
    "withheld": "withheld: the data failed a check",
}
_EXTRA_STATISTICS = (
    *("median", "p90", "mean", "share_within", "promoters", "passives", "detractors"),
    *("unknown", "coverage", "closed_within", "without_promise"),
)


@dataclass(frozen=True)
class PageDates:
    """Today and the newest week on the charts, both days of the journey's zone."""

    today: date
    last_week: date


def anchor(kind: str, name: str) -> str:
    """A stable id: `kpi-report-drop_off`."""
    return f"{kind}-{name.replace('.', '-')}"


def primary_statistic(kpi: KpiData) -> str:
    """The primary statistic of the readings; without readings, that of the KPI kind."""
    for reading in reversed(kpi.weeks):
        if reading.is_primary:
            return reading.statistic
    if kpi.kind in ("time_to_resolve", "time_in_stage"):
        return "share_within" if kpi.unit == "share" else "median"
    return definitions.DEFAULT_STATISTICS.get(kpi.kind, kpi.kind)


def weekly_readings(kpi: KpiData, statistic: str) -> tuple[KpiReading, ...]:
    return tuple(reading for reading in kpi.weeks if reading.statistic == statistic)


def latest_final(readings: Sequence[KpiReading]) -> KpiReading | None:
    return next((r for r in reversed(readings) if r.status == "final" and r.value is not None), None)


def goal_status(reading: KpiReading | None, goal: float | None, direction: str, noun: str) -> GoalStatus | None:
    """A reading against a promise or target: good or bad only if the whole interval is on one side of it.

    Without an interval the value decides.
    """
    if reading is None or reading.value is None or goal is None:
        return None
    low = reading.value if reading.low is None else reading.low
    high = reading.value if reading.high is None else reading.high
    wrong_side = "below" if direction == "higher" else "above"
    if (direction == "higher" and low >= goal) or (direction != "higher" and high <= goal):
        return GoalStatus("good", f"keeps the {noun}" if noun == "promise" else f"meets the {noun}")
    if (direction == "higher" and high < goal) or (direction != "higher" and low > goal):
        return GoalStatus("bad", f"{wrong_side} the {noun}")
    return GoalStatus("unclear", "too close to call")


def kpi_view(kpi: KpiData, moment: MomentData | None, state: MomentState | None, dates: PageDates) -> KpiView:
    """A KPI of the map; `moment`: the moment of truth that uses it, if any."""
    statistic = primary_statistic(kpi)
    readings = weekly_readings(kpi, statistic)
    latest = latest_final(readings)
    goal, noun = (kpi.target, "target")
    if goal is None and moment is not None:
        goal, noun = moment.promise, "promise"
    unit = definitions.unit_of_statistic(statistic, kpi.parameters)
    return KpiView(
        anchor=anchor("kpi", kpi.kpi),
        definition=anchor("def", kpi.kpi),
        title=kpi.title,
        statistic=statistic,
        value=page_text.format_reading(latest.value, unit, statistic, against=goal) if latest else None,
        caption=definitions.caption(kpi, statistic),
        interval=page_text.format_interval(latest.low, latest.high, unit, statistic) if latest else None,
        n=format_count(latest.sample_size) if latest and unit != "count" else None,
        week=_period_text(latest, dates) if latest else None,
        goal=_goal_text(goal, unit, statistic, kpi.direction, noun),
        goal_status=goal_status(latest, goal, kpi.direction, noun),
        baseline=_kpi_baseline_text(kpi, unit, statistic),
        note=_reading_note(readings, latest, dates, bool(kpi and kpi.is_redefined)),
        extras=_extra_figures(kpi, statistic, latest),
        open_promises=tuple(
            OpenPromisesRow(_age_text(band.from_days), format_count(band.not_due), format_count(band.overdue))
            for band in kpi.open_promises
        ),
        promise_bulks=tuple(_bulk_text(bulk, dates.today) for bulk in kpi.promise_bulks),
        stack=_nps_bar(kpi, latest) if statistic == "nps" else None,
        chart=_kpi_chart(kpi, statistic, moment, state, dates, large=False),
        moment=anchor("moment", moment.moment) if moment else None,
        state=displayed_state(
            state_label(state.state if state else None), is_partly_firing=bool(state and state.firing_segments)
        )
        if moment
        else None,
    )


def moment_view(
    moment: MomentData,
    kpi: KpiData | None,
    state: MomentState | None,
    stage_title: str,
    dates: PageDates,
    alerts: Sequence[OpenAlert] = (),
) -> MomentView:
    """A moment of truth for the cards at the top; `alerts`: its open alerts, that of the total first."""
    statistic = moment.statistic or (primary_statistic(kpi) if kpi else "")
    unit = definitions.unit_of_statistic(statistic, kpi.parameters if kpi else {})
    direction = kpi.direction if kpi else "higher"
    readings = weekly_readings(kpi, statistic) if kpi else ()
    latest = latest_final(readings)
    last_day = kpi.last_day if kpi and kpi.last_day and kpi.last_day.statistic == statistic else None
    return MomentView(
        anchor=anchor("moment", moment.moment),
        title=moment.title or titleize(moment.moment),
        stage_title=stage_title,
        state=state_label(state.state if state else None),
        since=format_state_since(state.state, state.since, dates.today) if state and state.since else None,
        value=page_text.format_reading(latest.value, unit, statistic, against=moment.promise) if latest else None,
        caption=definitions.caption(kpi, statistic) if kpi else "",
        kpi_title=kpi.title if kpi else moment.kpi,
        promise=_goal_text(moment.promise, unit, statistic, direction, "promise"),
        goal_status=goal_status(latest, moment.promise, direction, "promise"),
        interval=page_text.format_interval(latest.low, latest.high, unit, statistic) if latest else None,
        n=format_count(latest.sample_size) if latest else None,
        week=_period_text(latest, dates) if latest else None,
        last_day=_last_day_text(last_day, unit, statistic, moment.promise, dates),
        note=_reading_note(readings, latest, dates, bool(kpi and kpi.is_redefined)),
        owner=moment.owner,
        chart=_kpi_chart(kpi, statistic, moment, state, dates, large=True) if kpi else None,
        kpi_anchor=anchor("kpi", moment.kpi),
        firing_segments=group_segments(state.firing_segments) if state else "",
        alerts=tuple(alert_view(alert, kpi, moment, statistic, dates.today) for alert in alerts),
        early_warning=early_warning_text(state.early_warning, dates.today) if state and state.early_warning else "",
        breaches=breach_views(state.breaches, kpi, statistic, dates.today) if state else (),
        breach_heading=breach_heading(len(state.breaches), direction) if state and state.breaches else "",
        volume_drop=volume_drop_text(state.volume_drop, dates.today) if state and state.volume_drop else "",
    )


def definition_view(kpi: KpiData, stage_title: str, dates: PageDates) -> DefinitionView:
    """The definition of a KPI, with its weeks as a table for readers who cannot see the chart."""
    statistic = primary_statistic(kpi)
    unit = definitions.unit_of_statistic(statistic, kpi.parameters)
    return DefinitionView(
        anchor=anchor("def", kpi.kpi),
        kpi_anchor=anchor("kpi", kpi.kpi),
        title=kpi.title,
        stage_title=stage_title,
        formula=definitions.formula(kpi),
        maturity=definitions.maturity(kpi),
        direction="" if kpi.kind == "volume" else f"{kpi.direction.capitalize()} is better.",
        weeks=tuple(
            WeekRow(
                week=reading.wave or format_short_date(reading.period_start, dates.today),
                value=page_text.format_reading(
                    None if reading.status == "withheld" else reading.value, unit, statistic
                ),
                interval=_interval_or_dash(reading, unit, statistic),
                n=format_count(reading.sample_size),
                status=reading.status,
            )
            for reading in reversed(weekly_readings(kpi, statistic))
        ),
    )


def _period_text(reading: KpiReading, dates: PageDates) -> str:
    """`week of 5 Jan`; `wave 2016`."""
    return f"wave {reading.wave}" if reading.wave else f"week of {format_short_date(reading.period_start, dates.today)}"


def _interval_or_dash(reading: KpiReading, unit: str, statistic: str) -> str:
    shown = (
        None if reading.status == "withheld" else page_text.format_interval(reading.low, reading.high, unit, statistic)
    )
    return shown or "–"


def _goal_text(goal: float | None, unit: str, statistic: str, direction: str, noun: str) -> str | None:
    if goal is None:
        return None
    bound = "at least" if direction == "higher" else "at most"
    return f"{noun}: {bound} {page_text.format_goal(goal, unit, statistic)}"


def _kpi_baseline_text(kpi: KpiData, unit: str, statistic: str) -> str | None:
    return None if kpi.baseline is None else f"baseline {page_text.format_reading(kpi.baseline, unit, statistic)}"


def _reading_note(
    readings: Sequence[KpiReading], latest: KpiReading | None, dates: PageDates, is_redefined: bool
) -> str | None:
    """What limits the number: no readings, a withheld week or wave, an old week."""
    if not readings:
        return "definition changed: no readings yet" if is_redefined else "no data yet"
    newest = readings[-1]
    if newest.status == "withheld":
        return f"the {_period_text(newest, dates)} is withheld: its data failed a check"
    if latest is None:
        redefined_prefix = "definition changed: " if is_redefined else ""
        undecided = f", {format_count(newest.open_count)} not mature yet" if newest.open_count else ""
        return f"{redefined_prefix}no final {'wave' if newest.wave else 'week'} yet{undecided}"
    if newest.wave is None and newest.period_start < dates.last_week - timedelta(weeks=1):
        return f"no readings after the week of {format_short_date(newest.period_start, dates.today)}"
    return None


def _last_day_text(
    reading: KpiReading | None, unit: str, statistic: str, promise: float | None, dates: PageDates
) -> str | None:
    if reading is None:
        return None
    day = format_short_date(reading.period_start, dates.today)
    value = page_text.format_reading(reading.value, unit, statistic, against=promise)
    return f"{value} on {day} (n {format_count(reading.sample_size)})"


def _reading_of_week(kpi: KpiData, statistic: str, latest: KpiReading) -> KpiReading | None:
    readings = (
        reading
        for reading in weekly_readings(kpi, statistic)
        if reading.period_start == latest.period_start and reading.value is not None
    )
    return next(readings, None)


def _extra_figures(kpi: KpiData, statistic: str, latest: KpiReading | None) -> tuple[LabelledValue, ...]:
    """The other statistics of the same week."""
    if latest is None:
        return ()
    extra_readings = ((name, _reading_of_week(kpi, name, latest)) for name in _EXTRA_STATISTICS if name != statistic)
    return tuple(
        LabelledValue(
            page_text.format_reading(reading.value, definitions.unit_of_statistic(name, kpi.parameters), name),
            definitions.caption(kpi, name),
            name,
        )
        for name, reading in extra_readings
        if reading is not None
    )


def _age_text(from_days: int) -> str:
    """An age band: under 1 day; 7 to 28 days; 90 days or more."""
    index = AGE_BANDS.index(from_days)
    if index == 0:
        return f"under {pluralize(AGE_BANDS[1], 'day')}"
    if index == len(AGE_BANDS) - 1:
        return f"{from_days} days or more"
    return f"{from_days} to {AGE_BANDS[index + 1]} days"


def _bulk_text(bulk: PromiseBulk, today: date) -> str:
    """A day on which promises fall due together."""
    due, started = (format_short_date(day, today) for day in (bulk.due_date, bulk.started_date))
    verb = "fell" if bulk.due_date < today else "fall"
    return (
        f"{format_count(bulk.count)} promises {verb} due together on {due}:"
        f" {format_count(bulk.started_count)} of them began on {started}"
    )


def _nps_bar(kpi: KpiData, latest: KpiReading | None) -> Markup | None:
    if latest is None:
        return None
    parts = []
    for name in ("promoters", "passives", "detractors"):
        reading = _reading_of_week(kpi, name, latest)
        if reading is None or reading.value is None:
            return None
        parts.append((name, reading.value, f"{page_text.format_percent(reading.value)} {name}"))
    return charts.stacked_bar(parts)


def _kpi_chart(
    kpi: KpiData, statistic: str, moment: MomentData | None, state: MomentState | None, dates: PageDates, *, large: bool
) -> Markup | None:
    readings = weekly_readings(kpi, statistic)
    if not any(reading.value is not None for reading in readings):
        return None
    unit = definitions.unit_of_statistic(statistic, kpi.parameters)
    levels: list[tuple[str, float | None]] = [("promise", moment.promise if moment else None), ("target", kpi.target)]
    reference_lines = [
        charts.ReferenceLine(level, kind, page_text.format_goal(level, unit, statistic))
        for kind, level in (levels[:1] if large else levels)
        if level is not None
    ]
    open_since = state.since if moment and state and state.state in OPEN_STATES else None
    # Waves are drawn one slot apart, however long the time between them.
    slots = {r.period_start: r.period_start for r in readings}
    if kpi.is_by_wave:
        newest = len(readings) - 1
        slots = {r.period_start: dates.last_week - timedelta(weeks=newest - n) for n, r in enumerate(readings)}
        open_since = next((slot for start, slot in slots.items() if open_since and start >= open_since), None)
    points = [
        charts.WeekPoint(
            slots[r.period_start], r.value, r.low, r.high, r.status, _week_tooltip(r, unit, statistic, dates)
        )
        for r in readings
    ]
    return charts.sparkline(
        points,
        reference_lines,
        dates.last_week,
        label=_chart_label(kpi, readings, unit, statistic, dates),
        open_since=open_since,
        large=large,
        slot_names=[r.wave or "" for r in readings] if kpi.is_by_wave else None,
    )


def _week_tooltip(reading: KpiReading, unit: str, statistic: str, dates: PageDates) -> str:
    week = _period_text(reading, dates)
    if reading.status == "withheld":
        return f"{week}: {_STATUS_TEXTS['withheld']}"
    interval = page_text.format_interval(reading.low, reading.high, unit, statistic)
    parts = [page_text.format_reading(reading.value, unit, statistic), *([f"95 %: {interval}"] if interval else [])]
    if unit != "count":
        parts.append(f"n {format_count(reading.sample_size)}")
    if reading.open_count:
        parts.append(f"{format_count(reading.open_count)} not mature")
    return f"{week}: {', '.join(parts)}; {_STATUS_TEXTS.get(reading.status, reading.status)}"


def _chart_label(kpi: KpiData, readings: Sequence[KpiReading], unit: str, statistic: str, dates: PageDates) -> str:
    final_readings: list[Any] = [r for r in readings if r.value is not None and r.status == "final"]
    if not final_readings:
        return f"{kpi.title}: {'readings by wave' if kpi.is_by_wave else 'weekly readings'}, none final yet"
    low, high = min(final_readings, key=lambda r: r.value), max(final_readings, key=lambda r: r.value)

    def reading_text(reading: KpiReading) -> str:
        return f"{page_text.format_reading(reading.value, unit, statistic)} ({_period_text(reading, dates)})"

    noun = "final wave" if kpi.is_by_wave else "final week"
    return (
        f"{kpi.title}: {pluralize(len(final_readings), noun)}, lowest {reading_text(low)},"
        f" highest {reading_text(high)}, latest {reading_text(final_readings[-1])}"
    )
