"""A series from first day to last: what fires, when, and how often falsely."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jkpi.alerts.episodes import Track
from jkpi.alerts.judge import Rule
from jkpi.alerts.lifecycle import State
from jkpi.alerts.readings import Reading
from jkpi.alerts.replay import replay

FIRST = date(2025, 9, 1)  # a Monday
RULE = Rule(promise=0.85, falls_off_by=0.05)
WEEKLY = np.array([0.02, 0.01, 0.0, 0.0, -0.01, -0.04, -0.05])
VOLUME = np.array([1.2, 1.1, 1.0, 1.0, 1.0, 0.5, 0.4])


def on(position: int) -> date:
    return FIRST + timedelta(days=position)


def series(counts: Sequence[tuple[float, float]], first: int = 0, held: bool = False) -> list[Reading]:
    return [Reading(on(first + i), good, n, held) for i, (good, n) in enumerate(counts)]


def even(days: int, rate: float, n: int = 100) -> list[tuple[float, float]]:
    totals = np.round(np.arange(days + 1) * rate * n)
    return [(float(b - a), float(n)) for a, b in pairwise(totals)]


def drawn(seed: int, days: int, mean: float, rate: float = 0.8, fall: float = 0.0, at: int = 0) -> list[Reading]:
    """Poisson volumes and binomial outcomes, both with a weekly effect; days without a case have no reading."""
    rng = np.random.default_rng(seed)
    weekday = np.arange(days) % 7
    n = rng.poisson(mean * VOLUME[weekday])
    good = rng.binomial(n, rate + WEEKLY[weekday] - np.where(np.arange(days) >= at, fall, 0.0))
    return [Reading(on(t), float(good[t]), float(n[t])) for t in range(days) if n[t]]


def test_a_fall_fires_as_soon_as_the_evidence_is_there_and_counts_from_its_first_day() -> None:
    """Eight points at n = 100 take three days, twenty one."""
    for rate, days in ((0.82, 3), (0.7, 1)):
        breach = replay(series(even(60, 0.9) + even(5, rate)), RULE).breach
        assert breach is not None
        assert (breach.since, breach.fired_on) == (on(60), on(59 + days))
    assert breach.parts[0].fell.reference == pytest.approx(0.9, abs=0.01)


def test_a_collapse_fires_at_once() -> None:
    track = replay(series(even(60, 0.9) + even(1, 0.4)), RULE)
    assert track.state is State.FIRING and track.breach is not None
    assert track.breach.parts[0].reason == "collapse"


def test_learning_cannot_fire_from_the_baseline_but_from_the_promise() -> None:
    kept = replay(series(even(20, 0.97) + even(4, 0.86)), RULE)
    assert kept.state is State.LEARNING and kept.breaches == ()
    broken = replay(series(even(10, 0.97) + even(4, 0.6)), RULE)
    assert broken.state is State.FIRING
    assert {part.line for part in broken.breaches[0].parts} == {"promise"}


def test_learning_ends_after_28_usable_days_and_the_week_between() -> None:
    states = dict(replay(series(even(60, 0.9)), RULE).states)
    assert states[on(34)] is State.LEARNING
    assert states[on(35)] is State.OK


def test_a_chronic_breach_is_one_alert_that_stays() -> None:
    for seed in range(5):
        track = replay(drawn(seed, 270, 100, rate=0.70), RULE)
        assert len(track.breaches) == 1
        assert track.breach is not None and track.breach.since < on(40)


def test_a_rate_steadily_a_little_too_low_is_found_though_no_day_is() -> None:
    track = replay(series(even(60, 0.76)), RULE)
    (breach,) = track.breaches
    assert track.state is State.FIRING
    assert (breach.since, breach.fired_on, breach.parts[0].reason) == (on(0), on(27), "standing")


def test_a_fall_that_is_over_does_not_stand() -> None:
    track = replay(series(even(60, 0.9) + even(6, 0.3) + even(60, 0.9)), RULE)
    assert len(track.breaches) == 1 and track.state is State.OK


def test_a_fall_within_a_chronic_breach_is_a_part_of_it() -> None:
    track = replay(series(even(120, 0.7) + even(5, 0.5)), RULE)
    assert len(track.breaches) == 1
    assert [part.line for part in track.breaches[0].parts] == ["promise", "baseline"]
    assert track.breaches[0].parts[1].since == on(120)


def test_below_the_promise_by_less_than_it_may_be_is_no_breach() -> None:
    tracks = [replay(drawn(seed, 270, 100, rate=0.84), RULE) for seed in range(30)]
    from_promise = [b for track in tracks for b in track.breaches if any(p.line == "promise" for p in b.parts)]
    assert len(from_promise) <= 1


def test_a_fall_that_stays_goes_on_firing_against_what_was_usual_before() -> None:
    track = replay(series(even(60, 0.95) + even(150, 0.83)), RULE)
    assert track.state is State.FIRING
    assert track.breach is not None and track.breach.since == on(60)
    assert track.breach.parts[0].fell.reference == pytest.approx(0.95, abs=0.01)


def test_weekends_with_few_cases_neither_reset_nor_count() -> None:
    """A fall on a Thursday: Saturday and Sunday bring two cases each, all good."""
    counts = [pair for week in range(10) for pair in even(5, 0.9) + [(2.0, 2.0)] * 2]
    counts += [*even(3, 0.9), (82.0, 100.0), (82.0, 100.0), (2.0, 2.0), (2.0, 2.0), (82.0, 100.0)]
    track = replay(series(counts), RULE)
    assert dict(track.states)[on(75)] is State.LOW_N
    assert track.breach is not None and (track.breach.since, track.breach.fired_on) == (on(73), on(77))


def test_held_days_hold_and_the_newest_are_blind() -> None:
    readings = series(even(60, 0.9)) + series(even(4, 0.2), 60, held=True)
    track = replay(readings, RULE)
    assert track.state is State.HELD and track.breaches == ()
    assert track.blind_since == on(60)
    after = replay(readings + series(even(1, 0.9), 64), RULE)
    assert after.state is State.OK and after.blind_since is None


def test_readings_that_stop_are_no_data() -> None:
    track = replay(series(even(60, 0.9)), RULE, until=on(65))
    assert (track.state, track.since) == (State.NO_DATA, on(60))


def test_a_weekday_that_never_has_data_is_not_missed() -> None:
    readings = [reading for reading in series(even(89, 0.9)) if reading.day.weekday() < 5]
    assert replay(readings, RULE, until=on(89)).state is State.OK


@pytest.mark.parametrize(("good", "n"), [(11.0, 10.0), (-1.0, 10.0), (float("nan"), 10.0), (3.0, float("nan"))])
def test_what_is_no_proportion_is_an_error_and_not_ok(good: float, n: float) -> None:
    assert replay([*series(even(60, 0.9)), Reading(on(60), good, n)], RULE).state is State.ERROR


def test_no_reading_at_all_is_no_data() -> None:
    track = replay([], RULE)
    assert track.state is State.NO_DATA and track.since is None


@st.composite
def days(draw: st.DrawFn) -> list[Reading]:
    """Up to 120 days in stretches of one rate each, with gaps and held days."""
    readings: list[Reading] = []
    position = 0
    for _ in range(draw(st.integers(1, 5))):
        rate, n = draw(st.sampled_from([0.95, 0.9, 0.8, 0.6, 0.2])), draw(st.integers(1, 150))
        rng = np.random.default_rng(draw(st.integers(0, 10)))
        held = draw(st.booleans()) and draw(st.booleans())
        for _ in range(draw(st.integers(1, 40))):
            size = int(rng.poisson(n))
            readings.append(Reading(on(position), float(rng.binomial(size, rate)), float(size), held))
            position += 1
        position += draw(st.sampled_from([0, 0, 1, 20]))
    return readings


def _summary(track: Track) -> list[tuple[date, date | None]]:
    return [(breach.since, breach.closed_on) for breach in track.breaches]


@settings(max_examples=60, deadline=None)
@given(days(), st.data())
def test_no_day_is_judged_by_what_comes_after(readings: list[Reading], data: st.DataObject) -> None:
    """The replay of a part is the beginning of the replay of the whole: day by day gives what all at once gives."""
    cut = data.draw(st.integers(1, len(readings)))
    whole, part = replay(readings, RULE), replay(readings[:cut], RULE)
    assert [s for s in whole.states if s[0] <= readings[cut - 1].day] == list(part.states)


@settings(max_examples=30, deadline=None)
@given(days(), st.randoms())
def test_order_of_arrival_does_not_matter(readings: list[Reading], random: object) -> None:
    shuffled = readings[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert replay(shuffled, RULE).states == replay(readings, RULE).states
    assert _summary(replay(shuffled, RULE)) == _summary(replay(readings, RULE))


def _false_firings(mean: float, family: int, count: int = 400) -> int:
    rule = Rule(promise=0.75, falls_off_by=0.05, family=family)
    return sum(len(replay(drawn(seed, 270, mean), rule).breaches) for seed in range(count))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mean", "family", "at_most"),
    # 400 series of 270 days, 94,000 judged days, nothing wrong with any of them. Measured: 3, 1, 26, 0.
    [(8, 1, 10), (8, 10, 4), (100, 1, 45), (100, 10, 4)],
)
def test_false_firings_are_bounded(mean: float, family: int, at_most: int) -> None:
    assert _false_firings(mean, family) <= at_most


@pytest.mark.slow
def test_a_fall_of_ten_points_is_found_within_a_week() -> None:
    """100 series each, fall on day 200. Measured: 0.75 at n = 100 a day, all at n = 300."""
    for mean, at_least in ((100, 0.65), (300, 0.98)):
        found = 0
        for seed in range(100):
            track = replay(drawn(seed, 207, mean, fall=0.1, at=200), Rule(promise=0.6, falls_off_by=0.05))
            found += any(on(200) <= breach.fired_on <= on(206) for breach in track.breaches)
        assert found / 100 >= at_least
