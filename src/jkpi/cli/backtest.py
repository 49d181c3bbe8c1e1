"""`jkpi backtest`: the verb, and what it says to people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jkpi.cli.options import JsonOption, NowOption, WorkspaceOption, error_handling, parse_now
from jkpi.cli.output import print_result, render_table

if TYPE_CHECKING:
    from jkpi.alerts.backtest.backtest import BacktestResult
    from jkpi.alerts.backtest.injected_drops import DetectionRate

_PAST_ALERT_COLUMNS = {"since": "since", "fired_on": "certain with", "closed_on": "over on", "series": "series", "now": "rate",
          "usual": "instead of", "n": "n", "why": "why"}  # fmt: skip
_DETECTION_COLUMNS = {"within": "seen within a week", "in_two": "within two", "median": "half are seen after"}


def backtest(
    moment: Annotated[str | None, typer.Option("--moment", help="One moment of truth; all if not given.")] = None,
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """What alerts the past would have had, how often falsely, and how small a fall or slowdown the volume can show.

    Example: jkpi backtest --moment technician_on_site
    """
    with error_handling(as_json):
        from jkpi.alerts.backtest.backtest import backtest as look_back
        from jkpi.config.settings import load_settings
        from jkpi.journeys.reader import read_journeys
        from jkpi.warehouse.open import open_warehouse

        settings = load_settings(workspace, parse_now(now))
        with open_warehouse(settings, read_only=True) as warehouse:
            backtests = look_back(settings, warehouse, read_journeys(settings.workspace), moment)
        print_result(backtests, render_backtests(backtests), as_json)


def render_backtests(backtests: Sequence[BacktestResult]) -> list[str]:
    """Each moment: what would have been told, how often falsely, and what its volume can show."""
    lines: list[str] = []
    for result in backtests:
        lines += [*([""] if lines else []), *_render_backtest(result)]
    return lines or ["no moment of truth on any map"]


def _render_backtest(result: BacktestResult) -> list[str]:
    from jkpi.alerts.notifications.figures import KpiFormatter
    from jkpi.formatting.durations import approximate_duration

    watched, figures = result.watched, KpiFormatter(result.watched)
    head = f"{watched.title} ({watched.journey}/{watched.moment})"
    if result.first_day is None:
        return [head, "  no mature readings yet", f"  picture  {result.chart_path}"]
    series_count_text = f"{result.series_count} series" if result.series_count > 1 else "one series"
    lines = [
        head,
        f"  {result.first_day} to {result.last_day}, {series_count_text}, {result.mean_n:,.0f} cases a {watched.period}",
        "",
    ]
    rows: list[dict[str, Any]] = [
        {"since": past_alert.onset, "fired_on": past_alert.fired_on, "closed_on": past_alert.closed_on or "open",
         "series": past_alert.series_id.removeprefix(f"{watched.journey}/"), "now": figures.from_rate(past_alert.rate),
         "usual": figures.from_rate(past_alert.baseline), "n": round(past_alert.n),
         "why": ", ".join([*past_alert.reasons, *(["told as one with all customers"] if past_alert.inhibited_by_total else [])])}
        for past_alert in result.alerts
    ]  # fmt: skip
    if rows:
        lines += [f"  {line}" for line in render_table(rows, _PAST_ALERT_COLUMNS)]
        lines.append(
            f"  told once the {watched.period} with which it is certain is final: its window over, late rows in"
        )
    else:
        lines.append("  nothing would have been told")
    past_rate_text = (
        "too short a past to say"
        if result.false_alarm_every is None
        else f"once in {approximate_duration(result.false_alarm_every)}"
    )
    lines += [
        "",
        f"  false alarms  wanted: no more than once in {approximate_duration(result.target_false_alarm_every)}; by its own past: {past_rate_text}",
    ]
    if watched.has_share:
        lines += ["", *_render_drop_detection(result)]
    if watched.is_duration:
        lines += ["", *_render_slowdown_detection(result)]
    return [*lines, f"  picture  {result.chart_path}"]


def _render_drop_detection(result: BacktestResult) -> list[str]:
    from jkpi.alerts.backtest.injected_drops import REPORTED_DROPS
    from jkpi.alerts.notifications.figures import KpiFormatter

    figures = KpiFormatter(result.watched)

    def format_drop(fall: float) -> str:
        return figures.difference_in_points(1.0, 1.0 - fall)

    detection_rates = [
        (format_drop(detection_rate.drop), detection_rate)
        for detection_rate in result.detection_rates
        if detection_rate.drop in REPORTED_DROPS
    ]
    if result.minimum_detectable_drop is not None:
        smallest_text = f"the smallest fall that shows within a week, four times in five: {format_drop(result.minimum_detectable_drop)}"
    elif result.detection_rates:
        smallest_text = (
            f"no fall of up to {format_drop(result.detection_rates[-1].drop)} shows within a week four times in five"
        )
    else:
        smallest_text = "the past is too short to say what falls it can show"
    return _render_detection_table("a fall of", detection_rates, result.watched.period, smallest_text)


def _render_slowdown_detection(result: BacktestResult) -> list[str]:
    from jkpi.alerts.backtest.injected_slowdowns import REPORTED_FACTORS

    detection_rates = [
        (_format_factor(detection_rate.factor), detection_rate)
        for detection_rate in result.slowdown_detection_rates
        if detection_rate.factor in REPORTED_FACTORS
    ]
    if result.minimum_detectable_slowdown is not None:
        smallest_text = f"the smallest slowdown that shows within a week, four times in five: {_format_factor(result.minimum_detectable_slowdown)}"
    elif result.slowdown_detection_rates:
        smallest_text = f"no slowdown up to {_format_factor(result.slowdown_detection_rates[-1].factor)} shows within a week four times in five"
    else:
        smallest_text = "the past is too short to say what slowdowns it can show"
    return _render_detection_table("all takes", detection_rates, result.watched.period, smallest_text)


def _format_factor(factor: float) -> str:
    return f"{factor:g} times as long"


def _render_detection_table(
    head: str, detection_rates: Sequence[tuple[str, DetectionRate]], period: str, smallest_text: str
) -> list[str]:
    """A table of what was planted and how soon it was seen, and the least of it that shows."""
    from jkpi.formatting.numbers import format_percent, pluralize

    rows = [
        {"what": effect_text, "within": format_percent(detection_rate.within_1_week), "in_two": format_percent(detection_rate.within_2_weeks),
         "median": "not in four weeks" if detection_rate.median_delay is None else pluralize(detection_rate.median_delay, period)}
        for effect_text, detection_rate in detection_rates
    ]  # fmt: skip
    table_lines = (
        [*(f"  {line}" for line in render_table(rows, {"what": head, **_DETECTION_COLUMNS})), ""] if rows else []
    )
    return [*table_lines, f"  {smallest_text}"]
