"""What the sign test of durations finds, in words. Pure; plain text."""

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
    """45 s; 3 h 8 min; 2 days 4 h; 26 open hours, where a calendar says which hours count."""
    return format_wall_time(seconds) if watched.calendar is None else format_open_time(seconds)


def slowdown_sentence(detection: Detection, watched: WatchedMoment) -> str:
    """What used to be done in that time, and since when how much less is."""
    drop = detection.drop
    return (
        f"{format_percent(drop.reference, 0)} used to be done within {format_time_limit(detection.within_seconds or 0.0, watched)};"
        f" since {format_day(detection.onset)} only {format_percent(drop.rate, 0)} are (n = {format_count(drop.n)})"
    )


def slowdown_headline(detection: Detection, watched: WatchedMoment, continuation: str) -> str:
    """What follows the name of the moment."""
    within = format_time_limit(detection.within_seconds or 0.0, watched)
    return f"{continuation}slower, {format_percent(detection.drop.rate, 0)} done within {within} instead of {format_percent(detection.drop.reference, 0)}"


def slowdown_now_rows(detection: Detection, sample: PooledSample, watched: WatchedMoment) -> list[BodyRow]:
    """The share of pooled days, and what is usual."""
    (low, high), when = sample.interval, format_covered(sample, watched.period)
    same_weekdays = " on the same days of the week," if watched.period == "day" else ""
    return [
        ("Now", f"{format_percent(sample.rate, 0)} are done within {format_time_limit(detection.within_seconds or 0.0, watched)} ({format_percent(low, 0)} to"
         f" {format_percent(high, 0)} with 95 % confidence, n = {format_count(sample.n)}; {when})"),
        ("Usual", f"{format_percent(detection.drop.reference, 0)} within that time,{same_weekdays} in the weeks before"),
    ]  # fmt: skip


def slowdown_rows(detection: Detection, episode: Episode, watched: WatchedMoment) -> list[BodyRow]:
    """That all takes longer, where the message speaks of something else."""
    slowdowns = [other for other in episode.detections if other.line == "median" and other.closed_on is None]
    return (
        [("Slower", f"{slowdown_sentence(slowdowns[-1], watched)}.")]
        if slowdowns and detection.line != "median"
        else []
    )
