"""A rate that is steadily a little too low never has three low days in a row, so the ladder alone would not see it."""

from __future__ import annotations

import numpy as np

from jkpi.alerts.statistics.beta_binomial import Flags, Floats, Whole
from jkpi.alerts.statistics.rules import Cadence
from jkpi.alerts.statistics.running_sums import EPSILON, Sums


def standing_breach(sums: Sums, column: int, judged: Flags, begin: Whole, sure: Floats, cadence: Cadence) -> Flags:
    """(S,): whether each of the last four weeks lies below the promise line, and all of them together surely do.

    `begin`: the first column of each series, which must have had four weeks by itself, whatever others stand beside it;
    `sure`: how small the tail of all of them must be. Half of their days must have been judged.
    """
    weeks, length = cadence.standing
    below = np.array(judged)
    rows: Whole = np.flatnonzero(judged & (column + 1 - begin >= weeks * length))
    end = column
    for _ in range(weeks):
        _, good, n, _, bound, _ = sums.over(rows, np.full(len(rows), end + 1 - length), end)
        rows = rows[(n > 0) & (good < bound - EPSILON)]
        end -= length
        if not len(rows):
            break
    since = np.full(len(rows), column + 1 - weeks * length)
    days = sums.over(rows, since, column)[0]
    rows, since = rows[days >= weeks * length / 2], since[days >= weeks * length / 2]
    below[:] = False
    below[rows[sums.tail(rows, since, column) <= sure[rows]]] = True
    return below
