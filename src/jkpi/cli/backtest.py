"""`jkpi backtest`: the verb and its output as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jkpi.cli.options import JsonOption, NowOption, WorkspaceOption, error_handling, parse_now
from jkpi.cli.output import print_result, render_table

if TYPE_CHECKING:
    from jkpi.alerts.backtest.backtest import BacktestResult
    from jkpi.alerts.backtest.injected_drops import DetectionRate
    from jkpi.pipeline.past import LateSource

_PAST_ALERT_COLUMNS = {
    "since": "since",
    "fired_on": "fired on",
    "closed_on": "resolved on",
    "series": "series",
    "rate": "rate",
    "reference": "baseline",
    "n": "n",
    "reasons": "reasons",
}
_MAX_NAMES = 5
_DETECTED = "detected within a week with 80 % probability"
_DETECTION_COLUMNS = {
    "within_1_week": "detected within 1 week",
    "within_2_weeks": "within 2 weeks",
    "median_delay": "median time to detection",
}


def backtest(
    moment: Annotated[str | None, typer.Option("--moment", help="Only this moment of truth. Default: all.")] = None,
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replay history: alerts that would have fired, false-alarm rate, smallest detectable drop.

    With an earlier `--now`, what was known then is measured again: rows that were loaded later are left out.

    Example: jkpi backtest --moment technician_on_site
    """
    with error_handling(as_json):
        from jkpi.alerts.backtest import backtest as backtests
        from jkpi.config.settings import load_settings
        from jkpi.journeys.reader import read_journeys
        from jkpi.pipeline.past import open_known_readings
        from jkpi.pipeline.progress import Display

        settings = load_settings(workspace, parse_now(now))
        with Display().progress() as progress, open_known_readings(settings, progress) as known:
            results = backtests.backtest(settings, known.warehouse, read_journeys(settings.workspace), moment)
        report = BacktestReport(settings.now if known.is_past else None, known.late_sources, tuple(results))
        print_result(report, [*render_known(report), *render_backtests(results)], as_json)


@dataclass(frozen=True)
class BacktestReport:
    """The backtests of all moments. known_at: the earlier time whose knowledge was used (UTC); None: the readings of
    the last measurement. late_sources: first loaded after `known_at`, so when their rows arrived is not known."""

    known_at: datetime | None
    late_sources: tuple[LateSource, ...]
    moments: tuple[BacktestResult, ...]


def render_known(report: BacktestReport) -> list[str]:
    """What was known at the time looked back to, and what the warehouse cannot know about it."""
    if report.known_at is None:
        return []
    names = ", ".join(f"{late.source} ({late.first_loaded_at:%Y-%m-%d})" for late in report.late_sources)
    by_date = [
        f"  first loaded later: {names}",
        "  their rows are used by their own dates, because nobody knows which of them would have come late",
    ]
    return [
        f"as known on {report.known_at:%Y-%m-%d %H:%M} UTC: rows loaded later are left out; maps and promises are those"
        " of now",
        *(by_date if report.late_sources else []),
        "",
    ]


def render_backtests(results: Sequence[BacktestResult]) -> list[str]:
    """For each moment the alerts that would have fired, the false-alarm rate, and the detection rates."""
    lines: list[str] = []
    for result in results:
        lines += [*([""] if lines else []), *_render_backtest(result)]
    return lines or ["no moment of truth is declared"]


def _render_backtest(result: BacktestResult) -> list[str]:
    from jkpi.alerts.notifications.figures import KpiFormatter
    from jkpi.formatting.durations import approximate_duration

    watched, figures = result.watched, KpiFormatter(result.watched)
    head = f"{watched.title} ({watched.journey}/{watched.moment})"
    warning = result.time_until_final.warning
    final_lines = [f"  a reading is {result.time_until_final.text}", *([f"  warning: {warning}"] if warning else [])]
    if result.first_day is None:
        return [head, "  no mature readings yet", *final_lines, f"  chart  {result.chart_path}"]
    cases = f"{result.mean_n:,.0f} cases a {watched.period}"
    lines = [
        head,
        f"  {result.first_day} to {result.last_day}, {result.series_count} series, {cases}",
        *final_lines,
        "",
    ]
    rows: list[dict[str, Any]] = [
        {
            "since": past_alert.onset,
            "fired_on": past_alert.fired_on,
            "closed_on": past_alert.closed_on or "open",
            "series": past_alert.series_id.removeprefix(f"{watched.journey}/"),
            "rate": figures.from_rate(past_alert.rate),
            "reference": figures.from_rate(past_alert.baseline),
            "n": round(past_alert.n),
            "reasons": ", ".join(
                [*past_alert.reasons, *(["inhibited by the total"] if past_alert.inhibited_by_total else [])]
            ),
        }
        for past_alert in result.alerts
    ]
    if rows:
        lines += [f"  {line}" for line in render_table(rows, _PAST_ALERT_COLUMNS)]
        lines.append(f"  notified once the {watched.period} it fired on is final (window closed, late rows loaded)")
    else:
        lines.append("  no alert would have fired")
    if result.segments_below_promise:
        lines.append(
            f"  below the promise, no alert but listed once a month: {_first_names(result.segments_below_promise)}"
        )
    if watched.is_by_wave:
        return [*lines, "", *_render_next_wave(result), f"  chart  {result.chart_path}"]
    target, expected = result.target_false_alarm_every, result.false_alarm_every
    budget_text = "its threshold follows from how it varied before"
    if expected is None:
        budget_text = "history too short"
    elif expected < target:
        budget_text = f"varies too much to be held to it; expect one in {approximate_duration(expected)}"
    lines += [
        "",
        f"  false alarms  target: at most one in {approximate_duration(target)}; this series: {budget_text}",
    ]
    if watched.has_share:
        lines += ["", *_render_drop_detection(result)]
    if watched.is_duration:
        lines += ["", *_render_slowdown_detection(result)]
    return [*lines, f"  chart  {result.chart_path}"]


def _render_next_wave(result: BacktestResult) -> list[str]:
    """What a next survey wave could show: no drops are injected into a few waves."""
    from jkpi.alerts.notifications.figures import KpiFormatter
    from jkpi.formatting.numbers import format_odds

    wave = result.next_wave
    if wave is None:
        return ["  no wave has enough answers to be compared with"]
    drop = KpiFormatter(result.watched).difference_in_points(1.0, 1.0 - wave.detectable_drop)
    return [
        f"  false alarms  if nothing has changed, at most {format_odds(wave.alpha)} waves opens an alert",
        f"  smallest drop that a next wave of {wave.n:,.0f} cases shows with 80 % probability: {drop}",
    ]


def _first_names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MAX_NAMES])
    return f"{shown} and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else shown


def _render_drop_detection(result: BacktestResult) -> list[str]:
    from jkpi.alerts.backtest.injected_drops import REPORTED_DROPS
    from jkpi.alerts.notifications.figures import KpiFormatter

    figures = KpiFormatter(result.watched)

    def format_drop(drop: float) -> str:
        return figures.difference_in_points(1.0, 1.0 - drop)

    detection_rates = [
        (format_drop(detection_rate.drop), detection_rate)
        for detection_rate in result.detection_rates
        if detection_rate.drop in REPORTED_DROPS
    ]
    if result.minimum_detectable_drop is not None:
        smallest_text = f"smallest drop {_DETECTED}: {format_drop(result.minimum_detectable_drop)}"
    elif result.detection_rates:
        smallest_text = f"no drop up to {format_drop(result.detection_rates[-1].drop)} is {_DETECTED}"
    else:
        smallest_text = "history too short to estimate detectable drops"
    return _render_detection_table("drop", detection_rates, result.watched.period, smallest_text)


def _render_slowdown_detection(result: BacktestResult) -> list[str]:
    from jkpi.alerts.backtest.injected_slowdowns import REPORTED_FACTORS

    detection_rates = [
        (_format_factor(detection_rate.factor), detection_rate)
        for detection_rate in result.slowdown_detection_rates
        if detection_rate.factor in REPORTED_FACTORS
    ]
    if result.minimum_detectable_slowdown is not None:
        smallest_text = f"smallest slowdown {_DETECTED}: {_format_factor(result.minimum_detectable_slowdown)}"
    elif result.slowdown_detection_rates:
        largest = _format_factor(result.slowdown_detection_rates[-1].factor)
        smallest_text = f"no slowdown up to {largest} is {_DETECTED}"
    else:
        smallest_text = "history too short to estimate detectable slowdowns"
    return _render_detection_table("slowdown", detection_rates, result.watched.period, smallest_text)


def _format_factor(factor: float) -> str:
    return f"{factor:g}x"


def _render_detection_table(
    head: str, detection_rates: Sequence[tuple[str, DetectionRate]], period: str, smallest_text: str
) -> list[str]:
    """A table of injected effects and how soon they are detected, then the smallest detectable one."""
    from jkpi.formatting.numbers import format_percent, pluralize

    rows = [
        {
            "effect": effect_text,
            "within_1_week": format_percent(detection_rate.within_1_week, 0),
            "within_2_weeks": format_percent(detection_rate.within_2_weeks, 0),
            "median_delay": "not within 4 weeks"
            if detection_rate.median_delay is None
            else pluralize(detection_rate.median_delay, period),
        }
        for effect_text, detection_rate in detection_rates
    ]
    table_lines = (
        [*(f"  {line}" for line in render_table(rows, {"effect": head, **_DETECTION_COLUMNS})), ""] if rows else []
    )
    return [*table_lines, f"  {smallest_text}"]
