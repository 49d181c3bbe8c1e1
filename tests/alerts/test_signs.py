"""The sign test itself: at which edge it counts, when that edge moves, and that no day looks ahead."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jkpi.alerts.detection.episodes import SeriesResult
from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid
from jkpi.alerts.notifications.slowdown_text import format_time_limit
from jkpi.alerts.statistics.duration_histogram import DurationHistogram, empty_grid
from jkpi.alerts.statistics.rules import WEEKLY, AlertRule, EvaluationConfig

EDGES = 2.0 ** (np.arange(0, 160) / 8)
FIRST = date(2026, 1, 5)


def drawn(medians: np.ndarray, n: int = 60, seed: int = 1, spread: float = 1.0) -> DurationHistogram:
    """A day for each median, its cases drawn."""
    rng = np.random.default_rng(seed)
    took = medians[:, None] * np.exp(spread * rng.normal(size=(len(medians), n)))
    within = (took[:, :, None] <= EDGES).sum(axis=1).astype(np.uint16)
    known = np.full(len(medians), np.inf)
    return DurationHistogram(
        0, EDGES, within, np.full(len(medians), float(n)), known, np.zeros(len(medians), dtype=bool)
    )


def track_of(*durations: DurationHistogram, cadence: EvaluationConfig | None = None) -> list[SeriesResult]:
    cadence = cadence or EvaluationConfig()
    rule = AlertRule(None, 0.05, config=cadence)
    tried = [SeriesToEvaluate(rule, number) for number in range(len(durations))]
    return list(replay_grid(empty_grid(FIRST, cadence.step_days, durations), tried, durations))


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def test_at_an_edge_cases_count_once_all_have_been_seen_for_longer() -> None:
    one = replace(
        drawn(np.full(3, 500.0)),
        decided_seconds=np.array([100.0, 1000.0, 100.0]),
        is_suspended=np.array([False, False, True]),
    )
    good, n, mark = one.counts_at(int(np.searchsorted(EDGES, 500.0)))
    assert n.tolist() == [0.0, 60.0, 0.0] and mark.tolist() == [0, 1, 2]
    assert good[0] == good[2] == 0.0 and 20 < good[1] < 40


def test_the_edge_is_the_one_nearest_to_the_median() -> None:
    one = drawn(np.full(80, 1000.0), n=500)
    edge = EDGES[one.median_edge(np.arange(56))]
    assert 0.9 < edge / 1000.0 < 1.1


def test_where_all_take_alike_it_is_one_within_which_all_are_done() -> None:
    """A few are quicker; that nobody is any more would be no loss of half of the cases."""
    one = drawn(np.full(90, 1000.0), spread=0.01)
    few = replace(one, cumulative_counts=np.maximum(one.cumulative_counts, (EDGES >= 500.0) * np.uint16(2)))
    assert EDGES[few.median_edge(np.arange(56))] >= 1000.0
    slower = drawn(np.concatenate([np.full(90, 1000.0), np.full(10, 1300.0)]), spread=0.01)
    (track,) = track_of(slower)
    assert [breach.fired_on for breach in track.episodes] == [day(90)]


@pytest.mark.parametrize("seed", range(4))
def test_a_slowdown_is_found_and_counted_at_one_edge(seed: int) -> None:
    (track,) = track_of(drawn(np.concatenate([np.full(90, 1000.0), np.full(20, 1500.0)]), seed=seed))
    (breach,) = track.episodes
    (part,) = breach.detections
    assert part.line == "median" and day(90) <= part.fired_on <= day(96)
    assert part.within_seconds is not None and 0.85 < part.within_seconds / 1000.0 < 1.18
    assert part.drop.reference == pytest.approx(0.5, abs=0.08)


def test_the_edge_follows_what_becomes_faster() -> None:
    """What is usual after that is the new median: falling back to the old one is a slowdown."""
    medians = np.concatenate([np.full(60, 1000.0), np.full(100, 400.0), np.full(12, 1000.0)])
    (track,) = track_of(drawn(medians))
    (breach,) = track.episodes
    assert breach.fired_on >= day(160)
    within = breach.detections[0].within_seconds
    assert within is not None and 330.0 < within < 480.0


def test_weeks_are_judged_as_weeks() -> None:
    (track,) = track_of(drawn(np.concatenate([np.full(30, 1000.0), np.full(4, 1600.0)]), n=120), cadence=WEEKLY)
    (breach,) = track.episodes
    assert breach.onset >= day(7 * 30) and breach.detections[0].within_seconds is not None


def test_what_nobody_ever_finished_is_no_series_to_judge() -> None:
    none = replace(drawn(np.full(70, 1000.0)), cumulative_counts=np.zeros((70, len(EDGES)), dtype=np.uint16))
    (track,) = track_of(none)
    assert track.episodes == ()


def test_what_is_all_open_still_is_not_there_yet() -> None:
    """On the first day of a series its cases may have been seen for less time than the first of them took."""
    new = drawn(np.full(2, 1000.0))
    (track,) = track_of(replace(new, decided_seconds=np.zeros(2)))
    assert (track.state, track.episodes, track.last_day, track.states) == ("no_data", (), None, ())


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    level=st.lists(st.sampled_from([500.0, 1000.0, 1400.0, 3000.0]), min_size=3, max_size=6),
    until=st.integers(40, 119),
)
def test_no_day_looks_ahead(seed: int, level: list[float], until: int) -> None:
    """A past that is cut off has the states of the whole one: replaying all gives what going on gives."""
    medians = np.repeat(level, 120 // len(level) + 1)[:120]
    whole = drawn(medians, n=20, seed=seed)
    cut = replace(
        whole,
        cumulative_counts=whole.cumulative_counts[:until],
        n=whole.n[:until],
        decided_seconds=whole.decided_seconds[:until],
        is_suspended=whole.is_suspended[:until],
    )
    (all_of_it,), (some_of_it,) = track_of(whole), track_of(cut)
    assert some_of_it.states == all_of_it.states[:until]


def test_series_beside_each_other_do_not_touch() -> None:
    one, other = drawn(np.full(100, 1000.0), seed=2), drawn(np.repeat([800.0, 1400.0], 50), seed=3)
    together = track_of(one, replace(other, start_column=30))
    assert [track.states for track in together[:1]] == [track_of(one)[0].states]
    (alone,) = track_of(other)
    assert [state for _, state in together[1].states] == [state for _, state in alone.states]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(45, "45 s"), (104, "1 min 44 s"), (720, "12 min"), (11264, "3 h 8 min"), (86400, "1 day"), (180224, "2 days 2 h"),
     (172799, "2 days"), (3599, "59 min 59 s")],
)  # fmt: skip
def test_times_are_said_in_two_units(seconds: float, said: str) -> None:
    from jkpi.alerts.series.watched import WatchedMoment

    watched = WatchedMoment(
        "j", "J", "m", "M", "k", "K", None, "share_within", "share", "higher", 0.9, 0.05, "o", (), ()
    )
    assert format_time_limit(seconds, watched) == said
    assert format_time_limit(180224, replace(watched, calendar="hours")) == "50 h 4 min of open time"
