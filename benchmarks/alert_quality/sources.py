"""Clean series to inject drops into: real days of public data, thinned to a number of cases.

They come from JKPI_PUBLIC_DATA. A source is a group of cases that shares none with another source:

- an IT service desk, by assignment group, after its first crisis: promises kept, by day of opening (8 weeks)
- a city, by reason of the request: done on time, by day of opening (5 weeks). Only requests promised within a week:
  all others were undecided when the file was written
- emergency departments, by organisation: seen within four hours, by month (3 years)

The first two are short: whole weeks are drawn from them with replacement. The third is monthly: days are drawn at the
rate of the month, which gives true drift, but days that vary by chance alone. Each series draws its own weeks or its
own start, and its own cases.
"""

from __future__ import annotations

import csv
import gzip
import os
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from jkpi.documents.public_holidays import Country, public_holidays

DAYS = 217
AT = 189
"""Column on which drops begin: a Monday, as column 0 is."""
TRUE_FALL = 0.015
"""The data have truly fallen if the rate of the last 7 days is this much below that of the 8 weeks before."""
RECENT, BEFORE = 7, 56
SMALLEST = 5
WITNESSES, SURE = 50, 1.645
PROMISE_STEP = 0.05


@dataclass(frozen=True, eq=False)
class Days:
    """(DAYS, S) counts, and what is known of them. source (S,): series of one source are copies of each other, and
    stay together. is_holiday (DAYS, S). has_fallen (DAYS, S): the data have truly fallen, see TRUE_FALL. true_rate
    (DAYS, S): of the source; of weeks drawn with replacement, that of all its weeks. family (S,): the data set."""

    successes: np.ndarray
    n: np.ndarray
    source: np.ndarray
    is_holiday: np.ndarray | None = None
    has_fallen: np.ndarray | None = None
    true_rate: np.ndarray | None = None
    family: np.ndarray | None = None

    def part(self, rows: np.ndarray | slice) -> Days:
        def select(values: np.ndarray | None) -> np.ndarray | None:
            return None if values is None else values[..., rows]

        own = (self.is_holiday, self.has_fallen, self.true_rate, self.family)
        return Days(self.successes[:, rows], self.n[:, rows], self.source[rows], *map(select, own))

    def counting(self, successes: np.ndarray, n: np.ndarray | None = None) -> Days:
        """The same days with other counts."""
        return replace(self, successes=successes, n=self.n if n is None else n)

    @property
    def is_for_tuning(self) -> np.ndarray:
        """(S,): half of the sources. The others are held back."""
        return np.asarray(self.source % 4 < 2)

    @property
    def promise(self) -> np.ndarray:
        """(S,): the share kept in the first five weeks, rounded down to five points: what one would promise."""
        share = self.successes[:35].sum(axis=0) / np.maximum(self.n[:35].sum(axis=0), 1.0)
        return np.asarray(np.floor(share / PROMISE_STEP) * PROMISE_STEP)


@dataclass(frozen=True, eq=False)
class Source:
    """Days or months of one group of cases. first: a Monday."""

    family: str
    first: date
    successes: np.ndarray
    n: np.ndarray
    holidays: Collection[date] = field(repr=False)

    @property
    def mean(self) -> float:
        return float(self.n.mean())


def real(series: int, mean: int, rng: np.random.Generator, true_fall: float = TRUE_FALL) -> Days | None:
    """Series of the sources that are large enough, in turn. None if there is no data."""
    folder = os.environ.get("JKPI_PUBLIC_DATA")
    if not folder or not Path(folder).is_dir():
        return None
    pool = [source for source in _pool(Path(folder)) if source.mean >= mean]
    numbers = np.arange(series) % len(pool)
    drawn = [draw(pool[number], mean, rng, true_fall) for number in numbers]
    successes, n, is_holiday, has_fallen, true_rate = (np.stack(values, axis=1) for values in zip(*drawn, strict=True))
    family = np.array([pool[number].family for number in numbers])
    return Days(successes.astype(float), n.astype(float), numbers, is_holiday, has_fallen, true_rate, family)


def draw(source: Source, mean: int, rng: np.random.Generator, true_fall: float = TRUE_FALL) -> tuple[np.ndarray, ...]:
    """Successes, cases, is_holiday, has_fallen and true rate of DAYS days."""
    share = min(1.0, mean / source.mean)
    if source.family == DEPARTMENTS:
        attended, rate, first = _from_months(source, rng)
        n = rng.poisson(attended * share)
        recent, before = (_trailing_sum(rate, days) / days for days in (RECENT, BEFORE))
        has_fallen = _is_after(recent) & (_shifted(before) - recent >= true_fall)
        dates = [first + timedelta(days=day) for day in range(DAYS)]
        return rng.binomial(n, rate), n, np.array([day in source.holidays for day in dates]), has_fallen, rate
    weeks = rng.integers(0, len(source.n) // 7, DAYS // 7)
    days = (7 * weeks[:, None] + np.arange(7)).ravel()
    successes, n = source.successes[days], source.n[days]
    drawn, failed = rng.binomial(successes, share), rng.binomial(n - successes, share)
    is_holiday = np.array([source.first + timedelta(days=int(day)) in source.holidays for day in days])
    has_fallen = _has_fallen_by_witnesses(successes - drawn, n - drawn - failed, true_fall)
    long_run = np.full(DAYS, source.successes.sum() / source.n.sum())
    return drawn, drawn + failed, is_holiday, has_fallen, long_run


def _has_fallen_by_witnesses(successes: np.ndarray, n: np.ndarray, true_fall: float) -> np.ndarray:
    """Whether the cases that were left out show a true fall: at least true_fall, at 5 %, on at least 50 cases.

    They say the same of a day and are no part of what is evaluated. Where there are too few of them, nothing is a true
    fall.
    """
    (good, many), (good_before, many_before) = (
        [_trailing_sum(counts, days) for counts in (successes, n)] for days in (RECENT, BEFORE)
    )
    good_before, many_before = _shifted(good_before), _shifted(many_before)
    with np.errstate(invalid="ignore", divide="ignore"):
        fall = good_before / many_before - good / many
        pooled = (good + good_before) / (many + many_before)
        error = np.sqrt(pooled * (1.0 - pooled) * (1.0 / many + 1.0 / many_before))
        is_sure = (fall >= true_fall) & (fall > SURE * error)
    return np.asarray(_is_after(many) & (many >= WITNESSES) & is_sure)


def _trailing_sum(values: np.ndarray, days: int) -> np.ndarray:
    """Sum of so many days up to each; of fewer at the beginning."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(sums[1:] - sums[np.maximum(np.arange(len(values)) + 1 - days, 0)])


def _shifted(values: np.ndarray) -> np.ndarray:
    return np.concatenate([np.full(RECENT, np.nan), values[:-RECENT]])


def _is_after(values: np.ndarray) -> np.ndarray:
    return np.arange(len(values)) >= RECENT + BEFORE - 1


def _from_months(source: Source, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, date]:
    """Cases and rate of each of DAYS days from a random Monday on, and that Monday."""
    april = source.first + timedelta(days=6)
    middles = np.array([(_month(april, month) - source.first).days + 14 for month in range(len(source.n))])
    first = 7 * int(rng.integers(2, (middles[-1] - DAYS) // 7 + 1))
    days = first + np.arange(DAYS)
    n, rate = (np.interp(days, middles, values) for values in (source.n, source.successes / source.n))
    return n, rate, source.first + timedelta(days=first)


def _month(first: date, number: int) -> date:
    years, month = divmod(first.month - 1 + number, 12)
    return date(first.year + years, month + 1, 1)


DEPARTMENTS = "departments"
_pool_cache: dict[Path, list[Source]] = {}


def _pool(folder: Path) -> list[Source]:
    """Sources of each family, the largest first, so that both halves get large and small ones."""
    if folder not in _pool_cache:
        families = (_service_desk(folder), _city(folder), _emergencies(folder))
        _pool_cache[folder] = [
            source for family in families for source in sorted(family, key=lambda own: own.mean, reverse=True)
        ]
    return _pool_cache[folder]


def _service_desk(folder: Path) -> list[Source]:
    with gzip.open(folder / "uci_incident" / "incident_event_log.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        head = next(rows)
        column = {name: head.index(name) for name in ("number", "sys_mod_count", "opened_at", "made_sla")}
        group = head.index("assignment_group")
        last: dict[str, list[str]] = {}
        for row in rows:
            key = row[column["number"]]
            if key not in last or int(row[column["sys_mod_count"]]) >= int(last[key][column["sys_mod_count"]]):
                last[key] = row
    cases = (
        (
            datetime.strptime(row[column["opened_at"]], "%d/%m/%Y %H:%M").replace(tzinfo=UTC).date(),
            row[column["made_sla"]] == "true",
            row[group],
        )
        for row in last.values()
    )
    return _daily("desk", cases, date(2016, 3, 28), date(2016, 5, 23), public_holidays([Country("BR")], 2016, 2016))


def _city(folder: Path) -> list[Source]:
    file = next((folder / "boston311").glob("*.csv.gz"))
    with gzip.open(file, "rt", encoding="utf-8", newline="") as opened:
        cases = [
            (begun.date(), row["ontime"] == "ONTIME", row["reason"])
            for row in csv.DictReader(opened)
            if row["target_dt"] and _local(row["target_dt"]) - (begun := _local(row["open_dt"])) <= timedelta(days=7)
        ]
    return _daily("city", cases, date(2011, 7, 4), date(2011, 8, 8), public_holidays([Country("US", "MA")], 2011, 2011))


def _local(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def _daily(
    family: str, cases: Iterable[tuple[date, bool, str]], first: date, end: date, holidays: Collection[date]
) -> list[Source]:
    """Whole weeks from a Monday on. Groups with fewer than five cases a day are one source together."""
    total, successes = Counter[tuple[str, date]](), Counter[tuple[str, date]]()
    cases_in_time = [case for case in cases if first <= case[0] < end]
    large = {
        name for name, n in Counter(case[2] for case in cases_in_time).items() if n >= SMALLEST * (end - first).days
    }
    for day, is_success, name in cases_in_time:
        key = (name if name in large else "others", day)
        total[key] += 1
        successes[key] += is_success
    days = [date.fromordinal(ordinal) for ordinal in range(first.toordinal(), end.toordinal())]
    sources = [
        Source(
            family,
            first,
            np.array([successes[name, day] for day in days]),
            np.array([total[name, day] for day in days]),
            holidays,
        )
        for name in sorted({*large, "others"})
    ]
    return [source for source in sources if source.mean >= SMALLEST]


def _emergencies(folder: Path) -> list[Source]:
    """Organisations with all 36 months. n: cases a day of each month."""
    months: dict[str, list[tuple[date, float, float]]] = {}
    with (folder / "nhs_ae" / "ae_attendances.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["type"] == "1":
                counts = (date.fromisoformat(row["period"]), float(row["attendances"]), float(row["breaches"]))
                months.setdefault(row["org_code"], []).append(counts)
    organisations, holidays = [], public_holidays([Country("GB", "ENG")], 2016, 2019)
    for _, own in sorted(months.items()):
        own.sort()
        if len(own) == 36:
            n = np.array([attended / 30.44 for _, attended, _ in own])
            rate = np.array([1.0 - breaches / attended for _, attended, breaches in own])
            monday = own[0][0] - timedelta(days=own[0][0].weekday())
            organisations.append(Source(DEPARTMENTS, monday, n * rate, n, holidays))
    return organisations
