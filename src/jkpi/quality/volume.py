"""Compare the number of rows of each day with the usual number of this source, and detect silence. Pure.

The usual number is the median of the same weekday over the eight weeks before, without gap days. So closed Sundays are
usual, and one bad week changes nothing. It is lowered by the level of the last seven days that are no gaps, so that a
source that fades out (the tail of an extract, the end of a season) is no data gap, but a sudden silence is. Holidays
are neither evaluated nor part of the usual number: those of a calendar, and those that earlier years of the source show
(see `recurring_holidays`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median

MIN_RATIO = 0.05
"""A day with a smaller proportion of its usual rows is a gap. A public holiday without a calendar usually has more."""
MIN_USUAL_ROWS = 20.0
"""If fewer rows are usual, an empty day means nothing."""
BASELINE_WEEKS = 8
MIN_BASELINE_WEEKS = 4
LEVEL_DAYS = 7
MIN_LEVEL_DAYS = 3
ENDED_AFTER = timedelta(days=7 * BASELINE_WEEKS)
"""A source that is silent for longer is considered ended; its data gap ends there."""
HOLIDAY_RATIO = 0.25
"""An earlier year shows a holiday if it had a smaller proportion of its usual rows: some holidays are less empty."""
HOLIDAY_YEARS = 3
"""Earlier years that show whether a day is a holiday: older ones may not have had it yet."""
MAX_HOLIDAY_RUN = 4
"""A longer run of such days was an outage, and shows no holiday of later years."""
MIN_PAUSES = 6
MIN_SILENCE = timedelta(days=3)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DayVolume:
    """One day of one source. usual: None without enough history. ratio: None if the day is not evaluated. is_recurring:
    it is nearly empty, and earlier years show that it is a holiday."""

    day: date
    rows: int
    usual: float | None
    ratio: float | None
    is_gap: bool
    is_recurring: bool = False


@dataclass(frozen=True)
class VolumeGap:
    """A run of gap days. usual: the highest usual number of rows among them."""

    first: date
    last: date
    rows: int
    usual: float


def evaluate_days(counts: Mapping[date, int], until: date, holidays: Collection[date] = ()) -> list[DayVolume]:
    """Evaluate every day from the first with rows up to, but without, `until`. Linear in the number of days.

    A holiday without rows is a gap only if the day before it is one.
    """
    days: list[DayVolume] = []
    if not counts:
        return days
    first = min(counts)
    baseline_rows: dict[date, int] = {}
    levels: list[float] = []
    was_low: dict[date, bool] = {}
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
        is_holiday, is_recurring = day in holidays, False
        ratio = rows / usual if usual is not None and usual >= MIN_USUAL_ROWS and not is_holiday else None
        if ratio is not None:
            was_low[day] = ratio < HOLIDAY_RATIO
            # A day inside an outage is part of it.
            is_recurring = ratio < MIN_RATIO and not in_outage and _is_recurring_holiday(day, was_low)
        if is_recurring:
            is_holiday, ratio = True, None
        # An outage lasts until rows arrive, even if its usual days are out of the baseline window.
        is_gap = ratio < MIN_RATIO if ratio is not None else in_outage and rows == 0 and (usual is None or is_holiday)
        in_outage = is_gap or (in_outage and rows == 0)
        if not in_outage and not is_holiday:
            baseline_rows[day] = rows
            if weekly:
                levels.append(rows / weekly)
        days.append(DayVolume(day, rows, usual, ratio, is_gap, is_recurring))
    return days


def recurring_holidays(days: Sequence[DayVolume]) -> frozenset[date]:
    """Nearly empty days that had few rows in earlier years too: on the same date, on the same weekday of the month (the
    third Monday, the last one), or at the same distance from Easter.

    By one of these rules each of the last HOLIDAY_YEARS years whose day can be evaluated must agree, and at least one
    must be there.
    """
    return frozenset(day.day for day in days if day.is_recurring)


def easter_sunday(year: int) -> date:
    """Easter Sunday of the Gregorian calendar. J. Meeus, Astronomical Algorithms (1991), chapter 8."""
    golden, (century, of_century) = year % 19, divmod(year, 100)
    leap_centuries, century_rest = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - correction + 15) % 30
    leap_years, year_rest = divmod(of_century, 4)
    weekday = (32 + 2 * century_rest + 2 * leap_years - epact - year_rest) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _is_recurring_holiday(day: date, was_low: Mapping[date, bool]) -> bool:
    """Whether earlier years show this day as a holiday. was_low: of the evaluated days up to this one,
    whether they had few rows."""
    for same_day in (_same_date, _same_weekday_of_month, _same_last_weekday_of_month, _same_distance_from_easter):
        earlier = [same_day(day, year) for year in range(day.year - HOLIDAY_YEARS, day.year)]
        evaluated = [found for found in earlier if found is not None and found in was_low]
        if evaluated and all(_is_short_pause(found, was_low) for found in evaluated):
            return True
    return False


def _is_short_pause(day: date, was_low: Mapping[date, bool]) -> bool:
    """Whether a day had few rows, and was not in a long outage."""
    if not was_low[day]:
        return False
    run = 1
    for step in (_DAY, -_DAY):
        neighbour = day + step
        while was_low.get(neighbour, False) and run <= MAX_HOLIDAY_RUN:
            run, neighbour = run + 1, neighbour + step
    return run <= MAX_HOLIDAY_RUN


def _same_date(day: date, year: int) -> date | None:
    try:
        return day.replace(year=year)
    except ValueError:  # 29 February
        return None


def _same_weekday_of_month(day: date, year: int) -> date | None:
    """The third Monday of May, if `day` is one; None if the month has no fifth one."""
    first = date(year, day.month, 1)
    found = first + ((day.weekday() - first.weekday()) % 7 + 7 * ((day.day - 1) // 7)) * _DAY
    return found if found.month == day.month else None


def _same_last_weekday_of_month(day: date, year: int) -> date | None:
    """The last Monday of May, if `day` is one."""
    if (day + 7 * _DAY).month == day.month:
        return None
    last = date(year + day.month // 12, day.month % 12 + 1, 1) - _DAY
    return last - ((last.weekday() - day.weekday()) % 7) * _DAY


def _same_distance_from_easter(day: date, year: int) -> date | None:
    """The day as far from Easter, for the feasts from the week before Carnival to Corpus Christi."""
    distance = day - easter_sunday(day.year)
    return easter_sunday(year) + distance if -60 * _DAY <= distance <= 70 * _DAY else None


def find_volume_gaps(days: Sequence[DayVolume]) -> list[VolumeGap]:
    """Runs of gap days. Empty days between two gap days (a closed Sunday during an outage) belong to the run."""
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
    """The longest time between two days with rows; None with fewer than MIN_PAUSES pauses."""
    ordered = sorted(event_days)
    pauses = [later - earlier for earlier, later in pairwise(ordered)]
    return max(pauses) if len(pauses) >= MIN_PAUSES else None


def max_silence(event_days: Sequence[date]) -> timedelta | None:
    """The longest silence that is still usual: twice the longest pause, and at least three days."""
    pause = longest_pause(event_days)
    return None if pause is None else max(2 * pause, MIN_SILENCE)


def is_silent(event_days: Sequence[date], last_at: datetime, now: datetime, allowed_lateness: timedelta) -> bool:
    """Whether a source is silent for longer than is usual for it, after its allowed lateness."""
    allowed = max_silence(event_days)
    return allowed is not None and now - allowed_lateness - last_at > allowed
