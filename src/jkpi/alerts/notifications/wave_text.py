"""Survey waves as messages write them. Pure; plain text. Names come from the data and are reduced to one plain line."""

from __future__ import annotations

from collections.abc import Sequence

from jkpi.alerts.detection.episodes import Detection, WaveComparison
from jkpi.alerts.notifications.figures import KpiFormatter
from jkpi.alerts.notifications.model import BodyRow
from jkpi.alerts.series.watched import WatchedMoment
from jkpi.formatting.dates import format_day
from jkpi.formatting.numbers import format_count, format_fixed, format_odds, sanitize


def wave_names(names: Sequence[str]) -> str:
    """`wave 2016`; `waves 2013 to 2016`."""
    first, last = sanitize(names[0]), sanitize(names[-1])
    return f"wave {first}" if len(names) == 1 else f"waves {first} to {last}"


def against_text(comparison: WaveComparison) -> str:
    """`wave 2016 against wave 2015`; against a promise `wave 2016`."""
    waves = wave_names(comparison.waves)
    return f"{waves} against {wave_names(comparison.reference)}" if comparison.reference else waves


def wave_now_rows(detection: Detection, comparison: WaveComparison, watched: WatchedMoment) -> list[BodyRow]:
    """Value of the waves, of those before, and the difference with its interval."""
    formatter, drop = KpiFormatter(watched), detection.drop
    value, interval = formatter.from_rate(drop.rate), formatter.interval_of(drop)
    waves = wave_names(comparison.waves)
    rows = [("Now", f"{value} ({interval} with 95 % confidence, n = {format_count(drop.n)}; {waves})")]
    if comparison.reference:
        before = f"{formatter.from_rate(drop.reference)} in {wave_names(comparison.reference)}"
        rows.append(("Before", f"{before}, n = {format_count(comparison.reference_n)}"))
        rows.append(("Difference", _difference_text(comparison, watched, formatter)))
    rows.append(("Since", f"{wave_names(comparison.waves[:1])}, which began {format_day(detection.onset)}"))
    return rows


def wave_reason_rows(detection: Detection, comparison: WaveComparison, watched: WatchedMoment) -> list[BodyRow]:
    """Why it is an alert, and how often a wave opens one by chance."""
    side = "above" if watched.direction == "lower" else "below"
    limit = "the level at which the promise is broken"
    if comparison.reference:
        limit = f"{wave_names(comparison.reference)}, by more than the smallest drop worth a message"
    verb = "is" if len(comparison.waves) == 1 else "are together"
    return [
        ("Why", f"{wave_names(comparison.waves)} {verb} clearly {side} {limit}."),
        ("", f"So many bad outcomes by chance alone: {format_odds(detection.drop.tail)}."),
        ("False alarms", f"if nothing has changed, at most {format_odds(comparison.alpha)} waves opens an alert."),
    ]


def _difference_text(comparison: WaveComparison, watched: WatchedMoment, formatter: KpiFormatter) -> str:
    side = "higher" if watched.direction == "lower" else "lower"
    points = formatter.difference_in_points(0.0, abs(comparison.difference))
    unit = 200.0 if watched.statistic == "nps" else 100.0
    least, most = -comparison.high * unit, -comparison.low * unit
    digits = 0 if watched.min_drop * (1.0 if watched.statistic == "nps" else 100.0) >= 2.0 else 1
    if format_fixed(max(least, 0.0), digits) == format_fixed(0.0, digits):
        digits += 1
    return f"{points} {side} ({format_fixed(least, digits)} to {format_fixed(most, digits)} with 95 % confidence)"
