"""The ladder, as a table of state x input: all rows of the table are series of one fold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest

from jkpi.alerts.detection.line_tracker import Climb, Families
from jkpi.alerts.detection.state_machine import ERROR, HELD, JUDGED, LEARNING, LOW_N, NO_DATA, STATES, State
from jkpi.alerts.statistics.cusum import gain
from jkpi.alerts.statistics.reading_matrix import READ, Grid
from jkpi.alerts.statistics.rules import DAILY
from jkpi.alerts.statistics.running_sums import Judged

FIRST = date(2026, 3, 2)
NEVER = 1e9

# One letter a day against a usual rate of 0.9 and a line of 0.85: o clear, d not quite, m low but not beyond the line,
# w low and beyond it, v very low, c collapsed; b a clear day too few to show it; h held, l low n, n no data,
# g learning, e error.
FIGURES = {"o": (190.0, 200.0), "d": (178.0, 200.0), "m": (171.0, 200.0), "w": (168.0, 200.0), "v": (165.0, 200.0),
           "c": (60.0, 200.0), "b": (9.0, 10.0)}  # fmt: skip
KINDS = {"h": HELD, "l": LOW_N, "n": NO_DATA, "g": LEARNING, "e": ERROR}


class Table:
    """Series that differ in nothing but their days. `need`: the evidence that fires by itself, NEVER for the ladder."""

    def __init__(self, rows: Sequence[str], need: float = NEVER, usual: float = 0.9, line: float = 0.85) -> None:
        self.length = max(map(len, rows))
        self.rows = [row.rjust(self.length, "g") for row in rows]
        counts = np.array([[FIGURES.get(row[t], (0.0, 0.0)) for row in self.rows] for t in range(self.length)])
        self.climb, self.need = self._climb(counts), need
        self.states: list[list[State]] = []
        series = len(rows)
        for t in range(self.length):
            kind = np.array([KINDS.get(row[t], JUDGED) for row in self.rows], dtype=np.int8)
            good, n = counts[t].T
            day = Judged(
                kind == JUDGED, good, n, np.full(series, t), np.full(series, usual), np.full(series, line),
                np.zeros(series), np.full(series, np.inf), np.ones(series),
            )  # fmt: skip
            added = gain(day, np.full(series, usual - line), np.full(series, np.inf))
            self.climb.go(t, day, added, np.full(series, need))
            self.states.append([STATES[code] for code in self.climb.ladders.states(kind)])
        self.climb.finish(self.length - 1)

    def _climb(self, counts: np.ndarray) -> Climb:
        good, n = counts[..., 0], counts[..., 1]
        series = n.shape[1]
        mark = np.full(n.shape, READ, dtype=np.int8)
        begin, end = np.zeros(series, dtype=np.intp), np.full(series, self.length)
        grid = Grid(FIRST, 1, good, n, np.zeros_like(n), mark, begin, end)
        return Climb("baseline", grid, DAILY, Families(np.arange(series), np.ones(series)), np.full(series, 0.05))


# Three low days in a row need evidence as well, which days so far off have: their budget is that of one in a year.
BY_LADDER = [
    ("o", State.OK),
    ("w", State.WATCH),
    ("ww", State.PATTERN),
    ("wwo", State.OK),
    ("wow", State.WATCH),
    ("wwow", State.WATCH),
    ("mmm", State.PATTERN),
    ("mmmmm", State.PATTERN),
    ("c", State.FIRING),
    ("oc", State.FIRING),
    ("g", State.LEARNING),
    ("wg", State.LEARNING),
    # what cannot be judged holds the counters
    ("wlw", State.PATTERN),
    ("wwh", State.HELD),
    ("wwe", State.ERROR),
    ("wwll", State.LOW_N),
]
BY_TREND = [
    ("www", State.FIRING),
    ("wwlw", State.FIRING),
    ("wwhhw", State.FIRING),
    ("wwnw", State.FIRING),
    ("wwew", State.FIRING),
    ("ww" + "h" * 13 + "w", State.FIRING),
    # an open alert stays in sight
    ("wwwh", State.FIRING),
    ("wwwn", State.FIRING),
    ("wwwe", State.FIRING),
    ("www" + "h" * 60, State.FIRING),
    ("wwwoh", State.RECOVERING),
    ("wwwo", State.RECOVERING),
    ("wwwoo", State.RECOVERING),
    ("wwwooo", State.OK),
    ("wwwolololo", State.OK),
    ("wwwow", State.FIRING),
    ("wwwoow", State.FIRING),
    ("wwwoowooo", State.OK),
    # small days: three do not show it, a low one amid them is a coincidence, two are not
    ("wwwbbb", State.RECOVERING),
    ("wwwbbbm", State.RECOVERING),
    ("wwwbbbmm", State.FIRING),
    ("wwwbbbmb", State.RECOVERING),
    ("www" + "b" * 13, State.RECOVERING),
    ("www" + "b" * 14, State.OK),
    ("wwwooow", State.WATCH),
    ("wwwooowww", State.FIRING),
]


@pytest.mark.parametrize(("table", "need"), [(BY_LADDER, NEVER), (BY_TREND, 10.0)])
def test_state_after(table: list[tuple[str, State]], need: float) -> None:
    found = Table([days for days, _ in table], need).states[-1]
    assert dict(zip((days for days, _ in table), found, strict=True)) == dict(table)


def test_a_long_silence_forgets_a_run() -> None:
    assert Table(["ww" + "h" * 14 + "w"], 10.0).states[-1] == [State.WATCH]


def test_evidence_adds_up_over_days_that_are_no_run() -> None:
    """A day off now and then is a coincidence; days off with others between add up, and say since when."""
    climb = Table(["oovdvdvv", "oovoooov"], need=9.0).climb
    (part,), nothing = climb.parts
    assert (part.reason, part.since) == ("evidence", FIRST + timedelta(days=2)) and nothing == []


def test_a_collapse_needs_enough_cases_and_distance() -> None:
    def after(good: float, n: float) -> State:
        FIGURES["x"] = (good, n)
        return Table(["x"]).states[-1][0]

    assert after(10, 30) is State.FIRING
    assert after(10, 29) is State.WATCH
    assert after(2600, 3000) is State.WATCH  # surely low, and not far
    assert after(22, 30) is State.WATCH


def test_an_alert_knows_its_days() -> None:
    table = Table(["oowwwooo", "ooowwwoo"], 10.0)
    (closed,), (still_open,) = table.climb.parts
    assert (closed.since, closed.fired_on, closed.closed_on) == tuple(FIRST + timedelta(days=i) for i in (2, 4, 7))
    assert closed.reason == "trend" and closed.clear is not None
    assert (closed.fell.days, closed.fell.n, closed.clear.days) == (6, 1200, 3)
    assert still_open.closed_on is None and still_open.fell.days == 5
