"""Mix against rate: the two together are the whole change, and each is zero where it plays no part."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jkpi.alerts.evidence.mix_and_rate import SegmentCounts, decompose

counts = st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))


def summed(groups: list[SegmentCounts]) -> SegmentCounts:
    return SegmentCounts(
        *(sum(getattr(group, name) for group in groups) for name in SegmentCounts.__dataclass_fields__)
    )


@given(st.lists(counts, min_size=1, max_size=6))
def test_rate_and_mix_are_the_whole_change(drawn: list[tuple[int, int, int, int]]) -> None:
    groups = [SegmentCounts(a, a + b, c, c + d) for a, b, c, d in drawn]
    whole = summed(groups)
    found = decompose("s", groups[1:], whole)  # the first group is left to the rest
    if not whole.n or not whole.n_before:
        assert found is None
    else:
        assert found is not None
        assert found.rate_effect + found.mix_effect == pytest.approx(
            whole.successes / whole.n - whole.successes_before / whole.n_before
        )


def test_a_pure_mix_shift_has_no_rate_effect() -> None:
    groups = [SegmentCounts(90, 100, 45, 50), SegmentCounts(50, 100, 75, 150)]
    found = decompose("priority", groups, summed(groups))
    assert found is not None and found.rate_effect == pytest.approx(0.0)
    assert found.mix_effect == pytest.approx(-0.1) and found.mix_share == pytest.approx(1.0)


def test_groups_that_all_do_worse_have_no_mix_effect() -> None:
    groups = [SegmentCounts(90, 100, 80, 100), SegmentCounts(50, 100, 40, 100)]
    found = decompose("priority", groups, summed(groups))
    assert found is not None and (found.rate_effect, found.mix_effect) == (pytest.approx(-0.1), pytest.approx(0.0))


def test_by_hand() -> None:
    """w0 = (.5, .5), w1 = (.25, .75), r0 = (.9, .5), r1 = (.8, .4): rate -.1, mix -.25 * .85 + .25 * .45 = -.1."""
    groups = [SegmentCounts(90, 100, 40, 50), SegmentCounts(50, 100, 60, 150)]
    found = decompose("s", groups, summed(groups))
    assert found is not None and (found.rate_effect, found.mix_effect) == (pytest.approx(-0.1), pytest.approx(-0.1))


def test_a_new_group_is_mix() -> None:
    groups = [SegmentCounts(90, 100, 90, 100), SegmentCounts(0, 0, 10, 100)]
    found = decompose("s", groups, summed(groups))
    assert found is not None and found.rate_effect == pytest.approx(0.0) and found.mix_effect == pytest.approx(-0.4)


def test_groups_that_hold_more_than_the_whole_cannot_be_compared() -> None:
    assert decompose("s", [SegmentCounts(5, 10, 5, 10)], SegmentCounts(5, 9, 5, 10)) is None
