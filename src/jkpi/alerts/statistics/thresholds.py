"""How much evidence an alert needs so that a series is falsely told of as seldom as its budget says. Pure.

Where days are independent, evidence for one fall reaches a height h by chance as often as Siegmund's formula says:
rate(h) = C exp(-theta h) a day, with theta = 1 and C = I exp(-1.166 sqrt(2 I)), I being what a day of nothing takes
away from it. The three falls together do so about half as often as the sum of their rates. Where days next to each
other have something in common, sums over days vary more than that, and theta is the smaller in proportion. By how
much is seen in the series' own clean past: the variance of its sums over blocks of a week, which is the variance that
a block bootstrap of that past would draw, known without drawing; nothing is random, and replaying gives what going on
gives.

A short past says little of it. Until it says more, that part of the days' variance which is theirs in common, beyond
chance, is taken to last from one day to the next (as at a correlation of a half), and hardly from week to week: days
that do not vary beyond chance have nothing that could last. It is weighed anew with each month that the clean past has
grown, from that past alone.

Sources: Siegmund (1985), Sequential Analysis, chapter II; Kuensch (1989), Annals of Statistics 17 (blocks).
"""

from __future__ import annotations

from collections import deque

import numpy as np

from jkpi.alerts.statistics.beta_binomial import Flags, Floats, Whole
from jkpi.alerts.statistics.cusum import HANDICAP, Gain, doubt
from jkpi.alerts.statistics.reading_matrix import Grid
from jkpi.alerts.statistics.rules import FALLS, Rules


def passing_tails(group: Whole, tail: Floats, level: Floats, family: Floats) -> Flags:
    """(N,): which candidates pass; each array (N,), `group` the moment, `family` its number of segments."""
    return passing_evidence(group, np.log(level) - np.log(np.maximum(tail, 1e-300)), family)


def passing_evidence(group: Whole, excess: Floats, family: Floats) -> Flags:
    """(N,): the same for evidence, `excess` being its logarithm above what one series alone would need."""
    if not len(group):
        return np.zeros(0, dtype=bool)
    order = np.lexsort((-excess, group))
    in_order = group[order]
    starts = np.flatnonzero(np.concatenate([[True], in_order[1:] != in_order[:-1]]))
    number = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(group))))
    rank = np.arange(len(group)) - starts[number] + 1
    enough = excess[order] >= np.log(family[order] / rank)
    most = np.zeros(len(starts), dtype=np.intp)
    np.maximum.at(most, number, np.where(enough, rank, 0))
    passing = np.zeros(len(group), dtype=bool)
    passing[order] = rank <= most[number]
    return passing


THEORY_BLOCKS = 8.0
MARGIN, TIMES = 0.2, 3.0
"""What the past shows is believed up to so much, and so many times what is presumed."""
LEAST, MOST = 3.0, 60.0
OVERLAP = 0.4
BEFOREHAND, CAUTION = 0.17, 1.3
"""Where nothing is known yet: the sum of the three constants, which hardly depends on how many cases there are; and the
ratio of variances."""
_OVERSHOOT = 1.166
_STEPS = 24


class Calibration:
    """What S series need (S,), and the days between two false alarms that their own past then shows (S,), NaN before.

    All counts are in columns. A column counts once it is as old as what leads up to an alert may be.
    """

    def __init__(self, grid: Grid, rules: Rules) -> None:
        cadence, series = rules.cadence, grid.series
        self._between, self._step, self._learning = rules.between, cadence.step, cadence.learning
        self._lasting = cadence.lasting
        self._block, self._age, self._window = cadence.block, cadence.hold, cadence.window - cadence.gap
        self._clean = np.zeros((grid.length, series), dtype=bool)
        self._gains: deque[Gain] = deque(maxlen=self._age + 1)
        self._ring, self._at = np.zeros((self._block, series)), np.zeros(series, dtype=np.intp)
        self._recent, self._count, self._total, self._squares, self._variance, self._common = np.zeros((6, series))
        self._costs = np.zeros((len(FALLS), series))
        self.need: Floats = CAUTION * np.log(np.maximum(self._between * BEFOREHAND, np.e))
        self.achieved: Floats = np.full(series, np.nan)

    def learn(self, column: int, gain: Gain, clean: Flags) -> None:
        """Add a column, and weigh anew the series whose past has grown by a month."""
        self._clean[column] = clean
        self._gains.append(gain)
        if column < self._age:
            return
        rows, old = np.flatnonzero(self._clean[column - self._age]), self._gains[0]
        surprise, at = old.surprise[rows], self._at[rows]
        self._recent[rows] += surprise - self._ring[at, rows]
        self._ring[at, rows] = surprise
        self._at[rows] = (at + 1) % self._block
        self._count[rows] += 1.0
        self._total[rows] += surprise
        self._squares[rows] += np.where(self._count[rows] >= self._block, self._recent[rows] ** 2, 0.0)
        self._variance[rows] += old.variance[rows]
        self._common[rows] += old.common[rows]
        self._costs[:, rows] += old.cost[:, rows]
        count = self._count[rows]
        self._weigh(rows[(count == self._learning // 2) | (count % self._learning == 0)])

    def forget(self, row: int, since: int, column: int) -> None:
        """These columns belonged to an alert."""
        self._clean[since : column + 1, row] = False

    def _weigh(self, rows: Whole) -> None:
        if not len(rows):
            return
        count, block = self._count[rows], float(self._block)
        sums = self._squares[rows] / (count - block + 1.0) - (block * self._total[rows] / count) ** 2
        # Centring on the past's own mean takes away a share of the variance that is known.
        seen = sums / np.maximum(block * self._variance[rows] / count * (1.0 - block / count), 1e-12)
        blocks = count / block
        common = self._common[rows] / count
        presumed = self._lasting * common
        ratio = (THEORY_BLOCKS * (1.0 + presumed) + blocks * seen) / (THEORY_BLOCKS + blocks)
        ratio = np.clip(ratio, 1.0, 1.0 + MARGIN + TIMES * presumed)
        cost = self._costs[:, rows] / count
        doubted = doubt(cost, np.full(len(rows), float(self._window)))
        slow = cost / doubted
        constants = OVERLAP * np.exp(-HANDICAP) * slow * np.exp(-_OVERSHOOT * np.sqrt(2.0 * slow))
        self.need[rows] = _height(constants, doubted / (doubted - 1.0 + ratio), self._between[rows])
        own = doubted / (doubted - 1.0 + np.maximum(seen, 1.0))
        rate = (constants * np.exp(-own * self.need[rows])).sum(axis=0)
        shown = self._step / np.maximum(rate, 1e-9)
        self.achieved[rows] = np.minimum(shown, 10.0 * self._between[rows] * self._step)


def _height(constants: Floats, slopes: Floats, between: Floats) -> Floats:
    """(S,): where the rates together are one in `between`, by bisection."""
    low, high = np.full(len(between), LEAST), np.full(len(between), MOST)
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        often = (constants * np.exp(-slopes * middle)).sum(axis=0) * between > 1.0
        low, high = np.where(often, middle, low), np.where(often, high, middle)
    return high
