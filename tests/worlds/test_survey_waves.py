"""Survey waves: a drop between two rounds is alerted, half a round is not evaluated, no drop keeps the budget."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from jkpi.alerts.detection.replay import SeriesToEvaluate
from jkpi.alerts.detection.wave_replay import MAX_ALPHA, WaveReading, replay_waves
from jkpi.alerts.statistics.rules import WAVES, AlertRule
from jkpi.alerts.statistics.two_sample import Sample
from tests.worlds.survey_waves import ANSWERS, QUARTERS, SurveyWorld, Wave

RULE = AlertRule(None, 0.03, config=WAVES)
MOMENTS = 2000


def made_waves(rates: np.ndarray, seed: int, step: int = 91, n: int = ANSWERS) -> list[list[WaveReading]]:
    """Moments with the true rates (M, W) of their waves; the answers are drawn."""
    successes = np.random.default_rng(seed).binomial(n, rates)
    return [
        [
            WaveReading(date(2015, 1, 5) + timedelta(days=step * wave), f"w{wave}", Sample(float(count), float(n)))
            for wave, count in enumerate(counts)
        ]
        for counts in successes
    ]


def fired_waves(rates: np.ndarray, seed: int, rule: AlertRule = RULE, step: int = 91) -> list[set[int]]:
    """For each moment the waves that opened an alert."""
    found = []
    for waves in made_waves(rates, seed, step):
        (result,) = replay_waves([waves], [SeriesToEvaluate(rule, 0)])
        found.append(
            {
                (detection.fired_on - waves[0].first_day).days // step
                for episode in result.episodes
                for detection in episode.detections[:1]
            }
        )
    return found


@pytest.mark.slow
def test_no_drop_keeps_the_budget() -> None:
    """2,000 moments of eight waves without any change: at most 2.5 % of the waves open an alert."""
    fired = fired_waves(np.full((MOMENTS, 8), 0.8), seed=1)
    assert sum(map(len, fired)) / (7 * MOMENTS) <= MAX_ALPHA


@pytest.mark.slow
def test_waves_every_week_keep_the_budget_in_days() -> None:
    """A pulse every week has many more chances: one false alarm in 547.5 days is 1.3 % of the waves."""
    fired = fired_waves(np.full((MOMENTS // 20, 52), 0.8), seed=2, step=7)
    days = MOMENTS // 20 * 51 * 7
    assert days / max(sum(map(len, fired)), 1) >= 547.5


@pytest.mark.slow
def test_eight_points_lower_are_alerted() -> None:
    """At the third wave in 3 of 4 moments; with five waves before in 4 of 5."""
    third = np.full((MOMENTS // 10, 3), 0.82)
    third[:, 2] -= 0.08
    assert np.mean([2 in waves for waves in fired_waves(third, seed=3)]) >= 0.75
    sixth = np.full((MOMENTS // 10, 6), 0.82)
    sixth[:, 5] -= 0.08
    assert np.mean([5 in waves for waves in fired_waves(sixth, seed=4)]) >= 0.80


@pytest.mark.slow
def test_a_slow_decline_is_alerted() -> None:
    """Two points a wave: no wave is surely lower than the one before, but than those before together."""
    decline = np.tile([0.82, 0.82, *(0.82 - 0.02 * np.arange(1, 7))], (MOMENTS // 10, 1))
    assert np.mean([bool(waves) for waves in fired_waves(decline, seed=5)]) >= 0.85


@pytest.mark.slow
@pytest.mark.dbt
def test_a_survey_wave_from_file_to_message(tmp_path: Path, dbt: None) -> None:
    world = SurveyWorld(tmp_path)
    third = Wave(QUARTERS[2], 0.74, promoters=0.25)
    world.write(
        [Wave(QUARTERS[0], 0.82), Wave(QUARTERS[1], 0.82), Wave(QUARTERS[2], 0.74, promoters=0.25, arrived=200)]
    )

    # Half of the third wave is there, and would be low enough.
    assert world.states(date(2024, 7, 20)) == {"content": "ok", "recommends": "ok"}
    assert world.messages() == ""
    total = [row for row in world.readings() if row["segment"] == "all"]
    assert [(row["wave"], row["period_start"], row["status"]) for row in total] == [
        ("2024-q1", QUARTERS[0], "final"),
        ("2024-q2", QUARTERS[1], "final"),
        ("2024-q3", QUARTERS[2], "provisional"),
    ]
    assert (total[1]["numerator"], total[1]["denominator"]) == (328, 400)

    # It is complete, and no answer has come for two weeks.
    world.write([third])
    assert world.states(date(2024, 8, 20)) == {"content": "firing", "recommends": "firing"}
    message = world.messages()
    assert "Guests are content: dropped from 82 % to 74 %, wave 2024-q3 against wave 2024-q2" in message
    assert "Difference    8 points lower (2 to 14 with 95 % confidence)" in message
    assert "Guests recommend us: Would recommend dropped from +15 to 0, wave 2024-q3 against wave 2024-q2" in message
    closed = [row for row in world.readings() if row["wave"] == "2024-q3" and row["segment"] == "all"]
    assert [row["matures_at"] for row in closed] == [datetime(2024, 8, 10, 12)]

    # The next one is back.
    world.write([Wave(QUARTERS[3], 0.83)])
    assert world.states(date(2024, 11, 20)) == {"content": "ok", "recommends": "ok"}
    assert "Guests are content: back at 83 %, wave 2024-q4" in world.messages()

    # Counted again from the beginning, all is the same.
    before = world.readings(), world.readings("visit.nps")
    world.jkpi("measure", date(2024, 11, 20), "--full-refresh")
    assert (world.readings(), world.readings("visit.nps")) == before
