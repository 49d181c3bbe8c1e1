"""The injected drop is detectable, and nothing else is: shown with a simple rule, not with jkpi's detector."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from scipy.stats import betabinom

from jkpi.synthetic.clock import DAY
from jkpi.synthetic.ground_truth import EXAMPLE_DROPS
from tests.synthetic.example import Example

LOWER_IS_BETTER = {"told_once", "part_available"}


def low_days(example: Example, moment: str, value: str | None = None, skips_gaps: bool = True) -> dict[int, float]:
    """Day -> lower tail probability against the 56 days that end 7 days before, from day 35 on."""
    cohorts = example.scenario.cohorts_by_moment[moment]
    counts = cohorts.by_day(example.clock, None if value is None else cohorts.segment == value)
    if skips_gaps:
        lost = example.clock.day_number(EXAMPLE_DROPS[example.name].lost_on)
        reach = cohorts.window // DAY + 3
        counts = {day: count for day, count in counts.items() if not lost - reach <= day <= lost}
    tails = {}
    for day, (hit, n) in counts.items():
        if day < 35:
            continue
        before = np.array([counts[past] for past in counts if day - 63 <= past < day - 7])
        good = before[:, 1] - before[:, 0] if moment in LOWER_IS_BETTER else before[:, 0]
        sizes = before[:, 1]
        rate = good.sum() / sizes.sum()
        excess = ((good - sizes * rate) ** 2 / (sizes * rate * (1 - rate))).sum() - len(sizes)
        rho = max(1e-4, excess / (sizes - 1).sum())
        scale = (1 - rho) / rho
        tails[day] = betabinom.cdf(n - hit if moment in LOWER_IS_BETTER else hit, n, rate * scale, (1 - rate) * scale)
    return tails


def trends(example: Example, moment: str, value: str | None = None) -> list[date]:
    """The days on which a run of low days reaches three."""
    days, run = [], 0
    for day, tail in low_days(example, moment, value).items():
        run = run + 1 if tail < 0.10 else 0
        if run == 3:
            days.append(example.clock.date(day))
    return days


def test_injected_drop_is_detectable_within_five_days(example: Example) -> None:
    drop = EXAMPLE_DROPS[example.name]
    first = trends(example, drop.moment)[0]
    assert drop.starts_on + timedelta(days=2) <= first <= drop.starts_on + timedelta(days=4)
    assert drop.starts_on <= trends(example, drop.moment, drop.driven_by)[0] <= first + timedelta(days=2)


def test_nothing_else_drops(example: Example) -> None:
    drop = EXAMPLE_DROPS[example.name]
    for moment in example.scenario.cohorts_by_moment:
        if moment != drop.moment:
            assert trends(example, moment) == [], moment
    others = set(example.scenario.cohorts_by_moment[drop.moment].segment.tolist()) - {drop.driven_by}
    for value in others:
        assert trends(example, drop.moment, value) == [], value


def test_drop_has_the_expected_size_and_lasts(example: Example) -> None:
    drop = example.expected["injected_drop"]
    assert 0.10 < abs(drop["to"] - drop["from"]) < 0.14
    moment = example.expected["moments"][drop["moment"]]
    last = sorted(moment)[-3:]
    pooled = sum(moment[day][0] for day in last) / sum(moment[day][1] for day in last)
    assert abs(pooled - drop["to"]) < abs(pooled - drop["from"])


def test_drop_is_driven_by_one_segment(example: Example) -> None:
    drop = EXAMPLE_DROPS[example.name]
    cohorts = example.scenario.cohorts_by_moment[drop.moment]
    since = cohorts.day >= example.clock.day_number(drop.starts_on)

    def change(value: str) -> float:
        chosen = cohorts.segment == value
        return abs(cohorts.is_success[chosen & since].mean() - cohorts.is_success[chosen & ~since].mean())

    values = sorted(set(cohorts.segment.tolist()), key=change)
    assert values[-1] == drop.driven_by
    assert change(values[-1]) > 3 * change(values[-2])


def test_lost_day_would_alert_if_it_were_not_a_data_gap(example: Example) -> None:
    drop = EXAMPLE_DROPS[example.name]
    lost = example.clock.day_number(drop.lost_on)
    unskipped = low_days(example, drop.moment, skips_gaps=False)
    assert min(tail for day, tail in unskipped.items() if lost - 4 <= day <= lost) < 1e-4
    assert min(tail for day, tail in low_days(example, drop.moment).items() if day < lost + 20) > 1e-4


@pytest.mark.parametrize("example", ["equipment_repair"], indirect=True)
def test_small_segment_varies_widely(example: Example) -> None:
    cohorts = example.scenario.cohorts_by_moment["technician_on_site"]
    counts = cohorts.by_day(example.clock, cohorts.segment == "islands")
    sizes = np.array([n for _, n in counts.values()])
    rates = np.array([hit / n for hit, n in counts.values()])
    assert 4 <= sizes.mean() <= 8
    assert (rates < 0.80).mean() > 0.25
    assert (rates == 1).mean() > 0.25


def test_last_days_are_not_final(example: Example) -> None:
    cohorts = example.scenario.cohorts_by_moment[example.expected["injected_drop"]["moment"]]
    days = np.unique(cohorts.day)
    final = max(cohorts.by_day(example.clock))
    assert days[-1] >= example.clock.days - 1
    assert final < example.clock.days - 3
