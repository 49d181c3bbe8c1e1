"""Contributions: which groups of customers account for a drop. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from jkpi.alerts.evidence.daily_readings import BASELINE_FROM, BASELINE_TO, DailyReading
from jkpi.alerts.series.watched import ALL_CUSTOMERS, WatchedMoment
from jkpi.alerts.statistics.beta_binomial import predictive_cdf
from jkpi.journeys.types import NO_SEGMENT_VALUE

_ALPHA = 0.05


@dataclass(frozen=True)
class Contribution:
    """One group of customers during an episode. rate, baseline: higher is better. loss_share: share of the whole loss,
    0-1."""

    segment: str
    segment_value: str
    rate: float
    baseline: float
    n: float
    loss_share: float


def contributions(
    readings: Mapping[tuple[str, str], Sequence[DailyReading]],
    watched: WatchedMoment,
    first: date,
    last: date,
    loss: float,
    n: float,
) -> list[Contribution]:
    """At most three groups that account for a loss of so many successes out of n from first to last.

    A group must account for at least a fifth of the loss, and for half as much again as its size alone would. And if it
    had dropped by as much as all customers, a rate as low as its own must be unlikely: 5 %, shared by all groups
    examined.
    """
    candidates: list[tuple[Contribution, float]] = []
    for (segment, value), days in readings.items():
        if segment == ALL_CUSTOMERS[0] or NO_SEGMENT_VALUE in value.split("+") or loss <= 0:
            continue
        successes, n_during = _sum_days(days, watched, first, last)
        successes_before, n_before = _sum_days(days, watched, first - BASELINE_FROM, first - BASELINE_TO)
        if n_during >= 5 and n_before >= 30:
            baseline = successes_before / n_before
            candidate = Contribution(
                segment, value, successes / n_during, baseline, n_during, (n_during * baseline - successes) / loss
            )
            p_value = predictive_cdf(successes, n_during, max(baseline - loss / n, 0.0), 0.0, n_before)
            candidates.append((candidate, float(p_value[0])))
    significant = [
        contribution
        for contribution, p_value in candidates
        if contribution.loss_share >= max(0.2, 1.5 * contribution.n / n) and p_value * len(candidates) <= _ALPHA
    ]
    return sorted(
        significant,
        key=lambda contribution: (-contribution.loss_share, contribution.segment, contribution.segment_value),
    )[:3]


def _sum_days(days: Sequence[DailyReading], watched: WatchedMoment, first: date, last: date) -> tuple[float, float]:
    """Successes and cases of the final days. Impossible counts are left out."""
    successes = n = 0.0
    for day in days:
        if day.status == "final" and day.denominator and first <= day.period_start <= last:
            numerator = day.numerator or 0.0
            if 0 <= numerator <= day.denominator < float("inf"):
                successes += day.denominator - numerator if watched.direction == "lower" else numerator
                n += day.denominator
    return successes, n
