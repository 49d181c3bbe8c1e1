"""Distance of each day from what other models expect. Runs in the Python of .peers and does not use jkpi.

    python peer_scores.py MODEL IN.npz OUT.npz

IN has `rate` (T, S), NaN where a day has no case, and `first`, the first column to score. OUT has `scores` (T, S).
Models are fitted again each Monday (column 0 is one), on all days before it.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

WEEK = 7
LAGS, SMOOTH = 5, 3
SURE = 2.5758293035489004
"""Half the width of a 99 % interval, in standard deviations."""


def features(rate: np.ndarray) -> np.ndarray:
    """(T, 1 + LAGS): change from the day before, smoothed over three days, and the same of the five days before. NaN
    where there are not enough days."""
    change = np.concatenate([[np.nan], np.diff(rate)])
    padded = np.concatenate([np.full(SMOOTH - 1, np.nan), change])
    smooth = np.lib.stride_tricks.sliding_window_view(padded, SMOOTH).mean(axis=1)
    lagged = [np.concatenate([np.full(lag, np.nan), smooth[: len(smooth) - lag]]) for lag in range(1, LAGS + 1)]
    return np.stack([smooth, *lagged], axis=1)


def by_outliers(rate: np.ndarray, first: int) -> np.ndarray:
    """(T,): mean of the outlier probabilities of PCA and nearest neighbours."""
    from pyod.models.knn import KNN
    from pyod.models.pca import PCA

    rows = features(rate)
    is_complete = ~np.isnan(rows).any(axis=1)
    scores = np.full(len(rate), np.nan)
    for monday in range(first, len(rate), WEEK):
        week = np.arange(monday, min(monday + WEEK, len(rate)))
        probabilities = []
        for model in (PCA(contamination=0.01), KNN(contamination=0.01)):
            model.fit(rows[:monday][is_complete[:monday]])
            probabilities.append(model.predict_proba(rows[week])[:, 1])
        scores[week] = np.mean(probabilities, axis=0)
    return scores


def by_forecast(rate: np.ndarray, first: int, model: Any) -> np.ndarray:
    """(T,): standard deviations of a day below its forecast."""
    scores = np.full(len(rate), np.nan)
    for monday in range(first, len(rate), WEEK):
        week = np.arange(monday, min(monday + WEEK, len(rate)))
        forecast = model.forecast(y=rate[:monday], h=WEEK, level=[99])
        deviation = np.maximum((forecast["mean"] - forecast["lo-99"]) / SURE, 1e-9)
        scores[week] = ((forecast["mean"] - rate[monday : monday + WEEK][: len(week)]) / deviation[: len(week)])[
            : len(week)
        ]
    return scores


def scorer(name: str) -> Callable[[np.ndarray, int], np.ndarray]:
    """The model of that name."""
    if name == "outliers":
        return by_outliers
    from statsforecast.models import MSTL, AutoETS

    model = AutoETS(season_length=WEEK) if name == "ets" else MSTL(season_length=WEEK)
    return lambda rate, first: by_forecast(rate, first, model)


def filled(rate: np.ndarray) -> np.ndarray:
    """Days without a case repeat the day before: none of these models supports gaps."""
    last = np.maximum.accumulate(np.where(np.isnan(rate), 0, np.arange(len(rate))))
    repeated = rate[last]
    return np.where(np.isnan(repeated), np.nanmean(rate), repeated)


def main() -> None:
    name, source, target = sys.argv[1:]
    warnings.simplefilter("ignore")
    arrays = np.load(source)
    score = scorer(name)
    rates, first = arrays["rate"], int(arrays["first"])
    np.savez(target, scores=np.stack([score(filled(rate), first) for rate in rates.T], axis=1))


if __name__ == "__main__":
    main()
