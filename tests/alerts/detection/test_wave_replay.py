"""Survey waves replayed: what opens an alert, what ends it, and what changes nothing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from jkpi.alerts.detection.episodes import SeriesResult
from jkpi.alerts.detection.replay import SeriesToEvaluate
from jkpi.alerts.detection.wave_replay import MAX_ALPHA, WaveReading, replay_waves, wave_alpha
from jkpi.alerts.statistics import reading_grid
from jkpi.alerts.statistics.rules import WAVES, AlertRule
from jkpi.alerts.statistics.two_sample import Sample

FIRST = date(2020, 1, 6)
YEAR = 364


def waves(*rates: float, n: int = 400, step: int = YEAR) -> list[WaveReading]:
    return [
        WaveReading(FIRST + timedelta(days=step * number), str(2020 + number), Sample(float(round(n * rate)), n))
        for number, rate in enumerate(rates)
    ]


def replay(*readings: WaveReading, promise: float | None = None, min_drop: float = 0.03) -> SeriesResult:
    (result,) = replay_waves([readings], [SeriesToEvaluate(AlertRule(promise, min_drop, config=WAVES), 0)])
    return result


def states(result: SeriesResult) -> list[str]:
    return [str(state) for _, state in result.states]


@pytest.mark.parametrize(
    ("rates", "wanted"),
    [
        ([0.8], ["learning"]),
        ([0.8, 0.8, 0.81], ["learning", "ok", "ok"]),
        ([0.8, 0.8, 0.72], ["learning", "ok", "firing"]),
        ([0.8, 0.72], ["learning", "firing"]),
        ([0.8, 0.8, 0.755], ["learning", "ok", "watch"]),
        # It stays open while the waves are low, and ends with one that is back.
        ([0.8, 0.7, 0.71, 0.7, 0.8], ["learning", "firing", "firing", "firing", "ok"]),
        # Surely lower, but by less than the smallest drop worth a message.
        ([0.8, 0.78], ["learning", "ok"]),
        # Better is no drop.
        ([0.7, 0.8, 0.78], ["learning", "ok", "ok"]),
    ],
)
def test_states(rates: list[float], wanted: list[str]) -> None:
    assert states(replay(*waves(*rates, n=400 if 0.78 not in rates else 8000))) == wanted


def test_what_a_drop_says() -> None:
    result = replay(*waves(0.8, 0.8, 0.7, 0.71, 0.81))
    (episode,) = result.episodes
    (detection,) = episode.detections
    assert (episode.onset, episode.closed_on) == (date(2022, 1, 3), date(2024, 1, 1))
    assert (detection.line, detection.reason, detection.drop.n) == ("baseline", "wave", 800)
    comparison = detection.comparison
    assert comparison is not None
    assert (comparison.waves, comparison.reference, comparison.recovery_wave) == (("2022", "2023"), ("2021",), "2024")
    assert comparison.difference == pytest.approx(-0.095)
    assert comparison.low < -0.095 < comparison.high < 0
    assert detection.recovery is not None
    assert detection.recovery.rate == pytest.approx(0.81)
    assert result.open_episode is None


def test_a_slow_decline_is_compared_with_the_waves_before_together() -> None:
    result = replay(*waves(0.82, 0.82, 0.80, 0.78, 0.74))
    assert result.state == "firing"
    assert result.episodes[0].detections[0].comparison.reference == ("2020", "2021", "2022", "2023")  # type: ignore[union-attr]


def test_a_further_drop_is_a_detection_of_its_own() -> None:
    (episode,) = replay(*waves(0.8, 0.7, 0.6)).episodes
    assert [detection.comparison.reference for detection in episode.detections if detection.comparison] == [
        ("2020",),
        ("2021",),
    ]
    assert episode.closed_on is None


def test_a_small_or_withheld_wave_changes_nothing_and_is_no_reference() -> None:
    first, second, third = waves(0.8, 0.2, 0.8)
    small = WaveReading(second.first_day, second.name, Sample(1.0, 8.0))
    withheld = WaveReading(second.first_day, second.name, Sample(0.0, 0.0), reading_grid.SUSPENDED)
    impossible = WaveReading(second.first_day, second.name, Sample(0.0, 0.0), reading_grid.INVALID)
    assert states(replay(first, small, third)) == ["learning", "low_n", "ok"]
    assert states(replay(first, withheld, third)) == ["learning", "suspended", "ok"]
    assert states(replay(first, impossible, third)) == ["learning", "error", "ok"]
    assert replay(first, withheld).data_gap_since == second.first_day
    assert replay(first, impossible).error_since == second.first_day
    low = waves(0.8, 0.7)
    assert states(replay(*low, WaveReading(third.first_day, third.name, Sample(8.0, 8.0)))) == [
        "learning",
        "firing",
        "firing",
    ]


def test_a_promise_is_broken_by_one_wave_or_by_several_together() -> None:
    """Promised 0.8, broken below 0.75. Three waves at 0.73 are surely below together."""
    assert replay(*waves(0.66), promise=0.8, min_drop=0.05).state == "firing"
    result = replay(*waves(0.73, 0.72, 0.72), promise=0.8, min_drop=0.05)
    assert states(result) == ["learning", "watch", "firing"]
    (episode,) = result.episodes
    (detection,) = episode.detections
    assert (detection.line, detection.onset, detection.fired_on) == ("promise", FIRST, date(2022, 1, 3))
    assert replay(*waves(0.66, 0.8), promise=0.8, min_drop=0.05).state == "ok"


def test_an_nps_drop() -> None:
    """NPS 30 to 10: 0.65 to 0.55 as rates."""
    day = FIRST + timedelta(days=YEAR)
    before = WaveReading(FIRST, "2020", Sample(0.65 * 400, 400, 0.3 * 400, is_nps=True))
    after = WaveReading(day, "2021", Sample(0.55 * 400, 400, 0.3 * 400, is_nps=True))
    assert replay(before, after, min_drop=0.05).state == "firing"


def test_the_level_is_2_5_percent_or_what_the_budget_allows() -> None:
    rule = AlertRule(None, 0.03, config=WAVES)
    assert wave_alpha(rule, 365) == wave_alpha(rule, 91) == MAX_ALPHA
    assert wave_alpha(rule, 7) == pytest.approx(7 / 547.5)


def test_segments_share_the_level() -> None:
    """0.755 after 0.82 is significant for one series (tail about 0.014), not as one of ten segments."""
    readings = waves(0.82, 0.755)
    rule = AlertRule(None, 0.03, config=WAVES)
    (alone,) = replay_waves([readings], [SeriesToEvaluate(rule, 0)])
    shared = SeriesToEvaluate(AlertRule(None, 0.03, 10, config=WAVES), 1)
    steady = waves(0.82, 0.82)
    results = replay_waves([readings, *[steady] * 9], [shared] * 10)
    assert alone.state == "firing"
    assert results[0].state == "watch"
    together = replay_waves([readings] * 10, [shared] * 10)
    assert all(result.state == "firing" for result in together), "ten at once are no chance"


def test_no_waves() -> None:
    assert replay().state == "no_data"
