"""Methods whose models need an environment of their own: Anomstack, and forecast intervals of statsforecast."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.alert_quality.methods import Method, first_alarms
from benchmarks.alert_quality.sources import Days

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".peers" / "bin" / "python"
TRAINED = 42
"""The first Monday with a model, after six weeks of days."""
AROUND, RECENT, WEEK = 3, 5, 7
_score_cache: dict[str, list[tuple[Days, np.ndarray]]] = {}


def outliers(days: Days, strict: float) -> np.ndarray:
    """Alarm if one of the last five days scores at least `strict` on average with the three days after it that are
    known. Only days below the mean of the month before count, since a rise is no drop."""
    scores, rate = _model_scores("outliers", days), _rates(days)
    raw = np.zeros(scores.shape, dtype=bool)
    for day in range(TRAINED + RECENT, len(rate)):
        smooth = [
            scores[since : min(since + AROUND, day) + 1].mean(axis=0) for since in range(day - RECENT + 1, day + 1)
        ]
        baseline = np.nanmean(rate[day - 30 : day], axis=0)
        raw[day] = (np.max(smooth, axis=0) >= strict) & (rate[day] < baseline)
    return first_alarms(raw)


def below_forecast(model: str, days: Days, strict: float) -> np.ndarray:
    """Below the forecast by so many standard deviations."""
    with np.errstate(invalid="ignore"):
        return first_alarms(_model_scores(model, days) >= strict)


PEERS = (
    Method(
        "Anomstack: PCA and KNN of PyOD",
        outliers,
        0.8,
        (0.3, 1.0),
        "Anomstack's defaults: change, smoothed over 3, 5 lags; mean of both; threshold 0.8, smoothed over 3",
    ),
    Method(
        "statsforecast: MSTL, 99 % interval",
        lambda d, s: below_forecast("mstl", d, s),
        2.576,
        (0.5, 9.0),
        "statsforecast's anomaly detection: level 99",
        max_series=50,
    ),
    Method(
        "statsforecast: AutoETS, 99 %",
        lambda d, s: below_forecast("ets", d, s),
        2.576,
        (0.5, 9.0),
        "statsforecast's anomaly detection: level 99",
        max_series=30,
    ),
)


def _rates(days: Days) -> np.ndarray:
    return np.where(days.n > 0, days.successes / np.maximum(days.n, 1), np.nan)


def _model_scores(model: str, days: Days) -> np.ndarray:
    """(T, S): computed once for the same days. Where days begin as cached ones do, only from the week on in which they
    differ: models are fitted again each Monday."""
    first, base = TRAINED, None
    for cached_days, scores in _score_cache.setdefault(model, []):
        if cached_days.n.shape == days.n.shape:
            is_other = (cached_days.successes != days.successes) | (cached_days.n != days.n)
            different = np.flatnonzero(is_other.any(axis=1))
            if not len(different):
                return scores
            monday = different[0] - different[0] % WEEK
            if monday > first:
                first, base = int(monday), scores
    new_scores = _run_model(model, days, first)
    if base is not None:
        new_scores[:first] = base[:first]
    _score_cache[model].append((days, new_scores))
    return new_scores


def _run_model(model: str, days: Days, first: int) -> np.ndarray:
    """The model's expectations for these days.

    Raises:
        SystemExit: there is no such environment.
    """
    if not PYTHON.exists():
        raise SystemExit("the models of others are in an environment of their own: make .peers/ready")
    with tempfile.TemporaryDirectory() as folder:
        input_file, output_file = Path(folder) / "days.npz", Path(folder) / "scores.npz"
        np.savez(input_file, rate=_rates(days), first=first)
        command = [
            str(PYTHON),
            str(Path(__file__).with_name("peer_scores.py")),
            model,
            str(input_file),
            str(output_file),
        ]
        subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        new_scores: np.ndarray = np.load(output_file)["scores"]
    return new_scores
