"""Mix and rate effects: they add up to the whole change, and each is zero where it plays no part."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jkpi.alerts.evidence.mix_and_rate import SegmentCounts, decompose

counts = st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))


def sum_counts(groups: list[SegmentCounts]) -> SegmentCounts:
    return SegmentCounts(
        *(sum(getattr(group, name) for group in groups) for name in SegmentCounts.__dataclass_fields__)
    )


@given(st.lists(counts, min_size=1, max_size=6))
def test_rate_and_mix_effects_add_up_to_the_whole_change(all_counts: list[tuple[int, int, int, int]]) -> None:
    groups = [SegmentCounts(a, a + b, c, c + d) for a, b, c, d in all_counts]
    total = sum_counts(groups)
    decomposition = decompose("s", groups[1:], total)  # the first group becomes the remainder
    if not total.n or not total.n_before:
        assert decomposition is None
    else:
        assert decomposition is not None
        assert decomposition.rate_effect + decomposition.mix_effect == pytest.approx(
            total.successes / total.n - total.successes_before / total.n_before
        )


def test_a_pure_mix_shift_has_no_rate_effect() -> None:
    groups = [SegmentCounts(90, 100, 45, 50), SegmentCounts(50, 100, 75, 150)]
    decomposition = decompose("priority", groups, sum_counts(groups))
    assert decomposition is not None and decomposition.rate_effect == pytest.approx(0.0)
    assert decomposition.mix_effect == pytest.approx(-0.1) and decomposition.mix_share == pytest.approx(1.0)


def test_equal_drops_in_all_groups_have_no_mix_effect() -> None:
    groups = [SegmentCounts(90, 100, 80, 100), SegmentCounts(50, 100, 40, 100)]
    decomposition = decompose("priority", groups, sum_counts(groups))
    assert decomposition is not None
    assert (decomposition.rate_effect, decomposition.mix_effect) == pytest.approx((-0.1, 0.0))


def test_hand_computed_example() -> None:
    """w0 = (.5, .5), w1 = (.25, .75), r0 = (.9, .5), r1 = (.8, .4): rate -.1, mix -.25 * .85 + .25 * .45 = -.1."""
    groups = [SegmentCounts(90, 100, 40, 50), SegmentCounts(50, 100, 60, 150)]
    decomposition = decompose("s", groups, sum_counts(groups))
    assert decomposition is not None
    assert (decomposition.rate_effect, decomposition.mix_effect) == pytest.approx((-0.1, -0.1))


def test_a_new_group_is_mix() -> None:
    groups = [SegmentCounts(90, 100, 90, 100), SegmentCounts(0, 0, 10, 100)]
    decomposition = decompose("s", groups, sum_counts(groups))
    assert (
        decomposition is not None
        and decomposition.rate_effect == pytest.approx(0.0)
        and decomposition.mix_effect == pytest.approx(-0.4)
    )


def test_groups_with_more_cases_than_the_total_give_none() -> None:
    assert decompose("s", [SegmentCounts(5, 10, 5, 10)], SegmentCounts(5, 9, 5, 10)) is None
