"""The size of a drop that a message states on its first day must be that of the drop, not of the days chance chose."""

from __future__ import annotations

import numpy as np
import pytest

from jkpi.alerts.statistics.effect_size import EffectSize, effect_size
from jkpi.alerts.statistics.running_sums import PooledSample
from tests.worlds.drop_sizes import MIN_DROP, detections_of_drops


def sizes_on_the_first_day(cases: int, points: float) -> list[EffectSize]:
    samples = [detection.initial_drop for detection in detections_of_drops(cases, points, 250, 11)]
    sizes = [effect_size(sample, sample, MIN_DROP) for sample in samples if isinstance(sample, PooledSample)]
    return [size for size in sizes if size is not None]


@pytest.mark.parametrize(
    ("cases", "points", "raw_error", "error"),
    [(20, 0.05, 0.06, 0.035), (60, 0.05, 0.035, 0.02), (300, 0.05, 0.015, 0.012), (60, 0.1, 0.015, 0.012)],
)
def test_a_drop_is_not_overstated_on_its_first_day(cases: int, points: float, raw_error: float, error: float) -> None:
    """Mean over many alerts. raw_error: the counts as they are are wrong by more than that."""
    sizes = sizes_on_the_first_day(cases, points)
    assert len(sizes) > 100
    assert np.mean([size.raw for size in sizes]) - points > raw_error
    assert abs(np.mean([size.size for size in sizes]) - points) < error
    holds = np.mean([size.low <= points <= size.high for size in sizes])
    assert 0.9 <= holds <= 0.995


def test_days_after_the_opening_make_the_estimate_sharper() -> None:
    detections = detections_of_drops(60, 0.1, 250, 12)
    first = [
        effect_size(detection.initial_drop, detection.initial_drop, MIN_DROP)
        for detection in detections
        if detection.initial_drop
    ]
    later = [
        effect_size(detection.initial_drop, detection.drop, MIN_DROP)
        for detection in detections
        if detection.closed_on is None
    ]
    width_first, width_later = (np.median([size.high - size.low for size in sizes if size]) for sizes in (first, later))
    assert width_later < width_first / 2
    assert np.mean([size.size for size in later if size]) == pytest.approx(0.1, abs=0.005)


@pytest.mark.parametrize(("cases", "points"), [(20, 0.13), (60, 0.1), (300, 0.13)])
def test_the_level_of_a_broken_promise_is_held_by_its_interval(cases: int, points: float) -> None:
    samples = [detection.initial_drop for detection in detections_of_drops(cases, points, 250, 13, promise=0.85)]
    sizes = [size for sample in samples if sample and (size := effect_size(sample, sample, MIN_DROP)) is not None]
    level = 0.88 - points
    assert len(sizes) > 100
    assert np.mean([size.reference - size.high <= level <= size.reference - size.low for size in sizes]) >= 0.9
    assert abs(np.mean([size.rate for size in sizes]) - level) < abs(
        np.mean([size.reference - size.raw for size in sizes]) - level
    )
