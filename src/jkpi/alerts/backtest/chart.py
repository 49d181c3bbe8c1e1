"""A past with what would have been told, and how often falls and slowdowns are seen in a week: one SVG. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape

import numpy as np

from jkpi.alerts.backtest.injected_drops import MOSTLY, Seen, SeenFall
from jkpi.alerts.backtest.injected_slowdowns import SeenSlowdown
from jkpi.alerts.detection.episodes import Track
from jkpi.alerts.notifications.figures import Figures
from jkpi.alerts.series.watched import Watched
from jkpi.alerts.statistics.reading_matrix import Grid

WIDTH, HEIGHT = 960, 300
LEFT, RIGHT, TOP, BOTTOM = 60, 300, 34, 40
GAP = 60
"""Between two charts of bars: the numbers of one, the title of the other."""
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#333}.title{font-size:14px;font-weight:600}.day{fill:#3b6ea8}"
    ".breach{fill:#d9534f;fill-opacity:.18}.told{stroke:#b52b27;stroke-width:1.5}.promise{stroke:#888;"
    "stroke-dasharray:5 4}.axis{stroke:#bbb}.seen{fill:#3b6ea8}"
)


def picture(
    watched: Watched, grid: Grid, track: Track, falls: Sequence[SeenFall], slowdowns: Sequence[SeenSlowdown]
) -> str:
    """The whole series of a moment in its own unit: a dot a reading, breaches as bands, the day each was told as a
    line, the promise dashed; beside it a bar for each planted fall, and one for each slowdown."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(watched.title)}: what would have been told</title><style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text class="title" x="{LEFT}" y="20">{escape(watched.title)}: {_told(len(track.breaches))}</text>',
        *_past(watched, grid, track),
        *_beside(watched, falls, slowdowns),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _told(number: int) -> str:
    return {0: "no alert", 1: "one alert"}.get(number, f"{number} alerts") + " over all customers"


def _past(watched: Watched, grid: Grid, track: Track) -> list[str]:
    columns = np.flatnonzero(grid.n[:, 0] > 0)
    if not len(columns):
        return [f'<text x="{LEFT}" y="{HEIGHT / 2}">no mature readings</text>']
    rates = grid.good[columns, 0] / grid.n[columns, 0]
    lines = [] if watched.promise is None else [watched.rate(watched.promise)]
    low, high = min([float(rates.min()), *lines]), max([float(rates.max()), *lines])
    low, high = low - 0.05 * (high - low) - 1e-6, high + 0.05 * (high - low) + 1e-6
    first, last = int(columns[0]), max(int(columns[-1]), int(columns[0]) + 1)
    wide, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(column: float) -> float:
        return round(LEFT + wide * (column - first) / (last - first), 1)

    def y(rate: float) -> float:
        return round(TOP + tall * (high - rate) / (high - low), 1)

    def column_of(day: date) -> float:
        return (day - grid.first).days / grid.step

    figures = Figures(watched)
    parts = []
    for breach in track.breaches:
        begins, ends = x(column_of(breach.since)), x(column_of(breach.closed_on) if breach.closed_on else last)
        told = x(column_of(breach.fired_on))
        parts += [
            f'<rect class="breach" x="{begins}" y="{TOP}" width="{max(ends - begins, 2.0):.1f}" height="{tall}"/>',
            f'<line class="told" x1="{told}" x2="{told}" y1="{TOP}" y2="{TOP + tall}"/>',
        ]
    parts += [
        f'<line class="promise" x1="{LEFT}" x2="{LEFT + wide}" y1="{y(promise)}" y2="{y(promise)}"/>'
        for promise in lines
    ]
    parts += [
        f'<circle class="day" cx="{x(column)}" cy="{y(rate)}" r="2"/>'
        for column, rate in zip(columns.tolist(), rates.tolist(), strict=True)
    ]
    bottom = TOP + tall
    return [
        *parts,
        f'<line class="axis" x1="{LEFT}" x2="{LEFT + wide}" y1="{bottom}" y2="{bottom}"/>',
        f'<text x="{LEFT - 6}" y="{y(high) + 10}" text-anchor="end">{figures.value(min(high, 1.0))}</text>',
        f'<text x="{LEFT - 6}" y="{y(low)}" text-anchor="end">{figures.value(max(low, 0.0))}</text>',
        f'<text x="{LEFT}" y="{bottom + 18}">{grid.day(first)}</text>',
        f'<text x="{LEFT + wide}" y="{bottom + 18}" text-anchor="end">{grid.day(last)}</text>',
    ]


def _beside(watched: Watched, falls: Sequence[SeenFall], slowdowns: Sequence[SeenSlowdown]) -> list[str]:
    """One under the other, where a moment has both."""
    figures = Figures(watched)
    points = [figures.difference(1.0, 1.0 - one.fall).removesuffix(" points") for one in falls]
    charts: list[tuple[str, list[str], Sequence[Seen]]] = []
    if watched.has_share:
        charts.append(("seen within a week, of falls by", points, falls))
    if watched.is_duration:
        charts.append(("seen within a week, times as long", [f"{one.times:g}" for one in slowdowns], slowdowns))
    room = (HEIGHT - TOP - BOTTOM + GAP) / len(charts)
    return [part for number, chart in enumerate(charts) for part in _bars(*chart, TOP + number * room, room - GAP)]


def _bars(title: str, labels: Sequence[str], seen: Sequence[Seen], top: float, tall: float) -> list[str]:
    start, bottom = WIDTH - RIGHT + 50, top + tall
    if not seen:
        return [f'<text x="{start}" y="{top + tall / 2:.1f}">the past is too short</text>']
    step, mark = (RIGHT - 70) / len(seen), round(top + tall * (1.0 - MOSTLY), 1)
    parts = [f'<text x="{start}" y="{top - 14:.1f}">{title}</text>']
    for number, (label, one) in enumerate(zip(labels, seen, strict=True)):
        x, height = round(start + number * step, 1), round(tall * one.within, 1)
        parts += [
            f'<rect class="seen" x="{x}" y="{bottom - height:.1f}" width="{step - 4:.1f}" height="{height}">'
            f"<title>{label}: {100 * one.within:.0f} %</title></rect>",
            f'<text x="{x + step / 2 - 2:.1f}" y="{bottom + 18:.1f}" text-anchor="middle">{label}</text>',
        ]
    return [*parts, f'<line class="promise" x1="{start}" x2="{WIDTH - 20}" y1="{mark}" y2="{mark}"/>']
