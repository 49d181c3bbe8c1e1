"""From alarms to figures, with bootstrap intervals over series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.alert_quality.rules import WARM
from benchmarks.alert_quality.sources import AT, DAYS


@dataclass(frozen=True)
class Score:
    """`caught`: share of falls told within 3, 7 and 14 days; delays in days, a miss is infinite; `precision`: of all
    that is told from the falls' beginning and in as many clean days, how much is a fall; `flaps`: tellings of one fall
    beyond the first."""

    caught: tuple[float, float, float]
    median: float
    p90: float
    precision: float
    flaps: float


def delays(alarms: np.ndarray) -> np.ndarray:
    """(S,): days from the first fallen day to the telling, counted from 1."""
    after = alarms[AT:]
    return np.where(after.any(axis=0), after.argmax(axis=0) + 1.0, np.inf)


def score(alarms: np.ndarray, clean: np.ndarray) -> Score:
    found = delays(alarms)
    true = int(np.isfinite(found).sum())
    false = int(clean[AT:].sum())
    return Score(
        tuple(float((found <= within).mean()) for within in (3, 7, 14)),  # type: ignore[arg-type]
        float(np.quantile(found, 0.5, method="higher")),
        float(np.quantile(found, 0.9, method="higher")),
        true / (true + false) if true + false else float("nan"),
        float(np.maximum(alarms[AT:].sum(axis=0) - 1, 0).mean()),
    )


def alarmed(alarms: np.ndarray, within: int = 7) -> float:
    """The share of series with a telling in so many days from the trouble on."""
    return float(alarms[AT : AT + within].any(axis=0).mean())


def interval(values: np.ndarray, rounds: int = 400) -> tuple[float, float]:
    """95 % of the mean over series."""
    rng = np.random.default_rng(5)
    means = values[rng.integers(0, len(values), (rounds, len(values)))].mean(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def monthly(clean: np.ndarray) -> tuple[float, tuple[float, float]]:
    """False alarms a series-month, with their interval."""
    own = clean.sum(axis=0) / ((DAYS - WARM) / 30.44)
    return float(own.mean()), interval(own)
