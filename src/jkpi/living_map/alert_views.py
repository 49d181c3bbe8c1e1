"""Open alerts of a moment of truth as text, for its card and for the headline. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from jkpi.formatting.dates import format_short_date, format_state_since
from jkpi.formatting.numbers import NARROW_NO_BREAK_SPACE, format_count, join_names
from jkpi.living_map import definitions, page_text
from jkpi.living_map.page_data import KpiData, MomentData
from jkpi.living_map.states import state_label
from jkpi.living_map.views import AlertView, BreachView
from jkpi.state.alert_records import OpenAlert, OpenEarlyWarning, OpenVolumeDrop, PromiseBreach

_MAX_SEGMENTS_IN_BANNER = 3
"""Largest number of segments in the headline with their figures; the card has all of them."""


def alert_view(alert: OpenAlert, kpi: KpiData | None, moment: MomentData, statistic: str, today: date) -> AlertView:
    """An open alert as text; `value` is None if its notification had no figures."""
    parameters = kpi.parameters if kpi else {}
    unit = "share" if alert.line == "median" else definitions.unit_of_statistic(statistic, parameters)
    promise = moment.promise if alert.is_total else moment.promise_to(alert.segment, alert.segment_value)
    value, counted = (
        None if shown is None else page_text.format_reading(shown, unit, statistic, against=promise)
        for shown in (alert.value, alert.counted)
    )
    return AlertView(
        key="all" if alert.is_total else f"{alert.segment}={alert.segment_value}",
        segment_label="" if alert.is_total else f"{alert.segment} = {alert.segment_value}",
        state=state_label(alert.state),
        value=None if value is None else f"about {value}",
        counted="" if counted is None else f"{counted} as counted",
        caption=_alert_caption(alert, kpi, statistic),
        baseline_text=_alert_baseline_text(alert, unit, statistic),
        interval=page_text.format_interval(alert.low, alert.high, unit, statistic),
        n=None if alert.n is None else format_count(alert.n),
        period=_alert_period(alert, today),
        since=format_state_since(alert.state, alert.onset, today),
        onset_text=f"since {format_short_date(alert.onset, today)}" + ", recovering" * (alert.state == "recovering"),
        promise_text=promise_text(promise, kpi, statistic) if promise != moment.promise else "",
        includes_text=f"includes {join_names(list(alert.includes))}" if alert.includes else "",
    )


def promise_text(promise: float | None, kpi: KpiData | None, statistic: str) -> str:
    """`promise: at least 95 %`; empty without a promise."""
    if promise is None:
        return ""
    unit = definitions.unit_of_statistic(statistic, kpi.parameters if kpi else {})
    bound = "at most" if kpi and kpi.direction == "lower" else "at least"
    return f"promise: {bound} {page_text.format_goal(promise, unit, statistic)}"


def breach_views(
    breaches: Sequence[PromiseBreach], kpi: KpiData | None, statistic: str, today: date
) -> tuple[BreachView, ...]:
    """Segments below their promise, the furthest first."""
    unit = definitions.unit_of_statistic(statistic, kpi.parameters if kpi else {})

    def view(breach: PromiseBreach) -> BreachView:
        interval = page_text.format_interval(breach.low, breach.high, unit, statistic)
        return BreachView(
            f"{breach.segment}={breach.segment_value}",
            f"{breach.segment} = {breach.segment_value}",
            page_text.format_reading(breach.value, unit, statistic, against=breach.promise),
            f"{promise_text(breach.promise, kpi, statistic)} · 95 %: {interval} · n {format_count(breach.n)}"
            f" · since {format_short_date(breach.since, today)}",
        )

    return tuple(map(view, sorted(breaches, key=lambda breach: -abs(breach.promise - breach.value))))


def breach_heading(count: int, direction: str) -> str:
    """`3 segments are below their promise`."""
    side = "above" if direction == "lower" else "below"
    return f"One segment is {side} its promise" if count == 1 else f"{count} segments are {side} their promise"


def _alert_caption(alert: OpenAlert, kpi: KpiData | None, statistic: str) -> str:
    if alert.line == "median" and alert.within_seconds is not None:
        return f"done within {definitions.format_within(alert.within_seconds, kpi.parameters if kpi else {})}"
    return definitions.caption(kpi, statistic) if kpi else ""


def _alert_baseline_text(alert: OpenAlert, unit: str, statistic: str) -> str:
    """The baseline; empty for an alert about the promise, which is shown on its own."""
    if alert.baseline is None or alert.line == "promise":
        return ""
    return f"baseline {page_text.format_reading(alert.baseline, unit, statistic)}"


def _alert_period(alert: OpenAlert, today: date) -> str:
    begin = alert.first_day or alert.onset
    last = alert.last_day or begin
    first = format_short_date(begin, today)
    return first if last <= begin else f"{first} to {format_short_date(last, today)}"


def volume_drop_text(drop: OpenVolumeDrop, today: date) -> str:
    """from 60 to 30 a day, since 3 Jun."""
    return f"{drop.text.rpartition(': volume dropped ')[2]}, since {format_short_date(drop.onset, today)}"


def early_warning_text(early_warning: OpenEarlyWarning, today: date) -> str:
    """`after 1 day 60 % have completed, baseline 80 %, since 5 Jan`, with the space of the page before %."""
    text = early_warning.text.replace(" %", f"{NARROW_NO_BREAK_SPACE}%")
    return f"{text}, since {format_short_date(early_warning.onset, today)}"


def alert_sentence(alert: AlertView) -> str:
    """`about 22 % done within 3 days, baseline 91 % (20 % as counted, n 391, 5 to 23 Jan), since 5 Jan, 22 days`."""
    if alert.value is None:
        return alert.since
    value = f"{alert.value} {alert.caption}".strip()
    number = ", ".join(part for part in (value, alert.baseline_text, alert.promise_text) if part)
    sample_text = ", ".join(part for part in (alert.counted, f"n {alert.n}" if alert.n else "", alert.period) if part)
    return f"{number} ({sample_text}), {alert.since}"


def segments_sentence(alerts: Sequence[AlertView]) -> str:
    """The segments that fire, each with its figures:
    `done within 3 days: department = ISD 9.8 % since 1 Jul (n 2,110); department = PARK 33 % since 14 Jul (n 569)`."""
    captions = {alert.caption for alert in alerts}
    shared_caption = captions.pop() if len(captions) == 1 else ""
    segment_texts = [
        _segment_alert_text(alert, "" if shared_caption else alert.caption)
        for alert in alerts[:_MAX_SEGMENTS_IN_BANNER]
    ]
    more = (
        [f"{len(alerts) - _MAX_SEGMENTS_IN_BANNER} more on the card"] if len(alerts) > _MAX_SEGMENTS_IN_BANNER else []
    )
    return (f"{shared_caption}: " if shared_caption else "") + "; ".join([*segment_texts, *more])


def _segment_alert_text(alert: AlertView, caption: str) -> str:
    value = " ".join(part for part in (alert.segment_label, alert.value, caption) if part)
    parts = (value, alert.baseline_text, alert.promise_text, alert.onset_text)
    return ", ".join(part for part in parts if part) + (f" (n {alert.n})" if alert.n else "")


def group_segments(segment_labels: Iterable[str]) -> str:
    """`region = south`, `region = west`, `tier = gold` -> `region = south and west; tier = gold`."""
    values: dict[str, list[str]] = {}
    for segment_label in segment_labels:
        segment, _, value = segment_label.partition(" = ")
        values.setdefault(segment, []).append(value)
    return "; ".join(f"{segment} = {join_names(segment_values)}" for segment, segment_values in values.items())
