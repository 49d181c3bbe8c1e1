"""Sign test: the edge it counts at, when the edge moves, and that no day uses later ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jkpi.alerts.detection.episodes import SeriesResult
from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid
from jkpi.alerts.statistics.duration_histogram import DurationHistogram, empty_grid
from jkpi.alerts.statistics.rules import WEEKLY, AlertRule, EvaluationConfig

EDGES = 2.0 ** (np.arange(0, 160) / 8)
FIRST = date(2026, 1, 5)


def random_histogram(medians: np.ndarray, n: int = 60, seed: int = 1, spread: float = 1.0) -> DurationHistogram:
    """One day for each median, with random durations."""
    rng = np.random.default_rng(seed)
    seconds_taken = medians[:, None] * np.exp(spread * rng.normal(size=(len(medians), n)))
    cumulative_counts = (seconds_taken[:, :, None] <= EDGES).sum(axis=1).astype(np.uint16)
    decided_seconds = np.full(len(medians), np.inf)
    return DurationHistogram(
        0,
        EDGES,
        cumulative_counts,
        np.full(len(medians), float(n)),
        decided_seconds,
        np.zeros(len(medians), dtype=bool),
    )


def results_of(*histograms: DurationHistogram, config: EvaluationConfig | None = None) -> list[SeriesResult]:
    config = config or EvaluationConfig()
    rule = AlertRule(None, 0.05, config=config)
    to_evaluate = [SeriesToEvaluate(rule, number) for number in range(len(histograms))]
    return list(replay_grid(empty_grid(FIRST, config.step_days, histograms), to_evaluate, histograms))


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def test_a_day_counts_once_all_its_cases_were_observed_beyond_the_edge() -> None:
    histogram = replace(
        random_histogram(np.full(3, 500.0)),
        decided_seconds=np.array([100.0, 1000.0, 100.0]),
        is_suspended=np.array([False, False, True]),
    )
    successes, n, status = histogram.counts_at(int(np.searchsorted(EDGES, 500.0)))
    assert n.tolist() == [0.0, 60.0, 0.0] and status.tolist() == [0, 1, 2]
    assert successes[0] == successes[2] == 0.0 and 20 < successes[1] < 40


def test_the_edge_is_the_one_nearest_to_the_median() -> None:
    histogram = random_histogram(np.full(80, 1000.0), n=500)
    edge = EDGES[histogram.median_edge(np.arange(56))]
    assert 0.9 < edge / 1000.0 < 1.1


def test_equal_durations_use_an_edge_above_all_of_them() -> None:
    """A few cases are quicker: an edge just above them could not show a loss of half of the cases."""
    histogram = random_histogram(np.full(90, 1000.0), spread=0.01)
    with_quick_cases = replace(
        histogram, cumulative_counts=np.maximum(histogram.cumulative_counts, (EDGES >= 500.0) * np.uint16(2))
    )
    assert EDGES[with_quick_cases.median_edge(np.arange(56))] >= 1000.0
    slowed = random_histogram(np.concatenate([np.full(90, 1000.0), np.full(10, 1300.0)]), spread=0.01)
    (result,) = results_of(slowed)
    assert [episode.fired_on for episode in result.episodes] == [day(90)]


@pytest.mark.parametrize("seed", range(4))
def test_a_slowdown_is_detected_at_a_single_edge(seed: int) -> None:
    (result,) = results_of(random_histogram(np.concatenate([np.full(90, 1000.0), np.full(20, 1500.0)]), seed=seed))
    (episode,) = result.episodes
    (detection,) = episode.detections
    assert detection.line == "median" and day(90) <= detection.fired_on <= day(96)
    assert detection.within_seconds is not None and 0.85 < detection.within_seconds / 1000.0 < 1.18
    assert detection.drop.reference == pytest.approx(0.5, abs=0.08)


def test_the_edge_follows_shorter_durations() -> None:
    """The new median becomes the baseline, so a return to the old one is a slowdown."""
    medians = np.concatenate([np.full(60, 1000.0), np.full(100, 400.0), np.full(12, 1000.0)])
    (result,) = results_of(random_histogram(medians))
    (episode,) = result.episodes
    assert episode.fired_on >= day(160)
    cumulative_counts = episode.detections[0].within_seconds
    assert cumulative_counts is not None and 330.0 < cumulative_counts < 480.0


def test_weekly_durations_are_evaluated_by_week() -> None:
    (result,) = results_of(
        random_histogram(np.concatenate([np.full(30, 1000.0), np.full(4, 1600.0)]), n=120), config=WEEKLY
    )
    (episode,) = result.episodes
    assert episode.onset >= day(7 * 30) and episode.detections[0].within_seconds is not None


def test_cases_that_never_finish_open_no_alert() -> None:
    unfinished = replace(
        random_histogram(np.full(70, 1000.0)), cumulative_counts=np.zeros((70, len(EDGES)), dtype=np.uint16)
    )
    (result,) = results_of(unfinished)
    assert result.episodes == ()


def test_days_with_only_open_cases_have_no_reading() -> None:
    """On the first day all cases may have been observed for less time than the first one took."""
    histogram = random_histogram(np.full(2, 1000.0))
    (result,) = results_of(replace(histogram, decided_seconds=np.zeros(2)))
    assert (result.state, result.episodes, result.last_day, result.states) == ("no_data", (), None, ())


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    levels=st.lists(st.sampled_from([500.0, 1000.0, 1400.0, 3000.0]), min_size=3, max_size=6),
    until=st.integers(40, 119),
)
def test_no_day_depends_on_later_days(seed: int, levels: list[float], until: int) -> None:
    """A history that is cut off has the same states as the whole one up to that day."""
    medians = np.repeat(levels, 120 // len(levels) + 1)[:120]
    whole = random_histogram(medians, n=20, seed=seed)
    cut = replace(
        whole,
        cumulative_counts=whole.cumulative_counts[:until],
        n=whole.n[:until],
        decided_seconds=whole.decided_seconds[:until],
        is_suspended=whole.is_suspended[:until],
    )
    (whole_result,), (cut_result,) = results_of(whole), results_of(cut)
    assert cut_result.states == whole_result.states[:until]


def test_series_of_one_grid_are_independent() -> None:
    histogram, other_histogram = (
        random_histogram(np.full(100, 1000.0), seed=2),
        random_histogram(np.repeat([800.0, 1400.0], 50), seed=3),
    )
    together = results_of(histogram, replace(other_histogram, start_column=30))
    assert [result.states for result in together[:1]] == [results_of(histogram)[0].states]
    (alone,) = results_of(other_histogram)
    assert [state for _, state in together[1].states] == [state for _, state in alone.states]
