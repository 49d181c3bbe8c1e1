"""Every weekly reading of every segment, formatted for the script of the page.

The script only selects. A cell is [value, interval, n, status, goal status key, goal status label], followed by a cell
with the figures first published if they were different.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from jkpi.formatting.dates import format_short_date
from jkpi.formatting.numbers import format_count, titleize
from jkpi.living_map import charts, definitions, page_text
from jkpi.living_map.alert_views import promise_text
from jkpi.living_map.charts import WEEKS_SHOWN
from jkpi.living_map.kpi_views import PageDates, anchor, goal_status
from jkpi.living_map.page_data import KpiData, KpiReading, PageData, SegmentWeek
from jkpi.living_map.views import Headline

_SHORT_STATUS_TEXTS = {
    "final": "",
    "provisional": "provisional: may still change",
    "withheld": "withheld: the data failed a check",
}


def timeline_json(page_data: PageData, dates: PageDates, headline: Headline) -> str:
    """JSON for the page, safe inside a script element; `{}` if nothing has been measured."""
    kpis = {kpi.kpi: kpi for kpi in page_data.kpis}
    promises = {moment.kpi: moment for moment in reversed(page_data.moments)}
    mondays = [dates.last_week - timedelta(weeks=WEEKS_SHOWN - 1 - n) for n in range(WEEKS_SHOWN)]
    cells: dict[str, dict[str, Any]] = {}
    segment_charts: dict[str, dict[str, str]] = {}
    segment_promises: dict[str, dict[str, str]] = {}
    names: dict[str, str] = {"all": "all customers"}
    for (name, segment, value), segment_weeks in page_data.insights.segment_weeks:
        if name not in kpis:
            continue
        key = "all" if segment == "all" else f"{segment}={value}"
        names.setdefault(key, f"{titleize(segment).lower()}: {value}")
        kpi, moment = kpis[name], promises.get(name)
        promise = moment.promise_to(segment, value) if moment else None
        if moment is not None and promise != moment.promise:
            segment_promises.setdefault(anchor("kpi", name), {})[key] = promise_text(
                promise, kpi, segment_weeks[0].reading.statistic
            )
        by_week = {week.reading.period_start: week for week in segment_weeks}
        cells.setdefault(anchor("kpi", name), {})[key] = [
            _timeline_cell(by_week.get(day), kpi, promise) for day in mondays
        ]
        if key != "all":
            segment_charts.setdefault(anchor("kpi", name), {})[key] = _segment_chart(
                [week.reading for week in segment_weeks], kpi, dates
            )
    if not cells:
        return "{}"
    document = {
        "weeks": [f"week of {format_short_date(day, dates.today)}" for day in mondays],
        "versions": [_version_in_force(page_data, day) for day in mondays],
        "current": page_data.version,
        "segments": [[key, names[key]] for key in sorted(names, key=lambda key: (key != "all", key))],
        "cells": cells,
        "charts": segment_charts,
        "promises": segment_promises,
        "headlines": {
            key: [segment_headline.key, segment_headline.text, segment_headline.detail]
            for key, segment_headline in (("all", headline), *headline.segments)
        },
        "moments": {anchor("moment", moment.moment): anchor("kpi", moment.kpi) for moment in page_data.moments},
    }
    # "<" in a text could end the script element.
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _timeline_cell(week: SegmentWeek | None, kpi: KpiData, promise: float | None) -> list[Any] | None:
    if week is None:
        return None
    if week.is_suppressed:
        return ["–", "", "", "too few customers to show", "", ""]
    current = _cell_texts(week.reading, kpi, promise)
    first_published = _cell_texts(week.first_published, kpi, promise) if week.first_published else current
    cell: list[Any] = [*current] if first_published[:3] == current[:3] else [*current, first_published]
    return cell


def _cell_texts(reading: KpiReading, kpi: KpiData, promise: float | None) -> list[str]:
    unit = definitions.unit_of_statistic(reading.statistic, kpi.parameters)
    goal, noun = (kpi.target, "target") if kpi.target is not None else (promise, "promise")
    if reading.status == "withheld" or reading.value is None:
        return ["–", "", "", _SHORT_STATUS_TEXTS.get(reading.status, reading.status) or "no data", "", ""]
    status = goal_status(reading, goal, kpi.direction, noun)
    return [
        page_text.format_reading(reading.value, unit, reading.statistic, against=goal),
        page_text.format_interval(reading.low, reading.high, unit, reading.statistic) or "",
        format_count(reading.sample_size) if unit != "count" else "",
        _SHORT_STATUS_TEXTS.get(reading.status, reading.status),
        status.key if status else "",
        status.label if status else "",
    ]


def _segment_chart(readings: Sequence[KpiReading], kpi: KpiData, dates: PageDates) -> str:
    """The chart of a segment, without tooltips to keep the page small."""
    points = [charts.WeekPoint(r.period_start, r.value, r.low, r.high, r.status, "") for r in readings]
    unit = definitions.unit_of_statistic(readings[0].statistic, kpi.parameters)
    reference_lines = (
        [charts.ReferenceLine(kpi.target, "target", page_text.format_goal(kpi.target, unit, readings[0].statistic))]
        if kpi.target is not None
        else []
    )
    return str(charts.sparkline(points, reference_lines, dates.last_week, label=kpi.title))


def _version_in_force(page_data: PageData, day: date) -> int:
    """The version of the map in force at the end of that week; the first one before that."""
    versions = page_data.insights.versions
    sunday = day + timedelta(days=6)
    return max((v for v, since in versions if since <= sunday), default=min((v for v, _ in versions), default=0))
