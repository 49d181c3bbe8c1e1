"""The past and the parts: every weekly reading of every segment as the page's script shows it, already in words.

Python formats once; the script only picks. A cell is [value, interval, n, status, standing key, standing word]; where
the week was published with other figures, a cell with those follows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from jkpi.formatting import page_text
from jkpi.living_map import charts, definitions
from jkpi.living_map.charts import WEEKS
from jkpi.living_map.kpi_views import Clock, anchor, standing
from jkpi.living_map.page_data import Facts, Kpi, Moment, Reading, Week
from jkpi.living_map.views import Headline

_STATUS = {"final": "", "provisional": "provisional, may still change", "withheld": "withheld: not to be trusted"}


def timeline(facts: Facts, clock: Clock, top: Headline) -> str:
    """JSON for the page, safe inside a script element; `{}` where nothing was measured."""
    kpis = {kpi.kpi: kpi for kpi in facts.kpis}
    promises = {moment.kpi: moment for moment in reversed(facts.moments)}
    mondays = [clock.last_week - timedelta(weeks=WEEKS - 1 - n) for n in range(WEEKS)]
    cells: dict[str, dict[str, Any]] = {}
    drawings: dict[str, dict[str, str]] = {}
    names: dict[str, str] = {"all": "everybody"}
    for (name, segment, value), found in facts.insights.slices:
        if name not in kpis:
            continue
        key = "all" if segment == "all" else f"{segment}={value}"
        names.setdefault(key, f"{page_text.humanise(segment).lower()}: {value}")
        kpi, moment = kpis[name], promises.get(name)
        by_week = {week.reading.period_start: week for week in found}
        cells.setdefault(anchor("kpi", name), {})[key] = [_cell(by_week.get(day), kpi, moment) for day in mondays]
        if key != "all":
            drawings.setdefault(anchor("kpi", name), {})[key] = _drawing([week.reading for week in found], kpi, clock)
    if not cells:
        return "{}"
    told = {
        "weeks": [f"week of {page_text.day(day, clock.today)}" for day in mondays],
        "versions": [_version(facts, day) for day in mondays],
        "current": facts.version,
        "segments": [[key, names[key]] for key in sorted(names, key=lambda key: (key != "all", key))],
        "cells": cells,
        "charts": drawings,
        "banners": {key: [said.key, said.text, said.detail] for key, said in (("all", top), *top.segments)},
        "moments": {anchor("moment", moment.moment): anchor("kpi", moment.kpi) for moment in facts.moments},
    }
    # "<" would let a text end the script element it stands in.
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _cell(week: Week | None, kpi: Kpi, moment: Moment | None) -> list[Any] | None:
    if week is None:
        return None
    if week.hidden:
        return ["–", "", "", "too few members to be shown", "", ""]
    now = _told(week.reading, kpi, moment)
    then = _told(week.published, kpi, moment) if week.published else now
    cell: list[Any] = [*now] if then[:3] == now[:3] else [*now, then]
    return cell


def _told(reading: Reading, kpi: Kpi, moment: Moment | None) -> list[str]:
    unit = definitions.unit_of(reading.statistic, kpi.rule)
    goal, noun = (kpi.target, "target") if kpi.target is not None else (moment.promise if moment else None, "promise")
    if reading.status == "withheld" or reading.value is None:
        return ["–", "", "", _STATUS.get(reading.status, reading.status) or "no data", "", ""]
    mark = standing(reading, goal, kpi.direction, noun)
    return [
        page_text.value(reading.value, unit, reading.statistic, goal),
        page_text.interval(reading.low, reading.high, unit, reading.statistic) or "",
        page_text.count(reading.sample_size) if unit != "count" else "",
        _STATUS.get(reading.status, reading.status),
        mark.key if mark else "",
        mark.word if mark else "",
    ]


def _drawing(readings: Sequence[Reading], kpi: Kpi, clock: Clock) -> str:
    """The series of a segment, without the tooltips: they would be most of the page."""
    points = [charts.Point(r.period_start, r.value, r.low, r.high, r.status, "") for r in readings]
    unit = definitions.unit_of(readings[0].statistic, kpi.rule)
    rules = (
        [charts.Rule(kpi.target, "target", page_text.goal(kpi.target, unit, readings[0].statistic))]
        if kpi.target is not None
        else []
    )
    return str(charts.sparkline(points, rules, clock.last_week, label=kpi.title))


def _version(facts: Facts, day: date) -> int:
    """The version of the map in force at the end of that week; the first one from ever."""
    versions = facts.insights.versions
    sunday = day + timedelta(days=6)
    return max((v for v, since in versions if since <= sunday), default=min((v for v, _ in versions), default=0))
