"""The oracle's Kaplan-Meier against lifelines: on lifelines' own data sets, and on random spells with ties."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from survival import LEFT, SLACK, curves, quantiles

COLUMNS = {
    "waltons": ("T", "E"),
    "rossi": ("week", "arrest"),
    "gbsg2": ("time", "cens"),
    "lung": ("time", "status"),
    "larynx": ("time", "death"),
    "leukemia": ("t", "status"),
    "kidney_transplant": ("time", "death"),
}


def lifelines_says(duration: pd.Series, closed: pd.Series) -> dict[str, dict[str, float]]:
    """Quantiles and their bounds read off the curves of lifelines, bounds where 0 < S < 1."""
    from lifelines import KaplanMeierFitter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter = KaplanMeierFitter().fit(duration, closed)
    survival = fitter.survival_function_.iloc[:, 0]
    bounds = fitter.confidence_interval_.where((survival > 1e-15) & (survival < 1 - 1e-15), np.nan)
    lines = {"value": survival, "ci_low": bounds.iloc[:, 0], "ci_high": bounds.iloc[:, 1]}

    def first(line: pd.Series, left: float) -> float:
        reached = line.index[line <= left + SLACK]
        return float(reached.min()) if len(reached) else np.nan

    return {name: {at: first(line, left) for at, line in lines.items()} for name, left in LEFT.items()}


def ours(duration: pd.Series, closed: pd.Series) -> dict[str, dict[str, float]]:
    frame = pd.DataFrame({"group": 1, "duration": duration.astype(float), "closed": closed.astype(bool)})
    return {name: quantiles(frame, ["group"], name).iloc[0].to_dict() for name in LEFT}


def spells_of(name: str) -> tuple[pd.Series, pd.Series]:
    """Durations, and whether they ended, of a data set that lifelines carries."""
    import lifelines.datasets

    load: Callable[[], pd.DataFrame] = getattr(lifelines.datasets, f"load_{name}")
    frame = load()
    time, ended = COLUMNS[name]
    return frame[time], frame[ended].astype(bool)


@pytest.mark.parametrize("name", COLUMNS)
def test_as_lifelines_on_its_own_data(name: str) -> None:
    duration, closed = spells_of(name)
    for statistic, said in lifelines_says(duration, closed).items():
        assert ours(duration, closed)[statistic] == pytest.approx(said, nan_ok=True, rel=1e-12), statistic


def test_the_curve_and_its_bounds_are_those_of_lifelines() -> None:
    from lifelines import KaplanMeierFitter

    duration, closed = spells_of("waltons")
    fitter = KaplanMeierFitter().fit(duration, closed)
    frame = pd.DataFrame({"group": 1, "duration": duration.astype(float), "closed": closed})
    mine = curves(frame, ["group"]).set_index("time")
    theirs = fitter.survival_function_.join(fitter.confidence_interval_).loc[mine.index]
    inside = (mine["survival"] > 0) & (mine["survival"] < 1)
    assert inside.sum() > 20
    for column, name in zip(theirs, ("survival", "low", "high"), strict=True):
        assert mine.loc[inside, name].to_numpy() == pytest.approx(theirs.loc[inside, column].to_numpy(), abs=1e-12)


@pytest.mark.parametrize("seed", range(40))
def test_as_lifelines_on_random_spells(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 60))
    duration = pd.Series(rng.integers(0, int(rng.integers(1, 30)) + 1, size)).astype(float)
    closed = pd.Series(rng.random(size) < rng.choice([0.0, 0.2, 0.6, 1.0]))
    for statistic, said in lifelines_says(duration, closed).items():
        assert ours(duration, closed)[statistic] == pytest.approx(said, nan_ok=True), (statistic, seed)


def test_groups_do_not_touch_each_other() -> None:
    frame = pd.DataFrame(
        {"g": [1, 1, 2, 2, 2], "duration": [5.0, 9.0, 1.0, 2.0, 3.0], "closed": [True, True, False, True, False]}
    )
    found = quantiles(frame, ["g"], "median")["value"]
    assert found.to_dict() == {1: 5.0, 2: 2.0}
