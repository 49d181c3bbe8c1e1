"""Evaluated series and stored alerts for table tests, written as a string of states or a few day numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from jkpi.alerts.detection.episodes import (
    EMPTY_HISTORY,
    NO_STATE,
    Detection,
    LineKind,
    SeriesResult,
    StateHistory,
    merge_detections,
)
from jkpi.alerts.detection.state_machine import STATES, SeriesState
from jkpi.alerts.series.watched import Series, WatchedMoment
from jkpi.alerts.statistics.running_sums import PooledSample
from jkpi.alerts.transitions.closing import rule_terms
from jkpi.alerts.transitions.model import EvaluatedSeries, StoredAlert

FIRST = date(2026, 1, 1)
WATCHED = WatchedMoment(
    "repair",
    "Repair",
    "technician_on_site",
    "Technician on site",
    "fix.time_to_resolve",
    "On site in time",
    "Repair",
    "share_within",
    "share",
    "higher",
    0.9,
    0.05,
    "field-service",
    ("lead",),
    ("region", "tier+region"),
    stage="fix",
)
STATE_LETTERS = {"o": SeriesState.OK, "p": SeriesState.PATTERN, "f": SeriesState.FIRING, "r": SeriesState.RECOVERING}


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def detection(onset: int, fired: int, closed: int | None = None, line: LineKind = "baseline") -> Detection:
    sample = PooledSample(day(onset), day(closed or fired), 3, 50.0, 100.0, 80.0, 75.0, 100.0)
    return Detection(line, day(onset), day(fired), None if closed is None else day(closed), "cusum", sample, None, 3)


def result(*detections: Detection, states: str = "o" * 70) -> SeriesResult:
    """states: one letter a day from day 0, a dot where there is no reading."""
    letters = [STATE_LETTERS.get(letter) for letter in states]
    codes = bytes(NO_STATE if state is None else STATES.index(state) for state in letters)
    read_days = bytes(int(state is not None) for state in letters)
    is_open = any(found.closed_on is None for found in detections)
    return SeriesResult(
        SeriesState.FIRING if is_open else SeriesState.OK,
        FIRST,
        merge_detections(list(detections)),
        None,
        day(len(states.rstrip(".")) - 1),
        StateHistory(FIRST, 1, codes) if codes else EMPTY_HISTORY,
        read_days=StateHistory(FIRST, 1, read_days),
    )


def evaluated(
    series_result: SeriesResult | None = None,
    segment: tuple[str, str] = ("all", "all"),
    watched: WatchedMoment = WATCHED,
    **fields: Any,
) -> EvaluatedSeries:
    fields = {"first_day": FIRST, "rule": watched.rule_for(), **fields}
    return EvaluatedSeries(Series(watched, *segment), series_result or result(), **fields)


def stored(
    onset: int = 60,
    fired: int = 63,
    closed: int | None = None,
    lines: Sequence[tuple[LineKind, int]] = (("baseline", 60),),
    segment: tuple[str, str] = ("all", "all"),
    **fields: Any,
) -> StoredAlert:
    """An alert that was notified; resolved if closed is given. Its days were all final."""
    series = Series(WATCHED, *segment)
    alert = StoredAlert(
        f"alert-{onset}",
        series.series_id,
        WATCHED.journey,
        WATCHED.moment,
        *segment,
        kind="drop",
        status="open" if closed is None else "resolved",
        onset=day(onset),
        fired_on=day(fired),
        closed_on=None if closed is None else day(closed),
        number=1 if closed is None else 2,
        rule_at_firing=rule_terms(evaluated()),
        notified_lines=tuple((line, day(since)) for line, since in lines),
        final_days=frozenset(day(number) for number in range(onset, (closed or fired) + 1)),
    )
    return replace(alert, **fields)
