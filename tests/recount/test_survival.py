"""The recount's Kaplan-Meier curve against lifelines: on its own data sets and on random spells with ties."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.recount.lifelines_sets import COLUMNS, lifelines_quantiles, spells_of
from tests.recount.survival import LEFT, curves, quantiles


def ours(duration: pd.Series, closed: pd.Series) -> dict[str, dict[str, float]]:
    frame = pd.DataFrame({"group": 1, "duration": duration.astype(float), "closed": closed.astype(bool)})
    return {name: dict(quantiles(frame, ["group"], name).iloc[0]) for name in LEFT}


@pytest.mark.parametrize("name", COLUMNS)
def test_quantiles_of_lifelines_data_sets_equal_those_of_lifelines(name: str) -> None:
    duration, closed = spells_of(name)
    for statistic, expected in lifelines_quantiles(duration, closed).items():
        assert ours(duration, closed)[statistic] == pytest.approx(expected, nan_ok=True, rel=1e-12), statistic


def test_the_curve_and_its_bounds_equal_those_of_lifelines() -> None:
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
def test_quantiles_of_random_spells_equal_those_of_lifelines(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 60))
    duration = pd.Series(rng.integers(0, int(rng.integers(1, 30)) + 1, size)).astype(float)
    closed = pd.Series(rng.random(size) < rng.choice([0.0, 0.2, 0.6, 1.0]))
    for statistic, expected in lifelines_quantiles(duration, closed).items():
        assert ours(duration, closed)[statistic] == pytest.approx(expected, nan_ok=True), (statistic, seed)


def test_each_group_has_its_own_curve() -> None:
    frame = pd.DataFrame(
        {"g": [1, 1, 2, 2, 2], "duration": [5.0, 9.0, 1.0, 2.0, 3.0], "closed": [True, True, False, True, False]}
    )
    found = quantiles(frame, ["g"], "median")["value"]
    assert found.to_dict() == {1: 5.0, 2: 2.0}
