"""The benchmark of alert quality: halves that share no source, copies that share no noise, true falls counted apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from benchmarks.alert_quality import sources
from benchmarks.alert_quality.__main__ import SCENES
from benchmarks.alert_quality.faults import moved, span, thinned
from benchmarks.alert_quality.generated_days import generated
from benchmarks.alert_quality.methods import per_month
from benchmarks.alert_quality.promises import Collapse, seen_by_due, seen_by_start
from benchmarks.alert_quality.promises import generated as generated_promises
from benchmarks.alert_quality.scenes import Options
from benchmarks.alert_quality.scores import interval
from benchmarks.alert_quality.sources import DAYS, DEPARTMENTS, Days, Source

MONTHS = 36


def department(rates: np.ndarray, n: float = 400.0) -> Source:
    """Cases a day and successes of each month."""
    return Source(DEPARTMENTS, date(2016, 3, 28), n * rates, np.full(MONTHS, n), frozenset())


def desk(n: int = 100, weeks: int = 8, holidays: frozenset[date] = frozenset()) -> Source:
    return Source("desk", date(2016, 3, 28), np.full(7 * weeks, int(0.8 * n)), np.full(7 * weeks, n), holidays)


def drawn(source: Source, mean: int, seed: int) -> Days:
    successes, n, is_holiday, has_fallen, true_rate = (
        values[:, None] for values in sources.draw(source, mean, np.random.default_rng(seed))
    )
    return Days(successes, n, np.zeros(1, dtype=int), is_holiday, has_fallen, true_rate)


@pytest.mark.real
@pytest.mark.parametrize("mean", [10, 30, 100, 300])
def test_tuning_and_held_half_share_no_source(mean: int) -> None:
    days = sources.real(400, mean, np.random.default_rng(mean))
    if days is None:
        pytest.skip("no public data (JKPI_PUBLIC_DATA)")
    tuning, held = (set(days.source[rows]) for rows in (days.is_for_tuning, ~days.is_for_tuning))
    assert not tuning & held
    assert min(len(tuning), len(held)) >= 25


def test_copies_of_a_source_have_noise_of_their_own() -> None:
    flat = department(np.full(MONTHS, 0.9))
    one, other = (drawn(flat, 400, seed) for seed in (1, 2))
    correlation = np.corrcoef(one.n[:, 0], other.n[:, 0])[0, 1]
    assert abs(correlation) < 0.25


def test_the_error_is_over_sources() -> None:
    alarms = np.repeat(np.random.default_rng(1).poisson(1.0, 10), 20).astype(float)
    by_series, by_source = (interval(alarms, source) for source in (None, np.repeat(np.arange(10), 20)))
    assert by_source[1] - by_source[0] > 3 * (by_series[1] - by_series[0])


@pytest.mark.parametrize(("fall", "is_true"), [(0.0, False), (0.03, True)])
def test_a_true_fall_is_known_from_the_monthly_rates(fall: float, is_true: bool) -> None:
    rates = np.where(np.arange(MONTHS) % 6 < 3, 0.9, 0.9 - fall)
    has_fallen = drawn(department(rates), 20, 3).has_fallen
    assert has_fallen is not None and has_fallen.any() == is_true


def test_a_true_fall_is_known_from_the_cases_that_were_left_out() -> None:
    week = np.arange(56) // 7
    source = desk(n=400)
    fallen = replace(source, successes=np.where(week == 5, 200, source.successes))
    days = drawn(fallen, 20, 4)
    steady = drawn(source, 20, 4)
    assert days.has_fallen is not None and days.has_fallen.any()
    assert steady.has_fallen is not None and steady.has_fallen.mean() < 0.1
    whole = drawn(fallen, 400, 4)
    assert whole.has_fallen is not None and not whole.has_fallen.any(), "all cases are evaluated, none is left to tell"


def test_holidays_come_with_the_days_that_are_drawn() -> None:
    days = drawn(desk(weeks=2, holidays=frozenset({date(2016, 4, 1)})), 20, 5)
    assert days.is_holiday is not None
    holidays = np.flatnonzero(days.is_holiday[:, 0])
    assert len(holidays) > 5
    assert set(holidays % 7) == {4}, "1 April 2016 was a Friday"


def test_false_alarms_are_those_of_days_without_a_true_fall() -> None:
    alarms, has_fallen = np.zeros((2, DAYS, 1), dtype=bool)
    alarms[[50, 150], 0] = True
    has_fallen[126:, 0] = True
    days = Days(np.zeros((DAYS, 1)), np.ones((DAYS, 1)), np.zeros(1, dtype=int), has_fallen=has_fallen)
    assert per_month(alarms, days) == pytest.approx(1 / ((126 - 35) / 30.44))


def test_days_move_and_thin_by_what_is_asked() -> None:
    rng = np.random.default_rng(6)
    days = generated(40, 300, rng)
    lower, higher = (moved(days, span(100, DAYS, points), rng) for points in (0.1, -0.05))
    fewer = thinned(days, span(100, DAYS, 0.1, other=1.0), rng)
    rates = [(changed.successes[100:].sum() / changed.n[100:].sum()) for changed in (days, lower, higher, fewer)]
    assert rates[1] - rates[0] == pytest.approx(-0.1, abs=0.01)
    assert rates[2] - rates[0] == pytest.approx(0.05, abs=0.01)
    assert rates[3] == pytest.approx(rates[0], abs=0.01)
    assert fewer.n[100:].sum() / days.n[100:].sum() == pytest.approx(0.1, abs=0.01)
    assert (fewer.n[:100] == days.n[:100]).all()


def test_short_promises_that_collapse_are_seen_on_the_due_day_and_not_on_the_start_day() -> None:
    rng = np.random.default_rng(7)
    moments = [generated_promises(60, Collapse("short", (1, 2)), rng) for _ in range(3)]
    by_due, by_start = (seen[126:154].any(axis=0) for seen in (seen_by_due(moments), seen_by_start(moments)))
    assert by_due.all()
    assert not by_start.any()


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES)
def test_each_scene_prints_its_table(scene: str, capsys: pytest.CaptureFixture[str]) -> None:
    SCENES[scene](Options(16, (60,), is_quick=True, methods=()))
    printed = capsys.readouterr().out
    assert "jkpi" in printed or scene == "promises"
    assert "a month" in printed or "/month" in printed
