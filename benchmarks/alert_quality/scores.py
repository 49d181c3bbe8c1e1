"""Figures from alarms, with bootstrap intervals over series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.alert_quality.methods import WARM
from benchmarks.alert_quality.sources import AT, DAYS


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


def delays(alarms: np.ndarray) -> np.ndarray:
    """(S,): days from the onset to the alarm, counted from 1."""
    after = alarms[AT:]
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


def alarmed(alarms: np.ndarray, within: int = 7) -> float:
    """Share of series with an alarm within so many days after the fault."""
    return float(alarms[AT : AT + within].any(axis=0).mean())


def interval(values: np.ndarray, rounds: int = 400) -> tuple[float, float]:
    """95 % interval of the mean over series."""
    rng = np.random.default_rng(5)
    means = values[rng.integers(0, len(values), (rounds, len(values)))].mean(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def monthly(clean: np.ndarray) -> tuple[float, tuple[float, float]]:
    """False alarms a series-month, with their interval."""
    own = clean.sum(axis=0) / ((DAYS - WARM) / 30.44)
    return float(own.mean()), interval(own)
