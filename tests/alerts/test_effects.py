"""Mix against rate: the two together are the whole change, and each is zero where it plays no part."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jkpi.alerts.evidence.mix_and_rate import Group, effects

counts = st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))


def summed(groups: list[Group]) -> Group:
    return Group(*(sum(getattr(group, name) for group in groups) for name in Group.__dataclass_fields__))


@given(st.lists(counts, min_size=1, max_size=6))
def test_rate_and_mix_are_the_whole_change(drawn: list[tuple[int, int, int, int]]) -> None:
    groups = [Group(a, a + b, c, c + d) for a, b, c, d in drawn]
    whole = summed(groups)
    found = effects("s", groups[1:], whole)  # the first group is left to the rest
    if not whole.n or not whole.n_before:
        assert found is None
    else:
        assert found is not None
        assert found.rate + found.mix == pytest.approx(whole.good / whole.n - whole.good_before / whole.n_before)


def test_a_pure_mix_shift_has_no_rate_effect() -> None:
    groups = [Group(90, 100, 45, 50), Group(50, 100, 75, 150)]
    found = effects("priority", groups, summed(groups))
    assert found is not None and found.rate == pytest.approx(0.0)
    assert found.mix == pytest.approx(-0.1) and found.mix_share == pytest.approx(1.0)


def test_groups_that_all_do_worse_have_no_mix_effect() -> None:
    groups = [Group(90, 100, 80, 100), Group(50, 100, 40, 100)]
    found = effects("priority", groups, summed(groups))
    assert found is not None and (found.rate, found.mix) == (pytest.approx(-0.1), pytest.approx(0.0))


def test_by_hand() -> None:
    """w0 = (.5, .5), w1 = (.25, .75), r0 = (.9, .5), r1 = (.8, .4): rate -.1, mix -.25 * .85 + .25 * .45 = -.1."""
    groups = [Group(90, 100, 40, 50), Group(50, 100, 60, 150)]
    found = effects("s", groups, summed(groups))
    assert found is not None and (found.rate, found.mix) == (pytest.approx(-0.1), pytest.approx(-0.1))


def test_a_new_group_is_mix() -> None:
    groups = [Group(90, 100, 90, 100), Group(0, 0, 10, 100)]
    found = effects("s", groups, summed(groups))
    assert found is not None and found.rate == pytest.approx(0.0) and found.mix == pytest.approx(-0.4)


def test_groups_that_hold_more_than_the_whole_cannot_be_compared() -> None:
    assert effects("s", [Group(5, 10, 5, 10)], Group(5, 9, 5, 10)) is None
