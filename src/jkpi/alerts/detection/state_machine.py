"""State machine of a series: from ok over watch and pattern to firing, and back. Pure.

It advances by one column at a time, for many series against one line.

| state      | entered on                                                                                          |
|------------|-----------------------------------------------------------------------------------------------------|
| ok         | a day that is not low                                                                               |
| watch      | one low day (tail < 0.10): a coincidence                                                            |
| pattern    | two low days in a row, or more that are not yet low or certain enough                               |
| firing     | three low days in a row that are; enough CUSUM evidence from at least two days; a collapse; or,     |
|            | against a promise, four weeks that are each below the line                                          |
| recovering | a clear day, neither low nor below the line, while an alert is open                                 |
| ok (ended) | the pooled 95 % interval of the clear days, at least three, is above the line; for a small series,  |
|            | 14 clear days with a pooled rate above the line; and an alert about one or two weekdays has seen    |
|            | each of them clear                                                                                  |

A day that is not evaluated (learning, low_n, no_data, suspended, error) changes nothing. After 14 days
without an evaluated day, evidence for an alert expires; an open alert never does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from jkpi.alerts.statistics.beta_binomial import Bools, Ints
from jkpi.alerts.statistics.rules import NO_COLUMN

CLEAR_DAYS = 3


class SeriesState(StrEnum):
    """State of a series. OK to RECOVERING are the levels of the state machine; LEARNING to ERROR say why there is no
    level. BELOW_PROMISE: a segment without an open alert whose promise is broken."""

    OK = "ok"
    WATCH = "watch"
    PATTERN = "pattern"
    FIRING = "firing"
    RECOVERING = "recovering"
    LEARNING = "learning"
    LOW_N = "low_n"
    NO_DATA = "no_data"
    SUSPENDED = "suspended"
    ERROR = "error"
    BELOW_PROMISE = "below_promise"


STATES = tuple(SeriesState)
StateCodes = npt.NDArray[np.int8]
"""States by their position in STATES."""
OK, WATCH, PATTERN, FIRING, RECOVERING, LEARNING, LOW_N, NO_DATA, SUSPENDED, ERROR, BELOW_PROMISE = range(len(STATES))
EVALUATED = OK
"""Status code of an evaluated column. Any other code says why the column was not evaluated."""
REASONS = ("", "trend", "cusum", "collapse", "sustained")
TREND, CUSUM, COLLAPSE, SUSTAINED = range(1, len(REASONS))

_SEVERITY_ORDER = (FIRING, RECOVERING, ERROR, SUSPENDED, NO_DATA, BELOW_PROMISE, PATTERN, WATCH, LEARNING, LOW_N, OK)
_SEVERITY_RANK = np.array([_SEVERITY_ORDER.index(code) for code in range(len(STATES))], dtype=np.int8)


@dataclass(frozen=True, eq=False)
class TrackerState:
    """State of S series against one line; each array (S,). Columns are NO_COLUMN where there is none.

    streak_start, streak_length: low days in a row, since which column and how many; while an alert is open, bad days
    since the last clear one. onset, fired_at, reason: of the open alert. clear_since, clear_days: when it turned clear,
    and clear days since. last_evaluated: last evaluated column.
    """

    level: StateCodes
    streak_start: Ints
    streak_length: Ints
    onset: Ints
    fired_at: Ints
    reason: StateCodes
    clear_since: Ints
    clear_days: Ints
    last_evaluated: Ints

    @property
    def is_open(self) -> Bools:
        is_open: Bools = self.fired_at >= 0
        return is_open

    def displayed_states(self, status_codes: StateCodes) -> StateCodes:
        """State to report: an open alert stays visible on days that are not evaluated; else the reason is shown."""
        displayed: StateCodes = np.where(self.is_open | (status_codes == EVALUATED), self.level, status_codes).astype(
            np.int8
        )
        return displayed


def initial_state(series_count: int) -> TrackerState:
    """State before the first column."""
    zeros, no_column = np.zeros(series_count, dtype=np.intp), np.full(series_count, NO_COLUMN, dtype=np.intp)
    codes = np.zeros(series_count, dtype=np.int8)
    return TrackerState(codes, no_column, zeros, no_column, no_column, codes, no_column, zeros, no_column)


def advance(
    before: TrackerState, column: int, evaluated: Bools, low: Bools, below_line: Bools, expired: Bools
) -> TrackerState:
    """State after one more column, before alerts open or close. low: tail below 0.10. below_line: below the line.
    expired: the last evaluated column is so long ago that low ones before it are forgotten."""
    is_open = before.is_open
    streak_length = np.where(expired, 0, before.streak_length)
    bad = np.where(is_open, low | below_line, low)
    streak_start = np.where(evaluated & bad & (streak_length == 0), column, before.streak_start)
    streak_length = np.where(evaluated, np.where(bad, streak_length + 1, 0), streak_length)
    level_without_alert = np.where(bad, np.where(streak_length == 1, WATCH, PATTERN), OK)

    newly_clear = before.clear_days == 0
    # One bad day among clear ones is a coincidence here too, but only after three clear days.
    relapsed = bad & ((before.clear_days < CLEAR_DAYS) | (streak_length > 1))
    clear_days = np.where(relapsed, 0, before.clear_days + 1)
    clear_since = np.where(relapsed, NO_COLUMN, np.where(newly_clear, column, before.clear_since))
    level_with_alert = np.where(relapsed, FIRING, np.where(bad, before.level, RECOVERING))

    evaluated_open = evaluated & is_open
    return replace(
        before,
        level=np.where(evaluated_open, level_with_alert, np.where(evaluated, level_without_alert, before.level)).astype(
            np.int8
        ),
        streak_start=streak_start,
        streak_length=streak_length,
        clear_since=np.where(evaluated_open, clear_since, before.clear_since),
        clear_days=np.where(evaluated_open, clear_days, before.clear_days),
        last_evaluated=np.where(evaluated, column, before.last_evaluated),
    )


def mark_opened(state: TrackerState, column: int, reason: StateCodes, onset: Ints) -> TrackerState:
    """Open alerts where there is a reason. onset: first column of their days."""
    opens = reason > 0
    return replace(
        state,
        level=np.where(opens, FIRING, state.level).astype(np.int8),
        onset=np.where(opens, onset, state.onset),
        fired_at=np.where(opens, column, state.fired_at),
        reason=np.where(opens, reason, state.reason).astype(np.int8),
        clear_since=np.where(opens, NO_COLUMN, state.clear_since),
        clear_days=np.where(opens, 0, state.clear_days),
    )


def mark_closed(state: TrackerState, closes: Bools) -> TrackerState:
    """Close alerts; their series start over."""
    return replace(
        state,
        level=np.where(closes, OK, state.level).astype(np.int8),
        streak_start=np.where(closes, NO_COLUMN, state.streak_start),
        streak_length=np.where(closes, 0, state.streak_length),
        onset=np.where(closes, NO_COLUMN, state.onset),
        fired_at=np.where(closes, NO_COLUMN, state.fired_at),
        reason=np.where(closes, 0, state.reason).astype(np.int8),
        clear_since=np.where(closes, NO_COLUMN, state.clear_since),
        clear_days=np.where(closes, 0, state.clear_days),
    )


def worse_of(first: StateCodes, second: StateCodes) -> StateCodes:
    """The worse of the states against two lines."""
    worse: StateCodes = np.where(_SEVERITY_RANK[first] <= _SEVERITY_RANK[second], first, second).astype(np.int8)
    return worse
