"""A small chart as an HTML table: the one picture that every mail client shows, with images blocked as well. Pure.

SVG is dropped by most clients and pictures are hidden until asked for; cells with a colour and a height are neither.
Each day is a column: its value a dark dot, its 95 % interval a pale bar, what is usual a line across all columns, the
promise a dotted one. The axis is cut to where the values are, so values are told by place, not by length.
"""

from __future__ import annotations

from datetime import date
from html import escape
from itertools import groupby

from jkpi.alerts.notifications.model import Chart, Point
from jkpi.formatting.numbers import signed

HEIGHT = 96
_DOT = 4
_COLUMN = 9
_PAPER, _USUAL, _PROMISE = "#ffffff", "#4a6fa5", "#b5892e"
_SOUND, _SOUND_PALE, _FALLEN, _FALLEN_PALE = "#5c6670", "#d9dee3", "#b3261e", "#f3c6c2"


def render(chart: Chart) -> str:
    """The chart with its axis and its key; "" where no day has a value."""
    if all(point.value is None for point in chart.points):
        return ""
    low, high = _axis(chart)
    columns = "".join(_column(point, number, chart, low, high) for number, point in enumerate(chart.points))
    axis = (
        f'<td valign="top" style="{_SMALL}text-align:right;padding-right:6px">{_figure(high, chart)}</td>'
        f'<td rowspan="2" style="border-left:1px solid #c4c9ce;border-bottom:1px solid #c4c9ce">'
        f'<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr>{columns}</tr></table></td>'
    )
    foot = f'<td valign="bottom" style="{_SMALL}text-align:right;padding-right:6px">{_figure(low, chart)}</td>'
    days = f"{_day(chart.points[0])} to {_day(chart.points[-1])}"
    return (
        f'<table role="img" aria-label="{escape(_said(chart, days))}" cellpadding="0" cellspacing="0" border="0"'
        f' style="margin:12px 0 4px">'
        f"<tr>{axis}</tr><tr>{foot}</tr>"
        f'<tr><td></td><td style="{_SMALL}padding-top:4px">{escape(days)}</td></tr></table>'
        f'<p style="{_SMALL}margin:0 0 12px">{_key(chart)}</p>'
    )


_SMALL = "font:12px/16px Arial,sans-serif;color:#5c6670;"


def _axis(chart: Chart) -> tuple[float, float]:
    """From the lowest to the highest thing drawn, with a little air, within what the unit allows."""
    edges = [edge for p in chart.points for edge in (p.value, p.low, p.high) if edge is not None]
    edges += [line for line in (chart.usual, chart.promise) if line is not None]
    floor, roof, least = (-100.0, 100.0, 10.0) if chart.unit == "points" else (0.0, 1.0, 0.05)
    low, high = min(edges), max(edges)
    air = max(0.05 * (high - low), (least - (high - low)) / 2.0, 0.0)
    return max(floor, low - air), min(roof, high + air)


def _column(point: Point, number: int, chart: Chart, low: float, high: float) -> str:
    """One day, painted pixel by pixel from the top, equal neighbours joined to one cell."""

    def row(value: float) -> int:
        return min(HEIGHT - 1, max(0, round((high - value) / (high - low) * (HEIGHT - 1))))

    pixels = [_PAPER] * HEIGHT
    if point.low is not None and point.high is not None:
        top, bottom = sorted((row(point.low), row(point.high)))
        pixels[top : bottom + 1] = [_FALLEN_PALE if point.fallen else _SOUND_PALE] * (bottom + 1 - top)
    if chart.usual is not None:
        pixels[row(chart.usual)] = _USUAL
    if chart.promise is not None and number % 2 == 0:
        pixels[row(chart.promise)] = _PROMISE
    if point.value is not None:
        start = min(HEIGHT - _DOT, max(0, row(point.value) - _DOT // 2))
        pixels[start : start + _DOT] = [_FALLEN if point.fallen else _SOUND] * _DOT
    cells = "".join(_cell(colour, len(list(same))) for colour, same in groupby(pixels))
    table = f'<table role="presentation" cellpadding="0" cellspacing="0" border="0" width="{_COLUMN}">{cells}</table>'
    return f'<td valign="top" width="{_COLUMN}">{table}</td>'


def _cell(colour: str, height: int) -> str:
    # Without a font of its own a cell is as high as a letter in several clients.
    look = f"height:{height}px;line-height:1px;font-size:1px"
    return f'<tr><td height="{height}" bgcolor="{colour}" style="{look};background:{colour}">&nbsp;</td></tr>'


def _key(chart: Chart) -> str:
    parts = [
        _swatch(_SOUND) + "a day, with its 95&nbsp;% interval",
        *([_swatch(_FALLEN) + "the days told of"] if any(p.fallen for p in chart.points) else []),
        *([_swatch(_USUAL) + f"usual: {_figure(chart.usual, chart)}"] if chart.usual is not None else []),
        *([_swatch(_PROMISE) + f"promised: {_figure(chart.promise, chart)}"] if chart.promise is not None else []),
    ]
    return " &nbsp; ".join(parts)


def _swatch(colour: str) -> str:
    return f'<span style="background:{colour};color:{colour}">&#9632;</span> '


def _figure(value: float, chart: Chart) -> str:
    return signed(value) if chart.unit == "points" else f"{100 * value:.0f}&nbsp;%"


def _day(point: Point) -> str:
    day = date.fromisoformat(point.day)
    return f"{day.day} {day:%B} {day.year}"


def _said(chart: Chart, days: str) -> str:
    """What a screen reader says."""
    known = [point.value for point in chart.points if point.value is not None]
    figures = [_figure(value, chart).replace("&nbsp;", " ") for value in (min(known), max(known), known[-1])]
    return f"{days}: between {figures[0]} and {figures[1]}, last {figures[2]}"
