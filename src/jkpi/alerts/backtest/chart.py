"""Chart of a backtest: history with alerts, and detection rates within a week, as one SVG. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape

import numpy as np

from jkpi.alerts.backtest.injected_drops import POWER, DetectionRate, DropDetectionRate
from jkpi.alerts.backtest.injected_slowdowns import SlowdownDetectionRate
from jkpi.alerts.detection.episodes import SeriesResult
from jkpi.alerts.notifications.figures import KpiFormatter
from jkpi.alerts.series.watched import WatchedMoment
from jkpi.alerts.statistics.reading_grid import ReadingGrid

WIDTH, HEIGHT = 960, 300
LEFT, RIGHT, TOP, BOTTOM = 60, 300, 34, 40
GAP = 60
"""Space between two bar charts, for the labels of one and the title of the other."""
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#333}.title{font-size:14px;font-weight:600}.reading{fill:#3b6ea8}"
    ".alert{fill:#d9534f;fill-opacity:.18}.fired{stroke:#b52b27;stroke-width:1.5}.promise{stroke:#888;"
    "stroke-dasharray:5 4}.axis{stroke:#bbb}.detection-rate{fill:#3b6ea8}"
)


def backtest_chart(
    watched: WatchedMoment,
    grid: ReadingGrid,
    result: SeriesResult,
    drops: Sequence[DropDetectionRate],
    slowdowns: Sequence[SlowdownDetectionRate],
) -> str:
    """History of a moment for all customers, in its own unit: a dot a reading, alerts as bands, the day each fired as a
    line, the promise dashed. Next to it a bar for each injected drop and each slowdown."""
    title = escape(watched.title)
    elements = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{title}: alerts over the past</title><style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text class="title" x="{LEFT}" y="20">{title}: {_alert_count_text(len(result.episodes))}</text>',
        *_history_elements(watched, grid, result),
        *_detection_elements(watched, drops, slowdowns),
        "</svg>",
    ]
    return "\n".join(elements) + "\n"


def _alert_count_text(number: int) -> str:
    return {0: "no alert", 1: "one alert"}.get(number, f"{number} alerts") + " over all customers"


def _history_elements(watched: WatchedMoment, grid: ReadingGrid, result: SeriesResult) -> list[str]:
    columns = np.flatnonzero(grid.n[:, 0] > 0)
    if not len(columns):
        return [f'<text x="{LEFT}" y="{HEIGHT / 2}">no mature readings</text>']
    rates = grid.successes[columns, 0] / grid.n[columns, 0]
    promise_rates = [] if watched.promise is None else [watched.to_rate(watched.promise)]
    low, high = min([float(rates.min()), *promise_rates]), max([float(rates.max()), *promise_rates])
    low, high = low - 0.05 * (high - low) - 1e-6, high + 0.05 * (high - low) + 1e-6
    first, last = int(columns[0]), max(int(columns[-1]), int(columns[0]) + 1)
    plot_width, plot_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(column: float) -> float:
        return round(LEFT + plot_width * (column - first) / (last - first), 1)

    def y(rate: float) -> float:
        return round(TOP + plot_height * (high - rate) / (high - low), 1)

    def column_of(day: date) -> float:
        return (day - grid.first_day).days / grid.step_days

    figures = KpiFormatter(watched)
    elements = []
    for episode in result.episodes:
        begins, ends = x(column_of(episode.onset)), x(column_of(episode.closed_on) if episode.closed_on else last)
        width = max(ends - begins, 2.0)
        fired_x = x(column_of(episode.fired_on))
        elements += [
            f'<rect class="alert" x="{begins}" y="{TOP}" width="{width:.1f}" height="{plot_height}"/>',
            f'<line class="fired" x1="{fired_x}" x2="{fired_x}" y1="{TOP}" y2="{TOP + plot_height}"/>',
        ]
    elements += [
        f'<line class="promise" x1="{LEFT}" x2="{LEFT + plot_width}" y1="{y(promise)}" y2="{y(promise)}"/>'
        for promise in promise_rates
    ]
    elements += [
        f'<circle class="reading" cx="{x(column)}" cy="{y(rate)}" r="2"/>'
        for column, rate in zip(columns.tolist(), rates.tolist(), strict=True)
    ]
    bottom = TOP + plot_height
    return [
        *elements,
        f'<line class="axis" x1="{LEFT}" x2="{LEFT + plot_width}" y1="{bottom}" y2="{bottom}"/>',
        f'<text x="{LEFT - 6}" y="{y(high) + 10}" text-anchor="end">{figures.from_rate(min(high, 1.0))}</text>',
        f'<text x="{LEFT - 6}" y="{y(low)}" text-anchor="end">{figures.from_rate(max(low, 0.0))}</text>',
        f'<text x="{LEFT}" y="{bottom + 18}">{grid.day(first)}</text>',
        f'<text x="{LEFT + plot_width}" y="{bottom + 18}" text-anchor="end">{grid.day(last)}</text>',
    ]


def _detection_elements(
    watched: WatchedMoment, drops: Sequence[DropDetectionRate], slowdowns: Sequence[SlowdownDetectionRate]
) -> list[str]:
    """Bar charts of drops and slowdowns, one below the other if a moment has both; none of survey waves."""
    if watched.is_by_wave:
        return []
    figures = KpiFormatter(watched)
    points = [figures.difference_in_points(1.0, 1.0 - rate.drop).removesuffix(" points") for rate in drops]
    charts: list[tuple[str, list[str], Sequence[DetectionRate]]] = []
    if watched.has_share:
        charts.append(("detected within a week, by drop", points, drops))
    if watched.is_duration:
        charts.append(("detected within a week, by slowdown", [f"{rate.factor:g}x" for rate in slowdowns], slowdowns))
    slot_height = (HEIGHT - TOP - BOTTOM + GAP) / len(charts)
    return [
        element
        for number, chart in enumerate(charts)
        for element in _bar_elements(*chart, TOP + number * slot_height, slot_height - GAP)
    ]


def _bar_elements(
    title: str, labels: Sequence[str], rates: Sequence[DetectionRate], top: float, plot_height: float
) -> list[str]:
    start, bottom = WIDTH - RIGHT + 50, top + plot_height
    if not rates:
        return [f'<text x="{start}" y="{top + plot_height / 2:.1f}">the history is too short</text>']
    step, power_y = (RIGHT - 70) / len(rates), round(top + plot_height * (1.0 - POWER), 1)
    elements = [f'<text x="{start}" y="{top - 14:.1f}">{title}</text>']
    for index, (label, rate) in enumerate(zip(labels, rates, strict=True)):
        x, height = round(start + index * step, 1), round(plot_height * rate.within_1_week, 1)
        elements += [
            f'<rect class="detection-rate" x="{x}" y="{bottom - height:.1f}" width="{step - 4:.1f}" height="{height}">'
            f"<title>{label}: {100 * rate.within_1_week:.0f} %</title></rect>",
            f'<text x="{x + step / 2 - 2:.1f}" y="{bottom + 18:.1f}" text-anchor="middle">{label}</text>',
        ]
    return [*elements, f'<line class="promise" x1="{start}" x2="{WIDTH - 20}" y1="{power_y}" y2="{power_y}"/>']
