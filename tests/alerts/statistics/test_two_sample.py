"""The difference of two samples: published vectors, coverage, and power."""

from __future__ import annotations

import numpy as np
import pytest

from jkpi.alerts.statistics.two_sample import (
    Sample,
    detectable_drop,
    difference_interval,
    drop_tail,
    effective_size,
    pool_samples,
)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        # Newcombe (1998), table II, method 10.
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_newcombes_examples(first: tuple[int, int], second: tuple[int, int], low: float, high: float) -> None:
    assert difference_interval(Sample(*first), Sample(*second)) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    "shares", [(0.4, 0.35, 0.25), (0.9, 0.08, 0.02), (0.97, 0.02, 0.01), (0.6, 0.3, 0.1), (0.05, 0.9, 0.05)]
)
@pytest.mark.parametrize("sizes", [(20, 20), (20, 60), (400, 400)])
def test_the_interval_of_a_difference_of_nps_covers(shares: tuple[float, float, float], sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(7)

    def drawn(n: int) -> list[Sample]:
        return [
            Sample(promoters + passives / 2, n, passives, is_nps=True)
            for promoters, passives, _ in rng.multinomial(n, shares, 1500).tolist()
        ]

    intervals = [difference_interval(*pair) for pair in zip(drawn(sizes[0]), drawn(sizes[1]), strict=True)]
    assert np.mean([low <= 0.0 <= high for low, high in intervals]) >= 0.935


def test_an_nps_is_known_better_where_many_are_passive() -> None:
    """NPS of 40 % promoters, 40 % passives, 20 % detractors: variance of an answer 0.56 on the scale -1 to 1."""
    sample = Sample(0.6 * 400, 400, 0.4 * 400, is_nps=True)
    # 0.56 / 4 is the variance on the scale 0 to 1.
    assert sample.rate * (1 - sample.rate) / effective_size(sample) == pytest.approx(0.56 / 4 / 400)
    assert effective_size(Sample(240, 400)) == pytest.approx(400)


def test_a_drop_is_less_unlikely_where_the_reference_is_small() -> None:
    fallen = Sample(288, 400)
    assert (
        drop_tail(fallen, Sample(3200, 4000)) < drop_tail(fallen, Sample(320, 400)) < drop_tail(fallen, Sample(32, 40))
    )


def test_pooled_samples_add_up() -> None:
    pooled = pool_samples([Sample(320, 400), Sample(324, 400)])
    assert (pooled.successes, pooled.n) == (644, 800)


@pytest.mark.parametrize("n", [100, 400, 3000])
def test_the_detectable_drop_is_detected_so_often(n: int) -> None:
    reference = Sample(0.8 * n, n)
    drop = detectable_drop(n, reference, 0.025, 0.8)
    rng = np.random.default_rng(3)
    before, after = rng.binomial(n, 0.8, 3000), rng.binomial(n, 0.8 - drop, 3000)
    z = (after - before) / n / np.sqrt((before * (n - before) + after * (n - after)) / n**3)
    assert np.mean(z < -1.96) == pytest.approx(0.8, abs=0.03)
    assert detectable_drop(3, Sample(2.0, 3.0), 0.025, 0.8) == pytest.approx(2 / 3), "nothing that small is enough"
