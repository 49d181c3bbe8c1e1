"""The ladder, as a table of state x input: all rows of the table are series of one fold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest

from jkpi.alerts.detection.line_tracker import BudgetGroups, LineTracker
from jkpi.alerts.detection.state_machine import (
    ERROR,
    EVALUATED,
    LEARNING,
    LOW_N,
    NO_DATA,
    STATES,
    SUSPENDED,
    SeriesState,
)
from jkpi.alerts.statistics.cusum import increment_of
from jkpi.alerts.statistics.reading_grid import VALID, ReadingGrid
from jkpi.alerts.statistics.rules import DAILY
from jkpi.alerts.statistics.running_sums import EvaluatedColumn

FIRST = date(2026, 3, 2)
NEVER = 1e9

# One letter a day against a usual rate of 0.9 and a line of 0.85: o clear, d not quite, m low but not beyond the line,
# w low and beyond it, v very low, c collapsed; b a clear day too few to show it; h held, l low n, n no data,
# g learning, e error.
FIGURES = {"o": (190.0, 200.0), "d": (178.0, 200.0), "m": (171.0, 200.0), "w": (168.0, 200.0), "v": (165.0, 200.0),
           "c": (60.0, 200.0), "b": (9.0, 10.0)}  # fmt: skip
KINDS = {"h": SUSPENDED, "l": LOW_N, "n": NO_DATA, "g": LEARNING, "e": ERROR}


class Table:
    """Series that differ in nothing but their days. `need`: the evidence that fires by itself, NEVER for the ladder."""

    def __init__(self, rows: Sequence[str], need: float = NEVER, usual: float = 0.9, line: float = 0.85) -> None:
        self.length = max(map(len, rows))
        self.rows = [row.rjust(self.length, "g") for row in rows]
        counts = np.array([[FIGURES.get(row[t], (0.0, 0.0)) for row in self.rows] for t in range(self.length)])
        self.climb, self.need = self._climb(counts), need
        self.states: list[list[SeriesState]] = []
        series = len(rows)
        for t in range(self.length):
            kind = np.array([KINDS.get(row[t], EVALUATED) for row in self.rows], dtype=np.int8)
            good, n = counts[t].T
            day = EvaluatedColumn(
                kind == EVALUATED, good, n, np.full(series, t), np.full(series, usual), np.full(series, line),
                np.zeros(series), np.full(series, np.inf), np.ones(series),
            )  # fmt: skip
            added = increment_of(day, np.full(series, usual - line), np.full(series, np.inf))
            self.climb.advance(t, day, added, np.full(series, need))
            self.states.append([STATES[code] for code in self.climb.state.displayed_states(kind)])
        self.climb.record_open_detections(self.length - 1)

    def _climb(self, counts: np.ndarray) -> LineTracker:
        good, n = counts[..., 0], counts[..., 1]
        series = n.shape[1]
        mark = np.full(n.shape, VALID, dtype=np.int8)
        begin, end = np.zeros(series, dtype=np.intp), np.full(series, self.length)
        grid = ReadingGrid(FIRST, 1, good, n, np.zeros_like(n), mark, begin, end)
        return LineTracker(
            "baseline", grid, DAILY, BudgetGroups(np.arange(series), np.ones(series)), np.full(series, 0.05)
        )


# Three low days in a row need evidence as well, which days so far off have: their budget is that of one in a year.
BY_LADDER = [
    ("o", SeriesState.OK),
    ("w", SeriesState.WATCH),
    ("ww", SeriesState.PATTERN),
    ("wwo", SeriesState.OK),
    ("wow", SeriesState.WATCH),
    ("wwow", SeriesState.WATCH),
    ("mmm", SeriesState.PATTERN),
    ("mmmmm", SeriesState.PATTERN),
    ("c", SeriesState.FIRING),
    ("oc", SeriesState.FIRING),
    ("g", SeriesState.LEARNING),
    ("wg", SeriesState.LEARNING),
    # what cannot be judged holds the counters
    ("wlw", SeriesState.PATTERN),
    ("wwh", SeriesState.SUSPENDED),
    ("wwe", SeriesState.ERROR),
    ("wwll", SeriesState.LOW_N),
]
BY_TREND = [
    ("www", SeriesState.FIRING),
    ("wwlw", SeriesState.FIRING),
    ("wwhhw", SeriesState.FIRING),
    ("wwnw", SeriesState.FIRING),
    ("wwew", SeriesState.FIRING),
    ("ww" + "h" * 13 + "w", SeriesState.FIRING),
    # an open alert stays in sight
    ("wwwh", SeriesState.FIRING),
    ("wwwn", SeriesState.FIRING),
    ("wwwe", SeriesState.FIRING),
    ("www" + "h" * 60, SeriesState.FIRING),
    ("wwwoh", SeriesState.RECOVERING),
    ("wwwo", SeriesState.RECOVERING),
    ("wwwoo", SeriesState.RECOVERING),
    ("wwwooo", SeriesState.OK),
    ("wwwolololo", SeriesState.OK),
    ("wwwow", SeriesState.FIRING),
    ("wwwoow", SeriesState.FIRING),
    ("wwwoowooo", SeriesState.OK),
    # small days: three do not show it, a low one amid them is a coincidence, two are not
    ("wwwbbb", SeriesState.RECOVERING),
    ("wwwbbbm", SeriesState.RECOVERING),
    ("wwwbbbmm", SeriesState.FIRING),
    ("wwwbbbmb", SeriesState.RECOVERING),
    ("www" + "b" * 13, SeriesState.RECOVERING),
    ("www" + "b" * 14, SeriesState.OK),
    ("wwwooow", SeriesState.WATCH),
    ("wwwooowww", SeriesState.FIRING),
]


@pytest.mark.parametrize(("table", "need"), [(BY_LADDER, NEVER), (BY_TREND, 10.0)])
def test_state_after(table: list[tuple[str, SeriesState]], need: float) -> None:
    found = Table([days for days, _ in table], need).states[-1]
    assert dict(zip((days for days, _ in table), found, strict=True)) == dict(table)


def test_a_long_silence_forgets_a_run() -> None:
    assert Table(["ww" + "h" * 14 + "w"], 10.0).states[-1] == [SeriesState.WATCH]


def test_evidence_adds_up_over_days_that_are_no_run() -> None:
    """A day off now and then is a coincidence; days off with others between add up, and say since when."""
    climb = Table(["oovdvdvv", "oovoooov"], need=9.0).climb
    (part,), nothing = climb.detections
    assert (part.reason, part.onset) == ("evidence", FIRST + timedelta(days=2)) and nothing == []


def test_a_collapse_needs_enough_cases_and_distance() -> None:
    def after(good: float, n: float) -> SeriesState:
        FIGURES["x"] = (good, n)
        return Table(["x"]).states[-1][0]

    assert after(10, 30) is SeriesState.FIRING
    assert after(10, 29) is SeriesState.WATCH
    assert after(2600, 3000) is SeriesState.WATCH  # surely low, and not far
    assert after(22, 30) is SeriesState.WATCH


def test_an_alert_knows_its_days() -> None:
    table = Table(["oowwwooo", "ooowwwoo"], 10.0)
    (closed,), (still_open,) = table.climb.detections
    assert (closed.onset, closed.fired_on, closed.closed_on) == tuple(FIRST + timedelta(days=i) for i in (2, 4, 7))
    assert closed.reason == "trend" and closed.recovery is not None
    assert (closed.drop.days, closed.drop.n, closed.recovery.days) == (6, 1200, 3)
    assert still_open.closed_on is None and still_open.drop.days == 5
