"""Is a day's number of rows what this source usually sends? Is the source still there? Pure: numbers in, verdicts out.

Usual is the median of the same weekday over the eight weeks before, days that were blind left out, so that a closed
Sunday is usual and one bad week moves nothing. A source that fades (the tail of an extract, a season that ends) is
followed down: usual is lowered by the level of the last seven days that were not blind, so a thin tail is no blind
spot and a sudden silence is one. A holiday is no day to judge, nor to judge others by.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median

FLOOR = 0.05
"""A day with a smaller part of its usual rows is blind; a public holiday that no calendar knows mostly brings more."""
USUAL_AT_LEAST = 20.0
"""Where fewer rows are usual, an empty day is a coincidence."""
WEEKS = 8
WEEKS_AT_LEAST = 4
LEVEL_DAYS = 7
LEVEL_DAYS_AT_LEAST = 3
ENDED_AFTER = timedelta(days=7 * WEEKS)
"""A source that is silent for longer has ended, as far as anybody can tell: it makes nobody blind beyond that time."""
GAPS_AT_LEAST = 6
LEAST_SILENCE = timedelta(days=3)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DayVolume:
    """One day of one source. `usual` is None where too little is known, `ratio` where the day is not judged."""

    day: date
    rows: int
    usual: float | None
    ratio: float | None
    blind: bool


@dataclass(frozen=True)
class Gap:
    """Days without the usual rows, from first to last; `usual` is the most that was usual on one of them."""

    first: date
    last: date
    rows: int
    usual: float


def judge_days(counts: Mapping[date, int], until: date, holidays: Collection[date] = ()) -> list[DayVolume]:
    """Every day from the first with rows up to and without `until`, judged in order; linear in the number of days.

    One of `holidays` is as blind as the day before it where nothing comes, and else not.
    """
    days: list[DayVolume] = []
    if not counts:
        return days
    first = min(counts)
    seen: dict[date, int] = {}
    levels: list[float] = []
    dark = False
    for number in range((until - first).days):
        day = first + number * _DAY
        rows = counts.get(day, 0)
        same = [seen[before] for week in range(1, WEEKS + 1) if (before := day - week * 7 * _DAY) in seen]
        weekly = float(median(same)) if len(same) >= WEEKS_AT_LEAST else None
        recent = levels[-LEVEL_DAYS:]
        level = min(1.0, median(recent)) if len(recent) >= LEVEL_DAYS_AT_LEAST else 1.0
        usual = None if weekly is None else weekly * level
        is_holiday = day in holidays
        ratio = rows / usual if usual is not None and usual >= USUAL_AT_LEAST and not is_holiday else None
        # Once dark, an outage stays dark until rows come, however long ago its usual days are.
        blind = ratio < FLOOR if ratio is not None else dark and rows == 0 and (usual is None or is_holiday)
        dark = blind or (dark and rows == 0)
        if not dark and not is_holiday:
            seen[day] = rows
            if weekly:
                levels.append(rows / weekly)
        days.append(DayVolume(day, rows, usual, ratio, blind))
    return days


def gaps(days: Sequence[DayVolume]) -> list[Gap]:
    """Runs of blind days. Empty days between two blind ones (a closed Sunday in an outage) belong to the run."""
    runs: list[list[DayVolume]] = []
    run: list[DayVolume] = []
    empty: list[DayVolume] = []
    for day in days:
        if day.blind:
            run += [*empty, day]
            empty = []
        elif run and day.rows == 0:
            empty.append(day)
        elif run:
            runs.append(run)
            run, empty = [], []
    if run:
        runs.append(run)
    return [
        Gap(run[0].day, run[-1].day, sum(day.rows for day in run), max(day.usual or 0.0 for day in run)) for run in runs
    ]


def longest_pause(event_days: Sequence[date]) -> timedelta | None:
    """The longest time from one day with rows to the next; None where too few are known to call any of it usual."""
    ordered = sorted(event_days)
    pauses = [later - earlier for earlier, later in pairwise(ordered)]
    return max(pauses) if len(pauses) >= GAPS_AT_LEAST else None


def allowed_silence(event_days: Sequence[date]) -> timedelta | None:
    """How long a source may be silent before that says something: twice its longest pause, and at least three days."""
    pause = longest_pause(event_days)
    return None if pause is None else max(2 * pause, LEAST_SILENCE)


def is_silent(event_days: Sequence[date], last_at: datetime, now: datetime, late: timedelta) -> bool:
    """Whether a source, however sparse, is silent for longer than it ever was. `late`: how late its rows may come."""
    allowed = allowed_silence(event_days)
    return allowed is not None and now - late - last_at > allowed
