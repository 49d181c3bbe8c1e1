"""Texts about slowdowns, which the sign test of durations detects. Pure; plain text."""

from __future__ import annotations

from jkpi.alerts.detection.episodes import Detection, Episode
from jkpi.alerts.notifications.figures import format_covered
from jkpi.alerts.notifications.model import BodyRow
from jkpi.alerts.series.watched import WatchedMoment
from jkpi.alerts.statistics.running_sums import PooledSample
from jkpi.formatting.dates import format_day
from jkpi.formatting.durations import format_open_time, format_wall_time
from jkpi.formatting.numbers import format_count, format_percent


def format_time_limit(seconds: float, watched: WatchedMoment) -> str:
    """45 s; 3 h 8 min; 2 days 4 h; 26 open hours if the KPI has a calendar."""
    return format_wall_time(seconds) if watched.calendar is None else format_open_time(seconds)


def slowdown_sentence(detection: Detection, watched: WatchedMoment) -> str:
    """How many were done within the time limit before, and how many since the onset."""
    drop, limit = detection.drop, format_time_limit(detection.within_seconds or 0.0, watched)
    return (
        f"{format_percent(drop.reference, 0)} used to be done within {limit}; since {format_day(detection.onset)} only"
        f" {format_percent(drop.rate, 0)} are (n = {format_count(drop.n)})"
    )


def slowdown_headline(detection: Detection, watched: WatchedMoment, continuation: str, rate: float) -> str:
    """What follows the name of the moment. rate: the share done within the time limit, as estimated."""
    baseline = format_percent(detection.drop.reference, 0)
    limit = format_time_limit(detection.within_seconds or 0.0, watched)
    return f"{continuation}slower, about {format_percent(rate, 0)} done within {limit}, baseline {baseline}"


def slowdown_now_rows(detection: Detection, sample: PooledSample, watched: WatchedMoment) -> list[BodyRow]:
    """The proportion done within the time limit, and its baseline."""
    low, high = (format_percent(bound, 0) for bound in sample.interval)
    limit, when = format_time_limit(detection.within_seconds or 0.0, watched), format_covered(sample, watched.period)
    same_weekdays = " on the same days of the week," if watched.period == "day" else ""
    baseline = format_percent(detection.drop.reference, 0)
    return [
        (
            "Now",
            f"{format_percent(sample.rate, 0)} are done within {limit} ({low} to {high} with 95 % confidence,"
            f" n = {format_count(sample.n)}; {when})",
        ),
        ("Baseline", f"{baseline} within that time,{same_weekdays} in the weeks before"),
    ]


def slowdown_rows(detection: Detection, episode: Episode, watched: WatchedMoment) -> list[BodyRow]:
    """An open slowdown, in a message whose main detection is another one."""
    slowdowns = [other for other in episode.detections if other.line == "median" and other.closed_on is None]
    return (
        [("Slower", f"{slowdown_sentence(slowdowns[-1], watched)}.")]
        if slowdowns and detection.line != "median"
        else []
    )
