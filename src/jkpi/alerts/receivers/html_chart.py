"""A small chart as an HTML table, which every mail client shows, even with images blocked. Pure.

Most clients remove SVG and hide images until the reader asks; table cells with a colour and a height always show. Each
day is a column: its value is a dark dot, its 95 % interval a pale bar. The baseline is a line across all columns, the
promise a dotted one. The axis covers only the range of the values, so read positions, not lengths.
"""

from __future__ import annotations

from datetime import date
from html import escape
from itertools import groupby

from jkpi.alerts.notifications.model import ChartDay, ReadingsChart
from jkpi.formatting.numbers import format_signed

HEIGHT = 96
_DOT = 4
_COLUMN_WIDTH = 9
_BACKGROUND, _BASELINE_COLOUR, _PROMISE_COLOUR = "#ffffff", "#4a6fa5", "#b5892e"
_VALUE_COLOUR, _INTERVAL_COLOUR, _DROP_COLOUR, _DROP_INTERVAL_COLOUR = "#5c6670", "#d9dee3", "#b3261e", "#f3c6c2"


def render_chart(chart: ReadingsChart) -> str:
    """The chart with its axis and its legend; "" if no day has a value."""
    if all(chart_day.value is None for chart_day in chart.days):
        return ""
    low, high = _axis(chart)
    columns = "".join(_column(chart_day, number, chart, low, high) for number, chart_day in enumerate(chart.days))
    axis = (
        f'<td valign="top" style="{_SMALL}text-align:right;padding-right:6px">{_format_value(high, chart)}</td>'
        f'<td rowspan="2" style="border-left:1px solid #c4c9ce;border-bottom:1px solid #c4c9ce">'
        f'<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr>{columns}</tr></table></td>'
    )
    foot = f'<td valign="bottom" style="{_SMALL}text-align:right;padding-right:6px">{_format_value(low, chart)}</td>'
    period = f"{_day(chart.days[0])} to {_day(chart.days[-1])}"
    return (
        f'<table role="img" aria-label="{escape(_screen_reader_text(chart, period))}"'
        f' cellpadding="0" cellspacing="0" border="0" style="margin:12px 0 4px">'
        f"<tr>{axis}</tr><tr>{foot}</tr>"
        f'<tr><td></td><td style="{_SMALL}padding-top:4px">{escape(period)}</td></tr></table>'
        f'<p style="{_SMALL}margin:0 0 12px">{_legend(chart)}</p>'
    )


_SMALL = "font:12px/16px Arial,sans-serif;color:#5c6670;"


def _axis(chart: ReadingsChart) -> tuple[float, float]:
    """From the lowest to the highest value drawn, with a margin, within the limits of the unit."""
    values = [
        value
        for chart_day in chart.days
        for value in (chart_day.value, chart_day.low, chart_day.high)
        if value is not None
    ]
    values += [line for line in (chart.baseline, chart.promise) if line is not None]
    lower_limit, upper_limit, min_range = (-100.0, 100.0, 10.0) if chart.unit == "points" else (0.0, 1.0, 0.05)
    low, high = min(values), max(values)
    margin = max(0.05 * (high - low), (min_range - (high - low)) / 2.0, 0.0)
    return max(lower_limit, low - margin), min(upper_limit, high + margin)


def _column(chart_day: ChartDay, number: int, chart: ReadingsChart, low: float, high: float) -> str:
    """One day: a list of pixels from the top; equal neighbours become one cell."""

    def row(value: float) -> int:
        return min(HEIGHT - 1, max(0, round((high - value) / (high - low) * (HEIGHT - 1))))

    pixels = [_BACKGROUND] * HEIGHT
    if chart_day.low is not None and chart_day.high is not None:
        top, bottom = sorted((row(chart_day.low), row(chart_day.high)))
        pixels[top : bottom + 1] = [_DROP_INTERVAL_COLOUR if chart_day.in_drop else _INTERVAL_COLOUR] * (
            bottom + 1 - top
        )
    if chart.baseline is not None:
        pixels[row(chart.baseline)] = _BASELINE_COLOUR
    if chart.promise is not None and number % 2 == 0:
        pixels[row(chart.promise)] = _PROMISE_COLOUR
    if chart_day.value is not None:
        start = min(HEIGHT - _DOT, max(0, row(chart_day.value) - _DOT // 2))
        pixels[start : start + _DOT] = [_DROP_COLOUR if chart_day.in_drop else _VALUE_COLOUR] * _DOT
    cells = "".join(_cell(colour, len(list(run))) for colour, run in groupby(pixels))
    table = (
        f'<table role="presentation" cellpadding="0" cellspacing="0" border="0" width="{_COLUMN_WIDTH}">{cells}</table>'
    )
    return f'<td valign="top" width="{_COLUMN_WIDTH}">{table}</td>'


def _cell(colour: str, height: int) -> str:
    # In several clients a cell without a font size is as high as a line of text.
    style = f"height:{height}px;line-height:1px;font-size:1px"
    return f'<tr><td height="{height}" bgcolor="{colour}" style="{style};background:{colour}">&nbsp;</td></tr>'


def _legend(chart: ReadingsChart) -> str:
    swatches = [
        _swatch(_VALUE_COLOUR) + "a day, with its 95&nbsp;% interval",
        *([_swatch(_DROP_COLOUR) + "the drop"] if any(chart_day.in_drop for chart_day in chart.days) else []),
        *(
            [_swatch(_BASELINE_COLOUR) + f"baseline: {_format_value(chart.baseline, chart)}"]
            if chart.baseline is not None
            else []
        ),
        *(
            [_swatch(_PROMISE_COLOUR) + f"promise: {_format_value(chart.promise, chart)}"]
            if chart.promise is not None
            else []
        ),
    ]
    return " &nbsp; ".join(swatches)


def _swatch(colour: str) -> str:
    return f'<span style="background:{colour};color:{colour}">&#9632;</span> '


def _format_value(value: float, chart: ReadingsChart) -> str:
    return format_signed(value) if chart.unit == "points" else f"{100 * value:.0f}&nbsp;%"


def _day(chart_day: ChartDay) -> str:
    day = date.fromisoformat(chart_day.day)
    return f"{day.day} {day:%B} {day.year}"


def _screen_reader_text(chart: ReadingsChart, period: str) -> str:
    """The text for screen readers."""
    values = [chart_day.value for chart_day in chart.days if chart_day.value is not None]
    figures = [_format_value(value, chart).replace("&nbsp;", " ") for value in (min(values), max(values), values[-1])]
    return f"{period}: between {figures[0]} and {figures[1]}, last {figures[2]}"
