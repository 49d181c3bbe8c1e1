"""State machine as a table of states and inputs. All rows of a table are series of one grid."""

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
NEVER_FIRES = 1e9

# One letter a day against a reference of 0.9 and a line of 0.85: o clear, d slightly low, m low but above the line,
# w low and below it, v very low, c collapsed; b clear with few cases; h suspended, l low n, n no data, g learning,
# e error.
COUNTS = {
    "o": (190.0, 200.0),
    "d": (178.0, 200.0),
    "m": (171.0, 200.0),
    "w": (168.0, 200.0),
    "v": (165.0, 200.0),
    "c": (60.0, 200.0),
    "b": (9.0, 10.0),
}
STATUS_CODES = {"h": SUSPENDED, "l": LOW_N, "n": NO_DATA, "g": LEARNING, "e": ERROR}


class SeriesTable:
    """Series that differ only in their days. threshold: CUSUM evidence that fires by itself."""

    def __init__(
        self, rows: Sequence[str], threshold: float = NEVER_FIRES, reference: float = 0.9, line: float = 0.85
    ) -> None:
        self.length = max(map(len, rows))
        self.rows = [row.rjust(self.length, "g") for row in rows]
        counts = np.array([[COUNTS.get(row[column], (0.0, 0.0)) for row in self.rows] for column in range(self.length)])
        self.tracker, self.threshold = self._tracker(counts), threshold
        self.states: list[list[SeriesState]] = []
        series_count = len(rows)
        for column in range(self.length):
            status_codes = np.array([STATUS_CODES.get(row[column], EVALUATED) for row in self.rows], dtype=np.int8)
            successes, n = counts[column].T
            readings = EvaluatedColumn(
                status_codes == EVALUATED,
                successes,
                n,
                np.full(series_count, column),
                np.full(series_count, reference),
                np.full(series_count, line),
                np.zeros(series_count),
                np.full(series_count, np.inf),
                np.ones(series_count),
            )
            increment = increment_of(readings, np.full(series_count, reference - line), np.full(series_count, np.inf))
            self.tracker.advance(column, readings, increment, np.full(series_count, threshold))
            self.states.append([STATES[code] for code in self.tracker.state.displayed_states(status_codes)])
        self.tracker.record_open_detections(self.length - 1)

    def _tracker(self, counts: np.ndarray) -> LineTracker:
        successes, n = counts[..., 0], counts[..., 1]
        series_count = n.shape[1]
        status = np.full(n.shape, VALID, dtype=np.int8)
        begin, end = np.zeros(series_count, dtype=np.intp), np.full(series_count, self.length)
        grid = ReadingGrid(FIRST, 1, successes, n, np.zeros_like(n), status, begin, end)
        return LineTracker(
            "baseline",
            grid,
            DAILY,
            BudgetGroups(np.arange(series_count), np.ones(series_count)),
            np.full(series_count, 0.05),
        )


# Three low days in a row need CUSUM evidence too. Days this low have it at a threshold of 10.
WITHOUT_EVIDENCE = [
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
    # a day that is not evaluated keeps the counters
    ("wlw", SeriesState.PATTERN),
    ("wwh", SeriesState.SUSPENDED),
    ("wwe", SeriesState.ERROR),
    ("wwll", SeriesState.LOW_N),
]
WITH_EVIDENCE = [
    ("www", SeriesState.FIRING),
    ("wwlw", SeriesState.FIRING),
    ("wwhhw", SeriesState.FIRING),
    ("wwnw", SeriesState.FIRING),
    ("wwew", SeriesState.FIRING),
    ("ww" + "h" * 13 + "w", SeriesState.FIRING),
    # an open alert stays visible
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
    # small days: three are not enough to close; one low day among them is a coincidence, two are not
    ("wwwbbb", SeriesState.RECOVERING),
    ("wwwbbbm", SeriesState.RECOVERING),
    ("wwwbbbmm", SeriesState.FIRING),
    ("wwwbbbmb", SeriesState.RECOVERING),
    ("www" + "b" * 13, SeriesState.RECOVERING),
    ("www" + "b" * 14, SeriesState.OK),
    ("wwwooow", SeriesState.WATCH),
    ("wwwooowww", SeriesState.FIRING),
]


@pytest.mark.parametrize(("cases", "threshold"), [(WITHOUT_EVIDENCE, NEVER_FIRES), (WITH_EVIDENCE, 10.0)])
def test_state_after(cases: list[tuple[str, SeriesState]], threshold: float) -> None:
    states = SeriesTable([days for days, _ in cases], threshold).states[-1]
    assert dict(zip((days for days, _ in cases), states, strict=True)) == dict(cases)


def test_low_days_expire_after_14_days_without_evaluation() -> None:
    assert SeriesTable(["ww" + "h" * 14 + "w"], 10.0).states[-1] == [SeriesState.WATCH]


def test_evidence_adds_up_over_separate_days() -> None:
    """Slightly low days with clear ones between add up, and the onset is the first of them."""
    tracker = SeriesTable(["oovdvdvv", "oovoooov"], threshold=9.0).tracker
    (detection,), no_detections = tracker.detections
    assert (detection.reason, detection.onset) == ("cusum", FIRST + timedelta(days=2)) and no_detections == []


@pytest.mark.parametrize(
    ("successes", "n", "state"),
    [
        (10, 30, SeriesState.FIRING),
        (10, 29, SeriesState.FIRING),
        (0, 4, SeriesState.WATCH),  # one in ten thousand, not less
        (0, 5, SeriesState.FIRING),
        (2, 5, SeriesState.WATCH),
        (22, 30, SeriesState.WATCH),
        (2600, 3000, SeriesState.WATCH),  # significant, but above the line
    ],
)
def test_a_collapse_is_decided_by_its_tail_whatever_n_is(successes: float, n: float, state: SeriesState) -> None:
    COUNTS["x"] = (successes, n)
    assert SeriesTable(["x"]).states[-1][0] is state


def test_small_low_days_in_a_row_are_a_collapse_together() -> None:
    """2 and 1 of 5 cases are good where nine in ten are usual: less than one in ten thousand, but neither day alone."""
    COUNTS["x"], COUNTS["y"] = (2.0, 5.0), (1.0, 5.0)
    (detection,), alone = SeriesTable(["xy", "oy"]).tracker.detections
    assert alone == []
    assert (detection.reason, detection.onset) == ("collapse", FIRST)


def test_a_detection_has_its_days() -> None:
    cases = SeriesTable(["oowwwoooo", "ooowwwooo"], 10.0)
    (closed,), (still_open,) = cases.tracker.detections
    assert (closed.onset, closed.fired_on, closed.closed_on) == tuple(FIRST + timedelta(days=i) for i in (2, 4, 8))
    assert closed.reason == "trend" and closed.recovery is not None
    assert (closed.drop.days, closed.drop.n, closed.recovery.days) == (7, 1400, 4)
    assert still_open.closed_on is None and still_open.drop.days == 6
