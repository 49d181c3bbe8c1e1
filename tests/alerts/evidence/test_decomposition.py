"""Rate and mix effects: they add up to the whole change to 1e-12, and each is zero where it plays no part."""

from __future__ import annotations

from decimal import Decimal, getcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jkpi.alerts.evidence.decomposition import (
    Decomposition,
    SegmentCounts,
    decompose,
    dropped_more_p_value,
    mix_significance,
    shapley_mix_effects,
)

counts = st.tuples(st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 5000))


def group_of(good_before: float, bad_before: float, good: float, bad: float) -> SegmentCounts:
    return SegmentCounts(good_before, good_before + bad_before, good, good + bad)


def sum_counts(groups: list[SegmentCounts]) -> SegmentCounts:
    names = ("successes_before", "n_before", "successes", "n")
    return SegmentCounts(*(sum(getattr(group, name) for group in groups) for name in names))


def effects(decomposition: Decomposition | None) -> tuple[float, float]:
    assert decomposition is not None
    return decomposition.rate_effect, decomposition.mix_effect


@given(st.lists(counts, min_size=1, max_size=12), st.floats(0.05, 1.0))
def test_effects_add_up_to_the_whole_change(all_counts: list[tuple[int, int, int, int]], weight: float) -> None:
    """With weighted days before, too. The first group is the remainder."""
    groups = [group_of(weight * a, weight * b, c, d) for a, b, c, d in all_counts]
    total = sum_counts(groups)
    decomposition = decompose(groups[1:], total)
    if not total.n or not total.n_before:
        assert decomposition is None
    else:
        change = total.successes / total.n - total.successes_before / total.n_before
        assert sum(effects(decomposition)) == pytest.approx(change, abs=1e-12)


@given(st.lists(counts, min_size=2, max_size=6))
def test_each_effect_is_that_of_an_independent_count(all_counts: list[tuple[int, int, int, int]]) -> None:
    """Counted again with exact fractions."""
    groups = [group_of(*four) for four in all_counts]
    total = sum_counts(groups)
    decomposition = decompose(groups, total)
    if decomposition is None:
        return
    n_before, n = int(total.n_before), int(total.n)
    center = (Fraction(int(total.successes_before), n_before) + Fraction(int(total.successes), n)) / 2
    for (a, b, c, d), found in zip(all_counts, decomposition.groups, strict=True):
        if not a + b + c + d:
            continue
        before = Fraction(a, a + b) if a + b else Fraction(c, c + d)
        during = Fraction(c, c + d) if c + d else before
        weight_before, weight = Fraction(a + b, n_before), Fraction(c + d, n)
        assert found.rate_effect == pytest.approx(float((during - before) * (weight_before + weight) / 2), abs=1e-12)
        assert found.mix_effect == pytest.approx(
            float((weight - weight_before) * ((before + during) / 2 - center)), abs=1e-12
        )


def test_one_large_group_in_decimal() -> None:
    """83 % of the cases drop from 90 to 75 %, the others stay: counted by hand in decimal numbers."""
    getcontext().prec = 30
    large, small = group_of(7470, 830, 622.5, 207.5), group_of(1530, 170, 153, 17)
    rate = (Decimal("0.75") - Decimal("0.90")) * Decimal("0.83")
    decomposition = decompose([large, small], sum_counts([large, small]))
    assert decomposition is not None
    assert decomposition.groups[0].rate_effect == pytest.approx(float(rate), abs=1e-12)
    assert effects(decomposition) == pytest.approx((float(rate), 0.0), abs=1e-12)


def test_a_pure_mix_shift_has_no_rate_effect() -> None:
    groups = [SegmentCounts(90, 100, 45, 50), SegmentCounts(50, 100, 75, 150)]
    decomposition = decompose(groups, sum_counts(groups))
    assert effects(decomposition) == pytest.approx((0.0, -0.1))
    assert decomposition is not None and all(group.mix_effect < 0 for group in decomposition.groups)


def test_equal_drops_in_all_groups_have_no_mix_effect() -> None:
    groups = [SegmentCounts(90, 100, 80, 100), SegmentCounts(50, 100, 40, 100)]
    assert effects(decompose(groups, sum_counts(groups))) == pytest.approx((-0.1, 0.0))


def test_hand_computed_example() -> None:
    """w0 = (.5, .5), w1 = (.25, .75), r0 = (.9, .5), r1 = (.8, .4): rate -.1, mix -.25 * .85 + .25 * .45 = -.1."""
    groups = [SegmentCounts(90, 100, 40, 50), SegmentCounts(50, 100, 60, 150)]
    assert effects(decompose(groups, sum_counts(groups))) == pytest.approx((-0.1, -0.1))


def test_a_new_group_is_mix() -> None:
    groups = [SegmentCounts(90, 100, 90, 100), SegmentCounts(0, 0, 10, 100)]
    assert effects(decompose(groups, sum_counts(groups))) == pytest.approx((0.0, -0.4))


@pytest.mark.parametrize("total", [SegmentCounts(5, 9, 5, 10), SegmentCounts(5, 10, 0, 0), SegmentCounts(0, 0, 5, 10)])
def test_groups_with_more_cases_than_the_total_give_none(total: SegmentCounts) -> None:
    assert decompose([SegmentCounts(5, 10, 5, 10)], total) is None


@given(
    st.dictionaries(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.sampled_from("12")), counts, min_size=1)
)
def test_shapley_values_add_up_to_the_mix_effect_of_the_combination(
    cells: dict[tuple[str, str, str], tuple[int, int, int, int]],
) -> None:
    groups: dict[tuple[str, ...], SegmentCounts] = {values: group_of(*four) for values, four in cells.items()}
    total = sum_counts([*groups.values(), group_of(10, 10, 10, 10)])
    found = shapley_mix_effects(groups, total)
    assert found is not None
    assert sum(found) == pytest.approx(effects(decompose(list(groups.values()), total))[1], abs=1e-12)


def test_shapley_values_name_the_segment_whose_mix_changed() -> None:
    """Half of the cases are of b before, 80 % during; x and y stay half each within both."""
    cells: dict[tuple[str, ...], SegmentCounts] = {}
    for first, rate, before, during in (("a", 0.9, 1000, 400), ("b", 0.5, 1000, 1600)):
        for second in "xy":
            cells[first, second] = SegmentCounts(rate * before / 2, before / 2, rate * during / 2, during / 2)
    assert shapley_mix_effects(cells, sum_counts(list(cells.values()))) == pytest.approx((-0.12, 0.0))


@pytest.mark.slow
@pytest.mark.parametrize(("n", "n_rest"), [(10, 400), (60, 60), (830, 170)])
def test_a_group_that_drops_like_the_others_is_seldom_significant(n: int, n_rest: int) -> None:
    """At 5 %, over drawn counts: at most 6 % of the tests, whatever the size of the group."""
    rng, significant = np.random.default_rng(3), 0
    for _ in range(600):
        group, rest = (
            SegmentCounts(rng.binomial(8 * size, 0.9), 8 * size, rng.binomial(size, 0.8), size) for size in (n, n_rest)
        )
        significant += dropped_more_p_value(group, rest, 1.0) <= 0.05
    assert significant <= 0.065 * 600


def test_a_mix_that_varies_by_chance_is_not_significant() -> None:
    rng, found = np.random.default_rng(4), []
    for _ in range(400):
        before, during = rng.multinomial(4000, [0.3, 0.7]), rng.multinomial(500, [0.3, 0.7])
        groups = [
            SegmentCounts(rate * a, a, rate * b, b) for rate, a, b in zip((0.9, 0.4), before, during, strict=True)
        ]
        found.append(mix_significance(groups, sum_counts(groups)))
    assert np.std(found) == pytest.approx(1.0, abs=0.12)
