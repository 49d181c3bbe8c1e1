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

from jkpi.alerts.statistics.beta_binomial import Bools, Ints
from jkpi.alerts.statistics.rules import NO_COLUMN, EvaluationConfig

CLEAR_DAYS = 3


class SeriesState(StrEnum):
    """What a series is in, the rungs of the ladder first."""

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


STATES = tuple(SeriesState)
StateCodes = npt.NDArray[np.int8]
"""States by their position in STATES."""
OK, WATCH, PATTERN, FIRING, RECOVERING, LEARNING, LOW_N, NO_DATA, SUSPENDED, ERROR = range(len(STATES))
EVALUATED = OK
"""The kind of a column that was judged; any other kind says why it was not."""
REASONS = ("", "trend", "cusum", "collapse", "sustained")
TREND, CUSUM, COLLAPSE, SUSTAINED = range(1, len(REASONS))

_SEVERITY_ORDER = (FIRING, RECOVERING, ERROR, SUSPENDED, NO_DATA, PATTERN, WATCH, LEARNING, LOW_N, OK)
_SEVERITY_RANK = np.array([_SEVERITY_ORDER.index(code) for code in range(len(STATES))], dtype=np.int8)


@dataclass(frozen=True, eq=False)
class TrackerState:
    """Where S series stand, each array (S,); columns are NEVER where there is none.

    `run` and `run_days`: the low days in a row, since which column and how many; while an alert is open, the bad days
    since the last clear one. `fell`: since when the open alert's days count; `fired`: when it opened, and for which
    `reason`. `clear` and `clear_days`: since when it turned clear. `last`: the last judged column.
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
        """The state as it is told: an open alert stays in sight; else why a column was not judged, if it was not."""
        displayed: StateCodes = np.where(self.is_open | (status_codes == EVALUATED), self.level, status_codes).astype(
            np.int8
        )
        return displayed


def initial_state(series_count: int) -> TrackerState:
    """Nothing has happened yet."""
    zeros, no_column = np.zeros(series_count, dtype=np.intp), np.full(series_count, NO_COLUMN, dtype=np.intp)
    codes = np.zeros(series_count, dtype=np.int8)
    return TrackerState(codes, no_column, zeros, no_column, no_column, codes, no_column, zeros, no_column)


def advance(
    before: TrackerState, column: int, evaluated: Bools, low: Bools, below_line: Bools, config: EvaluationConfig
) -> TrackerState:
    """The ladders after one more column, before it is known what opens or closes. `low`: its tail is below 0.10;
    `beyond`: it lies below the line."""
    is_open = before.is_open
    expired = ~is_open & (column - before.last_evaluated > config.evidence_ttl)
    streak_length = np.where(expired, 0, before.streak_length)
    bad = np.where(is_open, low | below_line, low)
    streak_start = np.where(evaluated & bad & (streak_length == 0), column, before.streak_start)
    streak_length = np.where(evaluated, np.where(bad, streak_length + 1, 0), streak_length)
    level_without_alert = np.where(bad, np.where(streak_length == 1, WATCH, PATTERN), OK)

    newly_clear = before.clear_days == 0
    # One bad day amid clear ones is a coincidence here as well; before three clear days nothing has recovered.
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
    """Alerts open where there is a reason; their days count from `since`."""
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
    """Alerts close, and their series stand at the foot again."""
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
    """Of two lines the state that is told."""
    worse: StateCodes = np.where(_SEVERITY_RANK[first] <= _SEVERITY_RANK[second], first, second).astype(np.int8)
    return worse
