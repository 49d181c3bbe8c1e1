"""Drops of volume on generated counts: when they open, what they say, how they end, and what is no drop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest

from jkpi.alerts.statistics.volume_cusum import (
    ADOPTED_AFTER,
    MAX_DAY_SHARE,
    VolumeDrop,
    VolumeGrid,
    remaining_since,
    volume_drops,
)

FIRST = date(2025, 3, 3)
WEEKDAYS = np.array([1.2, 1.1, 1.0, 1.0, 1.0, 0.5, 0.4])
EVERY = 547.5
DROP = 120
Factor = Callable[[int], float]


def counts(days: int, mean: float, factor: Factor = lambda day: 1.0, seed: int = 1) -> np.ndarray:
    """(days,): Poisson counts around weekday means, thinned by the factor of the day."""
    rng = np.random.default_rng(seed)
    usual = rng.poisson(mean * WEEKDAYS[np.arange(days) % 7])
    return rng.binomial(usual, [min(factor(day), 1.0) for day in range(days)]).astype(float)


def drops_of(values: np.ndarray, unusable: range = range(0), first: date = FIRST) -> tuple[VolumeDrop, ...]:
    is_usable = np.ones((len(values), 1), dtype=bool)
    is_usable[list(unusable)] = False
    return volume_drops(VolumeGrid(first, values[:, None], is_usable), EVERY)[0]


@pytest.mark.parametrize(
    ("mean", "remaining", "within"), [(60, 0.5, 7), (60, 0.2, 5), (300, 0.7, 7), (30, 0.5, 14), (60, 0.0, 5)]
)
def test_a_lasting_drop_is_found_within_days(mean: int, remaining: float, within: int) -> None:
    (drop,) = drops_of(counts(DROP + 30, mean, lambda day: remaining if day >= DROP else 1.0))
    assert DROP <= (drop.fired_on - FIRST).days < DROP + within
    assert abs((drop.onset - FIRST).days - DROP) <= 3
    assert drop.is_open
    assert drop.sample.remaining == pytest.approx(remaining, abs=0.1)
    low, high = drop.sample.interval
    assert low <= drop.sample.daily <= high
    assert low <= remaining * drop.sample.baseline <= high


@pytest.mark.parametrize(
    "factor",
    [
        lambda day: 1.0,
        lambda day: 0.0 if day == DROP else 1.0,
        lambda day: 0.9 if day >= DROP else 1.0,
        lambda day: 1.0 - 0.0015 * day,
    ],
    ids=["nothing", "one empty day", "a tenth less", "a slow decline"],
)
def test_no_drop_is_found_where_little_changes(factor: Factor) -> None:
    assert drops_of(counts(400, 60, factor)) == ()


def test_no_single_day_is_enough() -> None:
    assert MAX_DAY_SHARE <= 0.25
    values = counts(DROP + 3, 5000)
    values[DROP:] = 0.0
    assert drops_of(values) == ()


def test_days_that_are_not_usable_are_no_days() -> None:
    values = counts(DROP + 40, 60, lambda day: 0.0 if DROP <= day < DROP + 10 else 1.0)
    assert len(drops_of(values)) == 1
    assert drops_of(values, unusable=range(DROP, DROP + 10)) == ()


def test_few_cases_a_day_are_not_evaluated() -> None:
    assert drops_of(counts(DROP + 60, 8, lambda day: 0.1 if day >= DROP else 1.0)) == ()


def test_a_drop_ends_when_a_week_is_back() -> None:
    (drop,) = drops_of(counts(DROP + 60, 60, lambda day: 0.5 if DROP <= day < DROP + 20 else 1.0))
    assert drop.ending == "back" and drop.closed_on is not None and drop.recovery is not None
    assert 20 <= (drop.closed_on - FIRST).days - DROP <= 28
    assert drop.recovery.remaining > 0.9
    assert drop.sample.last_day < drop.recovery.first_day


def test_a_lower_level_that_lasts_becomes_the_baseline() -> None:
    (drop,) = drops_of(counts(DROP + 300, 100, lambda day: 0.5 if day >= DROP else 1.0))
    assert drop.ending == "adopted" and drop.closed_on is not None
    assert (drop.closed_on - drop.onset).days == ADOPTED_AFTER


def test_nothing_at_all_never_becomes_the_baseline() -> None:
    (drop,) = drops_of(counts(DROP + 200, 60, lambda day: 0.0 if day >= DROP else 1.0))
    assert drop.is_open


def test_a_week_that_was_low_in_the_year_before_is_expected_to_be_low() -> None:
    first_low = 200

    def factor(day: int) -> float:
        return 0.3 if first_low <= day < first_low + 7 or first_low + 364 <= day < first_low + 371 else 1.0

    (drop,) = drops_of(counts(800, 100, factor))
    assert abs((drop.onset - FIRST).days - first_low) <= 2


def test_month_ends_that_are_always_low_are_learned() -> None:
    def factor(day: int) -> float:
        return 0.5 if (FIRST + timedelta(days=day + 3)).day <= 3 else 1.0

    assert drops_of(counts(500, 100, factor)) == ()


def test_a_replay_gives_what_each_day_gave() -> None:
    values = counts(DROP + 60, 60, lambda day: 0.5 if DROP <= day < DROP + 20 else 1.0)
    (final,) = drops_of(values)
    fired = (final.fired_on - FIRST).days
    for day in (fired + 1, fired + 5):
        (seen,) = drops_of(values[:day])
        assert (seen.onset, seen.fired_on) == (final.onset, final.fired_on)
    assert drops_of(values[:fired]) == ()


def test_series_do_not_influence_each_other() -> None:
    columns = [counts(200, mean, lambda day: 0.5 if day >= DROP else 1.0, seed=mean) for mean in (25, 60, 300)]
    together = volume_drops(VolumeGrid(FIRST, np.stack(columns, 1), np.ones((200, 3), dtype=bool)), EVERY)
    apart = [drops_of(column) for column in columns]
    for both in (together, apart):
        assert all(len(drops) == 1 for drops in both)
    assert [(drop.onset, drop.fired_on, drop.closed_on) for (drop,) in together] == [
        (drop.onset, drop.fired_on, drop.closed_on) for (drop,) in apart
    ]


def test_what_remains_since_a_day() -> None:
    values = counts(DROP + 14, 200, lambda day: 0.5 if day >= DROP else 1.0)
    grid = VolumeGrid(FIRST, values[:, None], np.ones((len(values), 1), dtype=bool))
    assert remaining_since(grid, 0, FIRST + timedelta(days=DROP)) == pytest.approx(0.5, abs=0.05)
    assert remaining_since(grid, 0, FIRST) == 1.0


def test_false_alarms_stay_within_the_budget() -> None:
    """Counts that vary more than Poisson's, and that variation lasts (correlation 1/2 from day to day)."""
    rng = np.random.default_rng(7)
    days, series = 540, 120
    effect, logs = np.zeros(series), np.empty((days, series))
    for day in range(days):
        effect = 0.5 * effect + np.sqrt(0.75) * rng.normal(size=series)
        logs[day] = 0.15 * effect
    values = rng.poisson(60 * WEEKDAYS[np.arange(days) % 7][:, None] * np.exp(logs)).astype(float)
    found = volume_drops(VolumeGrid(FIRST, values, np.ones_like(values, dtype=bool)), EVERY)
    monthly = sum(map(len, found)) / (series * (days - 28) / 30.44)
    assert monthly <= 0.056
