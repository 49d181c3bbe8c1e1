"""What a drop is attributed to: a group, a changed mix, nothing that stands out, or nothing that can be told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from jkpi.alerts.evidence.contributions import DropBreakdown, break_down, explained_by_values
from jkpi.alerts.evidence.daily_readings import DailyReading
from jkpi.alerts.series.watched import Series
from jkpi.alerts.statistics.running_sums import PooledSample
from tests.alerts.builders import LOWER, WATCHED
from tests.alerts.made_world import FIRST

DROP_DAY = FIRST + timedelta(days=60)
DROP_LENGTH = 4
Groups = dict[tuple[str, str], tuple[float, float, float, float]]
"""(segment, value) -> cases a day and rate before, cases a day and rate during the drop."""


def day(when: date, successes: float, n: float) -> DailyReading:
    return DailyReading(when, successes / n if n else None, successes, n, None, None, "final")


def days_of(n_before: float, rate_before: float, n: float, rate: float) -> list[DailyReading]:
    before = [day(FIRST + timedelta(days=number), n_before * rate_before, n_before) for number in range(60)]
    return [*before, *(day(DROP_DAY + timedelta(days=number), n * rate, n) for number in range(DROP_LENGTH))]


def breakdown_of(groups: Groups, series: Series | None = None, total_of: str | None = None) -> DropBreakdown | None:
    """Of exact counts. The total is the sum of the groups of one segment: total_of, else the first."""
    readings = {key: days_of(*values) for key, values in groups.items()}
    segment = total_of or next(iter(groups))[0]
    members = [days for key, days in readings.items() if key[0] == segment]
    total = [
        day(
            parts[0].period_start,
            sum(part.numerator or 0.0 for part in parts),
            sum(part.denominator or 0.0 for part in parts),
        )
        for parts in zip(*members, strict=True)
    ]
    drop_days = total[60:]
    successes, n = (
        sum(reading.numerator or 0.0 for reading in drop_days),
        sum(reading.denominator or 0.0 for reading in drop_days),
    )
    sample = PooledSample(DROP_DAY, DROP_DAY + timedelta(days=DROP_LENGTH - 1), DROP_LENGTH, successes, n, n, n, n)
    series = series or Series(WATCHED)
    return break_down({**readings, (series.segment, series.segment_value): total}, series, sample)


def named(breakdown: DropBreakdown | None) -> list[str]:
    return [contribution.segment_value for contribution in breakdown.contributions] if breakdown else []


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.83, 0.95])
def test_a_group_that_dropped_alone_is_named_whatever_its_share(share: float) -> None:
    n = 2000 * share
    found = breakdown_of({("payer", "alone"): (n, 0.9, n, 0.7), ("payer", "other"): (2000 - n, 0.9, 2000 - n, 0.9)})
    assert named(found) == ["alone"] and found is not None
    assert found.contributions[0].loss_share == pytest.approx(1.0)
    assert (found.other_share, found.mix_share) == pytest.approx((0.0, 0.0), abs=1e-12)


def test_shares_of_the_drop_add_up_to_one() -> None:
    found = breakdown_of(
        {
            ("payer", "a"): (300, 0.9, 200, 0.6),
            ("payer", "b"): (300, 0.85, 320, 0.86),
            ("payer", "c"): (100, 0.8, 150, 0.8),
        }
    )
    assert found is not None and named(found) == ["a"]
    shares = [contribution.loss_share for contribution in found.contributions]
    assert sum(shares) + found.other_share + found.mix_share == pytest.approx(1.0, abs=1e-12)


def test_a_small_group_that_may_be_low_by_chance_is_not_named() -> None:
    """All groups dropped from 80 % to 68 %; of 7 cases a day 4 succeed by chance."""
    found = breakdown_of({("payer", "public"): (170, 0.8, 170, 0.68), ("payer", "private"): (7, 0.8, 7, 4 / 7)})
    assert found is not None and found.segment is None and found.contributions == ()


def test_customers_without_a_value_are_counted_and_not_named() -> None:
    found = breakdown_of({("payer", "(none)"): (300, 0.9, 300, 0.6), ("payer", "a"): (300, 0.9, 300, 0.9)})
    assert found is not None and named(found) == []


def test_a_rise_where_lower_is_better_has_the_same_shares() -> None:
    groups: Groups = {("payer", "a"): (200, 0.1, 200, 0.3), ("payer", "b"): (100, 0.1, 100, 0.1)}
    found = breakdown_of(groups, Series(LOWER))
    assert found is not None and named(found) == ["a"]
    assert found.contributions[0].loss_share == pytest.approx(1.0)
    assert (found.contributions[0].baseline, found.contributions[0].rate) == pytest.approx((0.9, 0.7))


def test_one_cause_only() -> None:
    """By machine a rate has dropped, by stock only the mix has changed. The mix accounts for all: it is the cause."""
    found = breakdown_of(
        {
            ("machine", "hydraulic"): (150, 0.924, 150, 0.78),
            ("machine", "electric"): (150, 0.924, 150, 0.924),
            ("stock", "in"): (270, 0.96, 210, 0.96),
            ("stock", "out"): (30, 0.6, 90, 0.6),
        }
    )
    assert found is not None and found.segment == "stock" and named(found) == []
    assert found.mix_change is not None and found.mix_change.segment_value == "out"
    assert (found.mix_change.weight_before, found.mix_change.weight) == pytest.approx((0.1, 0.3))
    assert found.mix_share == pytest.approx(1.0)


def test_the_narrowest_segment_that_explains_a_drop_is_chosen() -> None:
    """Gold customers of the south dropped alone: neither the south nor gold customers as a whole."""
    cells: Groups = {
        ("tier+region", f"{tier}+{region}"): (200, 0.9, 200, 0.5 if (tier, region) == ("gold", "south") else 0.9)
        for tier in ("gold", "silver")
        for region in ("south", "north")
    }
    singles: Groups = {
        ("region", "south"): (400, 0.9, 400, 0.7), ("region", "north"): (400, 0.9, 400, 0.9),
        ("tier", "gold"): (400, 0.9, 400, 0.7), ("tier", "silver"): (400, 0.9, 400, 0.9),
    }  # fmt: skip
    assert named(breakdown_of(singles | cells, total_of="region")) == ["gold+south"]


def test_a_segment_that_dropped_as_a_whole_is_one_cause() -> None:
    cells: Groups = {
        ("tier+region", f"{tier}+{region}"): (200, 0.9, 200, 0.6 if region == "south" else 0.9)
        for tier in ("gold", "silver")
        for region in ("south", "north")
    }
    singles: Groups = {("region", "south"): (400, 0.9, 400, 0.6), ("region", "north"): (400, 0.9, 400, 0.9)}
    assert named(breakdown_of(singles | cells, total_of="region")) == ["south"]


def test_the_mix_of_a_combination_is_divided_among_its_segments() -> None:
    cells: Groups = {
        ("tier+region", f"{tier}+{region}"): (100, rate, 40 if tier == "gold" else 160, rate)
        for tier, rate in (("gold", 0.95), ("silver", 0.6))
        for region in ("south", "north")
    }
    found = breakdown_of(cells)
    assert found is not None and found.mix_change is not None
    assert dict(found.mix_shares) == pytest.approx({"tier": 1.0, "region": 0.0})


def test_a_segment_is_compared_with_its_own_parts() -> None:
    south = Series(replace(WATCHED, segment_names=("region", "tier+region")), "region", "south")
    groups: Groups = {
        ("tier+region", "gold+south"): (100, 0.9, 100, 0.5), ("tier+region", "silver+south"): (200, 0.9, 200, 0.9),
    }  # fmt: skip
    assert named(breakdown_of(groups, south)) == ["gold+south"]


def test_nothing_is_said_without_segments_or_without_a_drop() -> None:
    total = days_of(300, 0.9, 300, 0.7)
    sample = PooledSample(DROP_DAY, DROP_DAY + timedelta(days=3), 4, 840.0, 1200.0, 1080.0, 1080.0, 1200.0)
    assert break_down({("all", "all"): total}, Series(WATCHED), sample) is None
    assert breakdown_of({("payer", "a"): (300, 0.7, 300, 0.7), ("payer", "b"): (300, 0.7, 300, 0.7)}) is None


@pytest.mark.parametrize(("n", "tested"), [(600, True), (4, False)])
def test_too_small_to_tell(n: float, tested: bool) -> None:
    groups: Groups = {("payer", "rest"): (1000, 0.9, 1000, 0.78)} if not tested else {}
    groups |= {("payer", value): (n, 0.9, n, 0.78) for value in "abc"}
    if not tested:  # nearly all customers have no value, so the groups are small
        groups["payer", "(none)"] = groups.pop(("payer", "rest"))
    found = breakdown_of(groups)
    assert found is not None and found.segment is None
    assert (found.not_standing_out, found.too_small) == ((("payer",), ()) if tested else ((), ("payer",)))


def test_days_of_the_week_are_compared_with_the_same_days() -> None:
    """Weekends bring other customers. A drop of three days that end on a Sunday is no change of the mix."""
    readings: dict[tuple[str, str], list[DailyReading]] = {
        ("kind", "home"): [],
        ("kind", "work"): [],
        ("all", "all"): [],
    }
    first_day = next(
        FIRST + timedelta(days=number) for number in range(60, 70) if (FIRST + timedelta(days=number)).weekday() == 5
    )
    rng = np.random.default_rng(2)
    for number in range((first_day - FIRST).days + 2):
        when = FIRST + timedelta(days=number)
        is_drop, is_weekend = when >= first_day, when.weekday() >= 5
        good = total = 0.0
        for kind, rate, n in (("home", 0.7, 300 if is_weekend else 60), ("work", 0.95, 60 if is_weekend else 300)):
            successes = float(rng.binomial(n, rate - 0.1 * is_drop))
            readings["kind", kind].append(day(when, successes, n))
            good, total = good + successes, total + n
        readings["all", "all"].append(day(when, good, total))
    sample = PooledSample(first_day, first_day + timedelta(days=1), 2, 0.0, 720.0, 500.0, 500.0, 720.0)
    found = break_down(readings, Series(WATCHED), sample)
    assert found is not None and abs(found.mix_share) < 1e-9 and found.mix_change is None


@pytest.mark.slow
def test_false_names_are_rare_and_true_ones_are_found() -> None:
    """Ten groups of drawn counts: all drop by 12 points, or one (a tenth, then two thirds of the cases) drops alone."""
    rng = np.random.default_rng(8)

    def share_named(sizes: list[int], is_alone: bool) -> float:
        hits = 0
        for _ in range(120):
            groups: Groups = {}
            for number, n in enumerate(sizes):
                own = 0.12 if not is_alone else (0.3 if number == 0 else 0.0)
                rates = (
                    rng.binomial(n * 56, 0.9) / (n * 56),
                    rng.binomial(n * DROP_LENGTH, 0.9 - own) / (n * DROP_LENGTH),
                )
                groups["kind", f"k{number}"] = (n, rates[0], n, rates[1])
            found = named(breakdown_of(groups))
            hits += found == ["k0"] if is_alone else bool(found)
        return hits / 120

    assert share_named([60] * 10, is_alone=False) <= 0.06
    assert share_named([400] + [20] * 9, is_alone=False) <= 0.06
    assert share_named([60] * 10, is_alone=True) >= 0.95
    assert share_named([400] + [20] * 9, is_alone=True) >= 0.95


@pytest.mark.parametrize(
    ("south", "west", "values", "share", "rest_drop"),
    [
        (0.4, 0.9, ["south"], 1.0, 0.0),
        (0.4, 0.4, ["south"], 0.5, 0.25),
        (0.4, 0.4, ["south", "west"], 1.0, 0.0),
        (0.4, 0.9, ["west"], 0.0, 0.5 / 2),
        (0.4, 1.0, ["south"], 1.25, -0.05),
    ],
)
def test_how_much_values_of_a_segment_explain(
    south: float, west: float, values: list[str], share: float, rest_drop: float
) -> None:
    """By hand: three regions of the same size that were all at 0.9; north stays there."""
    rates = {"south": south, "west": west, "north": 0.9}
    readings = {("region", region): days_of(100, 0.9, 100, rate) for region, rate in rates.items()}
    during = sum(rates.values()) / 3
    readings["all", "all"] = days_of(300, 0.9, 300, during)
    n = 300.0 * DROP_LENGTH
    drop = PooledSample(DROP_DAY, DROP_DAY + timedelta(days=DROP_LENGTH - 1), DROP_LENGTH, n * during, n, n, n, n)
    explained = explained_by_values(readings, Series(WATCHED), drop, "region", values)
    assert explained is not None
    assert (explained[0], explained[1].rate_before - explained[1].rate) == pytest.approx((share, rest_drop))
    readings["all", "all"] = days_of(300, 0.9, 300, 0.95)
    assert explained_by_values(readings, Series(WATCHED), drop, "region", values) is None
