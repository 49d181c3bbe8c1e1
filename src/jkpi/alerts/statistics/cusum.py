"""Evidence that a series has fallen: log-likelihood ratios of its readings, summed, never below zero. Pure.

For each of three falls (once, twice and four times `falls_off_by`) a reading adds the logarithm of how much better that
fall explains it than what is usual does. The sum that matters is the largest one, which finds falls of all three sizes;
it began where it was last zero. Counts that spread more than independent cases do are worth less: the logarithm is
divided by that ratio of variances (quasi-likelihood), in which the error of the baseline itself is counted for a week.

Sources: Page (1954), Biometrika 41; Wedderburn (1974), Biometrika 61.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from jkpi.alerts.statistics.beta_binomial import Flags, Floats, Whole
from jkpi.alerts.statistics.rules import FALLS, NEVER
from jkpi.alerts.statistics.running_sums import Judged

HANDICAP = np.array([[0.5], [-0.6], [0.5]])
"""What evidence for each fall must have beyond the others: the middle one is what most alerts turn out to be."""
TYPICAL, LONGEST = 3.0, 28.0
"""Over how much evidence the error of the baseline is reckoned, in logarithms, and over how many days at the most."""
FAR = 1.0
"""Beyond so many deviations below the usual, quasi-likelihood would make too much of a day that is merely unlike
others: there the predictive beta-binomial speaks, whose evidence is bounded."""
_LEAST_SHARE = 0.1
"""A rate that is lower than the fall itself is taken to fall to a tenth."""


@dataclass(frozen=True, eq=False)
class Gain:
    """What one column adds. `surprise` (S,): effective good outcomes beyond the expected ones, `variance` (S,) theirs
    where nothing has happened, `common` (S,) the part of it that a day's cases have in common; `cost` (3, S): what a
    column of nothing takes from the evidence for each fall; `added` (3, S): what this one adds."""

    surprise: Floats
    variance: Floats
    common: Floats
    cost: Floats
    added: Floats


def gain(day: Judged, falls_off_by: Floats, usable: Floats) -> Gain:
    """`usable` (S,): the days that the reference rate rests on, infinite where it is known exactly."""
    usual = np.clip(day.reference, 1e-6, 1.0 - 1e-6)
    fallen = np.maximum(usual - np.array(FALLS)[:, None] * falls_off_by, _LEAST_SHARE * usual)
    worth = np.where(day.judged, day.n / np.maximum(day.spread, 1e-9), 0.0)
    better, worse = np.log(fallen / usual), np.log((1.0 - fallen) / (1.0 - usual))
    cost = -worth * day.n * (usual * better + (1.0 - usual) * worse)
    surprise = worth * (day.good - day.n * usual)
    added = surprise * (better - worse) - cost
    far = np.flatnonzero(surprise < -FAR * np.sqrt(worth * day.n * usual * (1.0 - usual)))
    if len(far):
        added[:, far] = np.minimum(added[:, far], _predictive(day, far, usual[far], fallen[:, far]))
    added /= np.maximum(doubt(cost, usable), 1.0 + worth * day.n / day.strength)
    common = np.where(day.judged, 1.0 - np.minimum(worth * day.evenness, 1.0), 0.0)
    return Gain(surprise, worth * day.n * usual * (1.0 - usual), common, cost, added)


def _predictive(day: Judged, rows: Whole, usual: Floats, fallen: Floats) -> Floats:
    """(3, N): the logarithm of the ratio of beta-binomial probabilities, the rates known only as well as they are."""
    precision = 1.0 / np.maximum(day.rho[rows] + 1.0 / day.strength[rows], 1e-6)
    even = day.evenness[rows]
    good, bad = day.good[rows] / even, (day.n[rows] - day.good[rows]) / even

    def likelihood(rate: Floats) -> Floats:
        a, b = rate * precision, (1.0 - rate) * precision
        found: Floats = gammaln(good + a) - gammaln(a) + gammaln(bad + b) - gammaln(b)
        return found

    return likelihood(fallen) - likelihood(usual)


def doubt(cost: Floats, usable: Floats) -> Floats:
    """(3, S): the variance of evidence against that of a baseline known exactly. Its error is the same all along, so it
    weighs the more, the more days a fall takes to show."""
    takes = np.minimum(TYPICAL / np.maximum(cost, 1e-9), LONGEST)
    doubted: Floats = 1.0 + takes / np.maximum(usable, 1.0)
    return doubted


@dataclass(frozen=True, eq=False)
class Evidence:
    """The sums of S series, (3, S), and the columns since which they have been above zero."""

    sums: Floats
    since: Whole

    @property
    def most(self) -> Floats:
        """(S,)."""
        most: Floats = (self.sums - HANDICAP).max(axis=0)
        return most

    @property
    def began(self) -> Whole:
        """(S,): since when the largest sum has been above zero."""
        row = np.arange(self.sums.shape[1])
        began: Whole = self.since[(self.sums - HANDICAP).argmax(axis=0), row]
        return began


def nothing_yet(series: int) -> Evidence:
    return Evidence(np.zeros((len(FALLS), series)), np.full((len(FALLS), series), NEVER, dtype=np.intp))


def add_up(before: Evidence, column: int, added: Floats, counts: Flags, forgotten: Flags) -> Evidence:
    """The sums after one more column; where it does not count they stay, what is `forgotten` begins anew."""
    sums = np.where(forgotten, 0.0, before.sums)
    since = np.where(counts & (sums <= 0.0), column, before.since)
    return Evidence(np.where(counts, np.maximum(sums + added, 0.0), sums), since)
