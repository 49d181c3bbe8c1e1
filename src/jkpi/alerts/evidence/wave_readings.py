"""Readings of survey waves, put where the evidence of daily readings looks for them. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date

from jkpi.alerts.detection.episodes import Detection, SeriesResult
from jkpi.alerts.evidence.daily_readings import BASELINE_TO, ReadingsBySegment


def with_reference_before(readings: ReadingsBySegment, reference: Collection[date], first: date) -> ReadingsBySegment:
    """Readings from first on, and those of the reference waves as if they were of the weeks before. Other earlier waves
    are left out. reference: first days of the waves that the alert is compared with."""
    return {
        key: tuple(
            reading if reading.period_start >= first else replace(reading, period_start=first - BASELINE_TO)
            for reading in waves
            if reading.period_start >= first or reading.period_start in reference
        )
        for key, waves in readings.items()
    }


def reference_days(detection: Detection, result: SeriesResult) -> frozenset[date]:
    """First days of the waves that a detection is compared with; of the wave before, if it is about the promise."""
    earlier = [(day, name) for day, name in result.waves if day < detection.drop.first_day]
    names = detection.comparison.reference if detection.comparison else ()
    if not names:
        return frozenset(day for day, _ in earlier[-1:])
    return frozenset(day for day, name in earlier if name in names)
