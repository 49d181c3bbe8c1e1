"""What the sign test of durations finds, in words. Pure; plain text."""

from __future__ import annotations

from jkpi.alerts.detection.episodes import Breach, Part
from jkpi.alerts.notifications.figures import covered
from jkpi.alerts.notifications.model import Row
from jkpi.alerts.series.watched import Watched
from jkpi.alerts.statistics.running_sums import Pool
from jkpi.formatting.durations import open_time, wall_time
from jkpi.formatting.numbers import count, day, percent


def time(seconds: float, watched: Watched) -> str:
    """45 s; 3 h 8 min; 2 days 4 h; 26 open hours, where a calendar says which hours count."""
    return wall_time(seconds) if watched.calendar is None else open_time(seconds)


def sentence(part: Part, watched: Watched) -> str:
    """What used to be done in that time, and since when how much less is."""
    fell = part.fell
    return (
        f"{percent(fell.reference)} used to be done within {time(part.within or 0.0, watched)};"
        f" since {day(part.since)} only {percent(fell.rate)} are (n = {count(fell.n)})"
    )


def headline(part: Part, watched: Watched, again: str) -> str:
    """What follows the name of the moment."""
    within = time(part.within or 0.0, watched)
    return f"{again}slower, {percent(part.fell.rate)} done within {within} instead of {percent(part.fell.reference)}"


def now(part: Part, pool: Pool, watched: Watched) -> list[Row]:
    """The share of pooled days, and what is usual."""
    (low, high), when = pool.interval, covered(pool, watched.period)
    same = " on the same days of the week," if watched.period == "day" else ""
    return [
        ("Now", f"{percent(pool.rate)} are done within {time(part.within or 0.0, watched)} ({percent(low)} to"
         f" {percent(high)} with 95 % confidence, n = {count(pool.n)}; {when})"),
        ("Usual", f"{percent(part.fell.reference)} within that time,{same} in the weeks before"),
    ]  # fmt: skip


def beside(part: Part, breach: Breach, watched: Watched) -> list[Row]:
    """That all takes longer, where the message speaks of something else."""
    others = [one for one in breach.parts if one.line == "median" and one.closed_on is None]
    return [("Slower", f"{sentence(others[-1], watched)}.")] if others and part.line != "median" else []
