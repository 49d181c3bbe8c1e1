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

MIN_RATIO = 0.05
"""A day with a smaller part of its usual rows is blind; a public holiday that no calendar knows mostly brings more."""
MIN_USUAL_ROWS = 20.0
"""Where fewer rows are usual, an empty day is a coincidence."""
BASELINE_WEEKS = 8
MIN_BASELINE_WEEKS = 4
LEVEL_DAYS = 7
MIN_LEVEL_DAYS = 3
ENDED_AFTER = timedelta(days=7 * BASELINE_WEEKS)
"""A source that is silent for longer has ended, as far as anybody can tell: it makes nobody blind beyond that time."""
MIN_PAUSES = 6
MIN_SILENCE = timedelta(days=3)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DayVolume:
    """One day of one source. `usual` is None where too little is known, `ratio` where the day is not judged."""

    day: date
    rows: int
    usual: float | None
    ratio: float | None
    is_gap: bool


@dataclass(frozen=True)
class VolumeGap:
    """Days without the usual rows, from first to last; `usual` is the most that was usual on one of them."""

    first: date
    last: date
    rows: int
    usual: float


def evaluate_days(counts: Mapping[date, int], until: date, holidays: Collection[date] = ()) -> list[DayVolume]:
    """Every day from the first with rows up to and without `until`, judged in order; linear in the number of days.

    One of `holidays` is as blind as the day before it where nothing comes, and else not.
    """
    days: list[DayVolume] = []
    if not counts:
        return days
    first = min(counts)
    baseline_rows: dict[date, int] = {}
    levels: list[float] = []
    in_outage = False
    for number in range((until - first).days):
        day = first + number * _DAY
        rows = counts.get(day, 0)
        same_weekday = [
            baseline_rows[earlier_day]
            for week in range(1, BASELINE_WEEKS + 1)
            if (earlier_day := day - week * 7 * _DAY) in baseline_rows
        ]
        weekly = float(median(same_weekday)) if len(same_weekday) >= MIN_BASELINE_WEEKS else None
        recent = levels[-LEVEL_DAYS:]
        level = min(1.0, median(recent)) if len(recent) >= MIN_LEVEL_DAYS else 1.0
        usual = None if weekly is None else weekly * level
        is_holiday = day in holidays
        ratio = rows / usual if usual is not None and usual >= MIN_USUAL_ROWS and not is_holiday else None
        # Once dark, an outage stays dark until rows come, however long ago its usual days are.
        is_gap = ratio < MIN_RATIO if ratio is not None else in_outage and rows == 0 and (usual is None or is_holiday)
        in_outage = is_gap or (in_outage and rows == 0)
        if not in_outage and not is_holiday:
            baseline_rows[day] = rows
            if weekly:
                levels.append(rows / weekly)
        days.append(DayVolume(day, rows, usual, ratio, is_gap))
    return days


def find_volume_gaps(days: Sequence[DayVolume]) -> list[VolumeGap]:
    """Runs of blind days. Empty days between two blind ones (a closed Sunday in an outage) belong to the run."""
    runs: list[list[DayVolume]] = []
    run: list[DayVolume] = []
    empty: list[DayVolume] = []
    for day in days:
        if day.is_gap:
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
        VolumeGap(run[0].day, run[-1].day, sum(day.rows for day in run), max(day.usual or 0.0 for day in run))
        for run in runs
    ]


def longest_pause(event_days: Sequence[date]) -> timedelta | None:
    """The longest time from one day with rows to the next; None where too few are known to call any of it usual."""
    ordered = sorted(event_days)
    pauses = [later - earlier for earlier, later in pairwise(ordered)]
    return max(pauses) if len(pauses) >= MIN_PAUSES else None


def max_silence(event_days: Sequence[date]) -> timedelta | None:
    """How long a source may be silent before that says something: twice its longest pause, and at least three days."""
    pause = longest_pause(event_days)
    return None if pause is None else max(2 * pause, MIN_SILENCE)


def is_silent(event_days: Sequence[date], last_at: datetime, now: datetime, allowed_lateness: timedelta) -> bool:
    """Whether a source, however sparse, is silent for longer than it ever was. `late`: how late its rows may come."""
    allowed = max_silence(event_days)
    return allowed is not None and now - allowed_lateness - last_at > allowed
