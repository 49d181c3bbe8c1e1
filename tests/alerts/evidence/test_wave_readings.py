"""Evidence of survey waves: the waves before stand where daily readings have their weeks before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from jkpi.alerts.detection.replay import SeriesToEvaluate
from jkpi.alerts.detection.wave_replay import WaveReading, replay_waves
from jkpi.alerts.evidence.contributions import break_down
from jkpi.alerts.evidence.daily_readings import DailyReading
from jkpi.alerts.evidence.wave_readings import reference_days, with_reference_before
from jkpi.alerts.series.watched import Series
from jkpi.alerts.statistics.two_sample import Sample
from tests.alerts.builders import WATCHED

CONTENT = replace(WATCHED, period="wave", promise=None, min_drop=0.03)
DAYS = [date(2014, 5, 5) + timedelta(days=364 * number) for number in range(3)]


def waves(*counts: tuple[float, float]) -> tuple[DailyReading, ...]:
    return tuple(
        DailyReading(day, good / n, good, n, None, None, "final") for day, (good, n) in zip(DAYS, counts, strict=True)
    )


def test_a_segment_that_fell_is_the_driver() -> None:
    readings = {
        ("all", "all"): waves((100, 400), (328, 400), (278, 400)),
        ("region", "north"): waves((50, 200), (164, 200), (164, 200)),
        ("region", "south"): waves((50, 200), (164, 200), (114, 200)),
    }
    series = [
        WaveReading(reading.period_start, reading.period_start.isoformat(), Sample(reading.numerator or 0, 400))
        for reading in readings["all", "all"]
    ]
    (result,) = replay_waves([series], [SeriesToEvaluate(CONTENT.rule_for(), 0)])
    (detection,) = result.episodes[0].detections
    days = reference_days(detection, result)
    assert days == {DAYS[1]}, "the wave before, and not the year that was as low"
    placed = with_reference_before(readings, days, detection.drop.first_day)
    breakdown = break_down(placed, Series(CONTENT), detection.drop)
    assert breakdown is not None
    (driver,) = breakdown.contributions
    assert (driver.segment_value, driver.baseline, driver.rate) == ("south", 0.82, 0.57)
