"""Which groups of customers carry a loss. Pure: readings in, groups out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from jkpi.alerts.evidence.daily_readings import Day
from jkpi.alerts.series.watched import UNNAMED, WHOLE, Watched
from jkpi.alerts.statistics.beta_binomial import predictive_tail

_BASELINE_FROM, _BASELINE_TO = timedelta(days=56), timedelta(days=8)
_BY_CHANCE = 0.05


@dataclass(frozen=True)
class Carrier:
    """What one group of customers did during a breach: rates are higher-is-better, `share` of the whole loss 0-1."""

    segment: str
    segment_value: str
    rate: float
    usual: float
    n: float
    share: float


def carriers(
    readings: Mapping[tuple[str, str], Sequence[Day]], watched: Watched, first: date, last: date, loss: float, n: float
) -> list[Carrier]:
    """The groups that carry a loss of `loss` good outcomes of `n` from `first` to `last`: at most three that stand out.

    To stand out is to carry at least a fifth, and half as much again as the group's size alone would; and, were the
    group no further below its usual than everybody together, to be so low by chance once in twenty times or less, all
    groups that are looked at taken together.
    """
    found: list[tuple[Carrier, float]] = []
    for (segment, value), days in readings.items():
        if segment == WHOLE[0] or UNNAMED in value.split("+") or loss <= 0:
            continue
        good, size = _summed(days, watched, first, last)
        good_before, n_before = _summed(days, watched, first - _BASELINE_FROM, first - _BASELINE_TO)
        if size >= 5 and n_before >= 30:
            usual = good_before / n_before
            carrier = Carrier(segment, value, good / size, usual, size, (size * usual - good) / loss)
            by_chance = predictive_tail(good, size, max(usual - loss / n, 0.0), 0.0, n_before)
            found.append((carrier, float(by_chance[0])))
    standing_out = [
        one
        for one, by_chance in found
        if one.share >= max(0.2, 1.5 * one.n / n) and by_chance * len(found) <= _BY_CHANCE
    ]
    return sorted(standing_out, key=lambda one: (-one.share, one.segment, one.segment_value))[:3]


def _summed(days: Sequence[Day], watched: Watched, first: date, last: date) -> tuple[float, float]:
    """Good outcomes and cases of the final days; what is no proportion is left out."""
    good = n = 0.0
    for day in days:
        if day.status == "final" and day.denominator and first <= day.period_start <= last:
            counted = day.numerator or 0.0
            if 0 <= counted <= day.denominator < float("inf"):
                good += day.denominator - counted if watched.direction == "lower" else counted
                n += day.denominator
    return good, n
