"""Figures from alarms, with bootstrap intervals over sources: copies of one source are drawn together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.alert_quality.methods import WARM, false_alarms, per_month, quiet_months
from benchmarks.alert_quality.sources import AT, Days

ROUNDS = 400


@dataclass(frozen=True)
class Score:
    """detected: share of drops reported within 3, 7 and 14 days. median, p90: delays in days, infinite if missed.
    precision: share of true alarms, among those since the onset and in as many clean days. repeats: alarms about one
    drop beyond the first."""

    detected: tuple[float, float, float]
    median: float
    p90: float
    precision: float
    repeats: float


def delays(alarms: np.ndarray, onset: int = AT) -> np.ndarray:
    """(S,): days from the onset to the alarm, counted from 1."""
    after = alarms[onset:]
    return np.where(after.any(axis=0), after.argmax(axis=0) + 1.0, np.inf)


def score(alarms: np.ndarray, clean: np.ndarray) -> Score:
    delay_days = delays(alarms)
    true = int(np.isfinite(delay_days).sum())
    false = int(clean[AT:].sum())
    return Score(
        tuple(float((delay_days <= within).mean()) for within in (3, 7, 14)),  # type: ignore[arg-type]
        float(np.quantile(delay_days, 0.5, method="higher")),
        float(np.quantile(delay_days, 0.9, method="higher")),
        true / (true + false) if true + false else float("nan"),
        float(np.maximum(alarms[AT:].sum(axis=0) - 1, 0).mean()),
    )


def alarmed(alarms: np.ndarray, within: int = 7, onset: int = AT) -> float:
    """Share of series with an alarm within so many days after the fault."""
    return float(alarms[onset : onset + within].any(axis=0).mean())


def interval(
    values: np.ndarray, source: np.ndarray | None = None, weights: np.ndarray | None = None
) -> tuple[float, float]:
    """95 % interval of the sum of values over the sum of weights, by default of the mean over series. source (S,):
    series of one source are drawn together; by default each series is its own."""
    sums, counts = values.astype(float), np.ones(len(values)) if weights is None else weights
    if source is not None:
        _, number = np.unique(source, return_inverse=True)
        sums, counts = np.bincount(number, sums), np.bincount(number, counts)
    drawn = np.random.default_rng(5).integers(0, len(sums), (ROUNDS, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def monthly(alarms: np.ndarray, days: Days | None = None) -> tuple[float, tuple[float, float]]:
    """False alarms a series-month, with their interval over sources. See per_month."""
    false, months = false_alarms(alarms, days)[WARM:].sum(axis=0), quiet_months(alarms, days)
    return per_month(alarms, days), interval(false, None if days is None else days.source, months)
