"""KPIs and moments of truth as they are shown: value, interval, n, standing, chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from jkpi.formatting import page_text
from jkpi.living_map import charts, definitions
from jkpi.living_map.alert_views import early_words, fall_view, grouped
from jkpi.living_map.page_data import Kpi, Moment, Reading
from jkpi.living_map.states import OPEN, seen, state_words
from jkpi.living_map.views import DefinitionView, Figure, KpiView, MomentView, Standing, WeekRow
from jkpi.state.engine import MomentState
from jkpi.state.open_alerts import Fall

_STATUS = {
    "final": "final",
    "provisional": "provisional, may still change",
    "withheld": "withheld: the data cannot be trusted",
}
_EXTRAS = (
    *("median", "p90", "mean", "share_within", "promoters", "passives", "detractors"),
    *("unknown", "coverage"),
)


@dataclass(frozen=True)
class Clock:
    """Today and the newest week on the charts, both days of the journey's zone."""

    today: date
    last_week: date


def anchor(kind: str, name: str) -> str:
    """A stable id: `kpi-report-drop_off`."""
    return f"{kind}-{name.replace('.', '-')}"


def primary_statistic(kpi: Kpi) -> str:
    """As the marts say; where nothing was read yet, as the kind has it."""
    for reading in reversed(kpi.weeks):
        if reading.is_primary:
            return reading.statistic
    if kpi.kind == "time_in_stage" and kpi.unit == "share":
        return "share_within"
    return definitions.PRIMARY.get(kpi.kind, kpi.kind)


def weeks_of(kpi: Kpi, statistic: str) -> tuple[Reading, ...]:
    return tuple(reading for reading in kpi.weeks if reading.statistic == statistic)


def latest_final(readings: Sequence[Reading]) -> Reading | None:
    return next((r for r in reversed(readings) if r.status == "final" and r.value is not None), None)


def standing(reading: Reading | None, goal: float | None, direction: str, noun: str) -> Standing | None:
    """Against a promise or target: clear only where the whole interval lies on one side of it.

    Without an interval the value itself decides.
    """
    if reading is None or reading.value is None or goal is None:
        return None
    low = reading.value if reading.low is None else reading.low
    high = reading.value if reading.high is None else reading.high
    wrong_side = "below" if direction == "higher" else "above"
    if (direction == "higher" and low >= goal) or (direction != "higher" and high <= goal):
        return Standing("good", f"keeps the {noun}" if noun == "promise" else f"meets the {noun}")
    if (direction == "higher" and high < goal) or (direction != "higher" and low > goal):
        return Standing("bad", f"{wrong_side} the {noun}")
    return Standing("unclear", "too close to call")


def kpi_view(kpi: Kpi, moment: Moment | None, state: MomentState | None, clock: Clock) -> KpiView:
    """A KPI as the map shows it; `moment` is the moment of truth that it decides, if it does."""
    statistic = primary_statistic(kpi)
    readings = weeks_of(kpi, statistic)
    latest = latest_final(readings)
    goal, noun = (kpi.target, "target")
    if goal is None and moment is not None:
        goal, noun = moment.promise, "promise"
    unit = definitions.unit_of(statistic, kpi.rule)
    return KpiView(
        anchor=anchor("kpi", kpi.kpi),
        definition=anchor("def", kpi.kpi),
        title=kpi.title,
        statistic=statistic,
        value=page_text.value(latest.value, unit, statistic, goal) if latest else None,
        caption=definitions.caption(kpi, statistic),
        interval=page_text.interval(latest.low, latest.high, unit, statistic) if latest else None,
        n=page_text.count(latest.sample_size) if latest and unit != "count" else None,
        week=f"week of {page_text.day(latest.period_start, clock.today)}" if latest else None,
        goal=_goal(goal, unit, statistic, kpi.direction, noun),
        standing=standing(latest, goal, kpi.direction, noun),
        usual=_usual(kpi, unit, statistic),
        note=_note(readings, latest, clock, bool(kpi and kpi.is_redefined)),
        extras=_extras(kpi, statistic, latest),
        stack=_stack(kpi, latest) if statistic == "nps" else None,
        chart=_chart(kpi, statistic, moment, state, clock, large=False),
        moment=anchor("moment", moment.moment) if moment else None,
        state=seen(state_words(state.state if state else None), in_part=bool(state and state.falling_in))
        if moment
        else None,
    )


def moment_view(
    moment: Moment,
    kpi: Kpi | None,
    state: MomentState | None,
    place: str,
    clock: Clock,
    falls: Sequence[Fall] = (),
) -> MomentView:
    """A moment of truth for the strip at the top; `falls`: its open alerts, that of everybody first."""
    statistic = moment.statistic or (primary_statistic(kpi) if kpi else "")
    unit = definitions.unit_of(statistic, kpi.rule if kpi else {})
    direction = kpi.direction if kpi else "higher"
    readings = weeks_of(kpi, statistic) if kpi else ()
    latest = latest_final(readings)
    last_day = kpi.last_day if kpi and kpi.last_day and kpi.last_day.statistic == statistic else None
    return MomentView(
        anchor=anchor("moment", moment.moment),
        title=moment.title or page_text.humanise(moment.moment),
        place=place,
        state=state_words(state.state if state else None),
        since=page_text.standing_since(state.state, state.since, clock.today) if state and state.since else None,
        value=page_text.value(latest.value, unit, statistic, moment.promise) if latest else None,
        caption=definitions.caption(kpi, statistic) if kpi else "",
        kpi_title=kpi.title if kpi else moment.kpi,
        promise=_goal(moment.promise, unit, statistic, direction, "promise"),
        standing=standing(latest, moment.promise, direction, "promise"),
        interval=page_text.interval(latest.low, latest.high, unit, statistic) if latest else None,
        n=page_text.count(latest.sample_size) if latest else None,
        week=f"week of {page_text.day(latest.period_start, clock.today)}" if latest else None,
        last_day=_last_day(last_day, unit, statistic, moment.promise, clock),
        note=_note(readings, latest, clock, bool(kpi and kpi.is_redefined)),
        owner=moment.owner,
        chart=_chart(kpi, statistic, moment, state, clock, large=True) if kpi else None,
        kpi_anchor=anchor("kpi", moment.kpi),
        falling_in=grouped(state.falling_in) if state else "",
        falls=tuple(fall_view(fall, kpi, moment, statistic, clock.today) for fall in falls),
        early=early_words(state.early, clock.today) if state and state.early else "",
    )


def definition_view(kpi: Kpi, place: str, clock: Clock) -> DefinitionView:
    """How the number is made, with its last weeks as a table for whoever cannot see the drawing."""
    statistic = primary_statistic(kpi)
    unit = definitions.unit_of(statistic, kpi.rule)
    return DefinitionView(
        anchor=anchor("def", kpi.kpi),
        kpi_anchor=anchor("kpi", kpi.kpi),
        title=kpi.title,
        place=place,
        formula=definitions.formula(kpi),
        maturity=definitions.maturity(kpi),
        direction="" if kpi.kind == "volume" else f"{kpi.direction.capitalize()} is better.",
        weeks=tuple(
            WeekRow(
                week=page_text.day(reading.period_start, clock.today),
                value=page_text.value(None if reading.status == "withheld" else reading.value, unit, statistic),
                interval=_interval_or_dash(reading, unit, statistic),
                n=page_text.count(reading.sample_size),
                status=reading.status,
            )
            for reading in reversed(weeks_of(kpi, statistic))
        ),
    )


def _interval_or_dash(reading: Reading, unit: str, statistic: str) -> str:
    shown = None if reading.status == "withheld" else page_text.interval(reading.low, reading.high, unit, statistic)
    return shown or "–"


def _goal(goal: float | None, unit: str, statistic: str, direction: str, noun: str) -> str | None:
    if goal is None:
        return None
    bound = "at least" if direction == "higher" else "at most"
    return f"{noun}: {bound} {page_text.goal(goal, unit, statistic)}"


def _usual(kpi: Kpi, unit: str, statistic: str) -> str | None:
    return None if kpi.baseline is None else f"usually {page_text.value(kpi.baseline, unit, statistic)}"


def _note(readings: Sequence[Reading], latest: Reading | None, clock: Clock, is_redefined: bool) -> str | None:
    """What a reader must know before believing the number."""
    if not readings:
        return "defined anew, nothing was counted by it yet" if is_redefined else "no evidence yet"
    newest = readings[-1]
    if newest.status == "withheld":
        return f"the week of {page_text.day(newest.period_start, clock.today)} is withheld: its data cannot be trusted"
    if latest is None:
        anew = "defined anew: " if is_redefined else ""
        undecided = f", {page_text.count(newest.open_count)} still undecided" if newest.open_count else ""
        return f"{anew}nothing final yet{undecided}"
    if newest.period_start < clock.last_week - timedelta(weeks=1):
        return f"no readings after the week of {page_text.day(newest.period_start, clock.today)}"
    return None


def _last_day(reading: Reading | None, unit: str, statistic: str, promise: float | None, clock: Clock) -> str | None:
    if reading is None:
        return None
    day = page_text.day(reading.period_start, clock.today)
    return f"{page_text.value(reading.value, unit, statistic, promise)} on {day} (n {page_text.count(reading.sample_size)})"


def _same_week(kpi: Kpi, statistic: str, latest: Reading) -> Reading | None:
    readings = (r for r in weeks_of(kpi, statistic) if r.period_start == latest.period_start and r.value is not None)
    return next(readings, None)


def _extras(kpi: Kpi, statistic: str, latest: Reading | None) -> tuple[Figure, ...]:
    """The other statistics of the same week."""
    if latest is None:
        return ()
    found = ((name, _same_week(kpi, name, latest)) for name in _EXTRAS if name != statistic)
    return tuple(
        Figure(
            page_text.value(reading.value, definitions.unit_of(name, kpi.rule), name),
            definitions.caption(kpi, name),
            name,
        )
        for name, reading in found
        if reading is not None
    )


def _stack(kpi: Kpi, latest: Reading | None) -> Markup | None:
    if latest is None:
        return None
    parts = []
    for name in ("promoters", "passives", "detractors"):
        reading = _same_week(kpi, name, latest)
        if reading is None or reading.value is None:
            return None
        parts.append((name, reading.value, f"{page_text.share(reading.value)} {name}"))
    return charts.stack(parts)


def _chart(
    kpi: Kpi, statistic: str, moment: Moment | None, state: MomentState | None, clock: Clock, *, large: bool
) -> Markup | None:
    readings = weeks_of(kpi, statistic)
    if not any(reading.value is not None for reading in readings):
        return None
    unit = definitions.unit_of(statistic, kpi.rule)
    levels: list[tuple[str, float | None]] = [("promise", moment.promise if moment else None), ("target", kpi.target)]
    rules = [
        charts.Rule(level, kind, page_text.goal(level, unit, statistic))
        for kind, level in (levels[:1] if large else levels)
        if level is not None
    ]
    points = [
        charts.Point(r.period_start, r.value, r.low, r.high, r.status, _tooltip(r, unit, statistic, clock))
        for r in readings
    ]
    return charts.sparkline(
        points,
        rules,
        clock.last_week,
        label=_spoken(kpi, readings, unit, statistic, clock),
        open_since=state.since if moment and state and state.state in OPEN else None,
        large=large,
    )


def _tooltip(reading: Reading, unit: str, statistic: str, clock: Clock) -> str:
    week = f"week of {page_text.day(reading.period_start, clock.today)}"
    if reading.status == "withheld":
        return f"{week}: {_STATUS['withheld']}"
    interval = page_text.interval(reading.low, reading.high, unit, statistic)
    parts = [page_text.value(reading.value, unit, statistic), *([f"95 %: {interval}"] if interval else [])]
    if unit != "count":
        parts.append(f"n {page_text.count(reading.sample_size)}")
    if reading.open_count:
        parts.append(f"{page_text.count(reading.open_count)} undecided")
    return f"{week}: {', '.join(parts)}; {_STATUS.get(reading.status, reading.status)}"


def _spoken(kpi: Kpi, readings: Sequence[Reading], unit: str, statistic: str, clock: Clock) -> str:
    shown: list[Any] = [r for r in readings if r.value is not None and r.status == "final"]
    if not shown:
        return f"{kpi.title}: weekly readings, none final yet"
    low, high = min(shown, key=lambda r: r.value), max(shown, key=lambda r: r.value)

    def said(reading: Reading) -> str:
        return f"{page_text.value(reading.value, unit, statistic)} (week of {page_text.day(reading.period_start, clock.today)})"

    return f"{kpi.title}: {len(shown)} final weeks, lowest {said(low)}, highest {said(high)}, latest {said(shown[-1])}"
