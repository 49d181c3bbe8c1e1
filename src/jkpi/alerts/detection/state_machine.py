"""The ladder: coincidence, pattern, trend. A pure fold, one column at a time, over many series against one line.

| state      | enters when                                                                                        |
|------------|----------------------------------------------------------------------------------------------------|
| ok         | a day that is not low                                                                              |
| watch      | one low day (tail < 0.10): a coincidence                                                           |
| pattern    | two low days in a row, or three and more that are not yet far or sure enough                       |
| firing     | three in a row that are, evidence enough from two days or more, one collapsed day, or, against a   |
|            | promise, four weeks each of which is beyond the line                                               |
| recovering | while an alert is open: a clear day, neither low nor beyond the line                               |
| resolved   | the days since it turned clear, three at least, lie above the line with their pooled 95 % interval; |
|            | of a series too small to show that, 14 such days whose pooled rate does; and of an alert about one  |
|            | or two days of the week, these were seen clear: back to ok                                          |

A day that cannot be judged (learning, low_n, no_data, held, error) holds everything as it was; after 14 days without a
verdict what led up to an alert is forgotten, an open alert never is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from jkpi.alerts.statistics.beta_binomial import Flags, Whole
from jkpi.alerts.statistics.rules import NEVER, Cadence

CLEAR_DAYS = 3


class State(StrEnum):
    """What a series is in, the rungs of the ladder first."""

    OK = "ok"
    WATCH = "watch"
    PATTERN = "pattern"
    FIRING = "firing"
    RECOVERING = "recovering"
    LEARNING = "learning"
    LOW_N = "low_n"
    NO_DATA = "no_data"
    HELD = "held"
    ERROR = "error"


STATES = tuple(State)
Codes = npt.NDArray[np.int8]
"""States by their position in STATES."""
OK, WATCH, PATTERN, FIRING, RECOVERING, LEARNING, LOW_N, NO_DATA, HELD, ERROR = range(len(STATES))
JUDGED = OK
"""The kind of a column that was judged; any other kind says why it was not."""
REASONS = ("", "trend", "evidence", "collapse", "standing")
TREND, EVIDENCE, COLLAPSE, STANDING = range(1, len(REASONS))

_ORDER = (FIRING, RECOVERING, ERROR, HELD, NO_DATA, PATTERN, WATCH, LEARNING, LOW_N, OK)
_RANK = np.array([_ORDER.index(code) for code in range(len(STATES))], dtype=np.int8)


@dataclass(frozen=True, eq=False)
class Ladders:
    """Where S series stand, each array (S,); columns are NEVER where there is none.

    `run` and `run_days`: the low days in a row, since which column and how many; while an alert is open, the bad days
    since the last clear one. `fell`: since when the open alert's days count; `fired`: when it opened, and for which
    `reason`. `clear` and `clear_days`: since when it turned clear. `last`: the last judged column.
    """

    rung: Codes
    run: Whole
    run_days: Whole
    fell: Whole
    fired: Whole
    reason: Codes
    clear: Whole
    clear_days: Whole
    last: Whole

    @property
    def is_open(self) -> Flags:
        is_open: Flags = self.fired >= 0
        return is_open

    def states(self, kind: Codes) -> Codes:
        """The state as it is told: an open alert stays in sight; else why a column was not judged, if it was not."""
        told: Codes = np.where(self.is_open | (kind == JUDGED), self.rung, kind).astype(np.int8)
        return told


def at_the_foot(series: int) -> Ladders:
    """Nothing has happened yet."""
    zero, never = np.zeros(series, dtype=np.intp), np.full(series, NEVER, dtype=np.intp)
    code = np.zeros(series, dtype=np.int8)
    return Ladders(code, never, zero, never, never, code, never, zero, never)


def advance(before: Ladders, column: int, judged: Flags, low: Flags, beyond: Flags, cadence: Cadence) -> Ladders:
    """The ladders after one more column, before it is known what opens or closes. `low`: its tail is below 0.10;
    `beyond`: it lies below the line."""
    is_open = before.is_open
    forgotten = ~is_open & (column - before.last > cadence.hold)
    run_days = np.where(forgotten, 0, before.run_days)
    bad = np.where(is_open, low | beyond, low)
    run = np.where(judged & bad & (run_days == 0), column, before.run)
    run_days = np.where(judged, np.where(bad, run_days + 1, 0), run_days)
    climbed = np.where(bad, np.where(run_days == 1, WATCH, PATTERN), OK)

    fresh = before.clear_days == 0
    # One bad day amid clear ones is a coincidence here as well; before three clear days nothing has recovered.
    relapsed = bad & ((before.clear_days < CLEAR_DAYS) | (run_days > 1))
    clear_days = np.where(relapsed, 0, before.clear_days + 1)
    clear = np.where(relapsed, NEVER, np.where(fresh, column, before.clear))
    fallen = np.where(relapsed, FIRING, np.where(bad, before.rung, RECOVERING))

    opened = judged & is_open
    return replace(
        before,
        rung=np.where(opened, fallen, np.where(judged, climbed, before.rung)).astype(np.int8),
        run=run,
        run_days=run_days,
        clear=np.where(opened, clear, before.clear),
        clear_days=np.where(opened, clear_days, before.clear_days),
        last=np.where(judged, column, before.last),
    )


def fire(ladders: Ladders, column: int, reason: Codes, since: Whole) -> Ladders:
    """Alerts open where there is a reason; their days count from `since`."""
    opens = reason > 0
    return replace(
        ladders,
        rung=np.where(opens, FIRING, ladders.rung).astype(np.int8),
        fell=np.where(opens, since, ladders.fell),
        fired=np.where(opens, column, ladders.fired),
        reason=np.where(opens, reason, ladders.reason).astype(np.int8),
        clear=np.where(opens, NEVER, ladders.clear),
        clear_days=np.where(opens, 0, ladders.clear_days),
    )


def resolve(ladders: Ladders, closes: Flags) -> Ladders:
    """Alerts close, and their series stand at the foot again."""
    return replace(
        ladders,
        rung=np.where(closes, OK, ladders.rung).astype(np.int8),
        run=np.where(closes, NEVER, ladders.run),
        run_days=np.where(closes, 0, ladders.run_days),
        fell=np.where(closes, NEVER, ladders.fell),
        fired=np.where(closes, NEVER, ladders.fired),
        reason=np.where(closes, 0, ladders.reason).astype(np.int8),
        clear=np.where(closes, NEVER, ladders.clear),
        clear_days=np.where(closes, 0, ladders.clear_days),
    )


def worst(one: Codes, other: Codes) -> Codes:
    """Of two lines the state that is told."""
    told: Codes = np.where(_RANK[one] <= _RANK[other], one, other).astype(np.int8)
    return told
