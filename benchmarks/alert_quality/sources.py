"""Clean series to inject drops into: real days of public data, thinned to a number of cases.

They come from JKPI_PUBLIC_DATA: promises kept by an IT service desk (by group and priority, after its first crisis),
service requests of a city done on time (by reason), and four-hour waits of emergency departments (by organisation). The
first two last a few weeks: whole weeks are drawn from them with replacement. The third is monthly: days are drawn at
the rate of the month, which gives slow drift, not real days.
"""

from __future__ import annotations

import csv
import gzip
import os
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

DAYS = 217
AT = 189
"""Column on which drops begin: a Monday, as column 0 is."""


@dataclass(frozen=True, eq=False)
class Days:
    """(DAYS, S) counts."""

    successes: np.ndarray
    n: np.ndarray

    def part(self, rows: np.ndarray | slice) -> Days:
        return Days(self.successes[:, rows], self.n[:, rows])


def real(series: int, mean: int, rng: np.random.Generator) -> Days | None:
    """Series from the real ones that are large enough, in turn. None if there is no data."""
    folder = os.environ.get("JKPI_PUBLIC_DATA")
    if not folder or not Path(folder).is_dir():
        return None
    pool = [counts for counts in _pool(Path(folder)) if counts[1].mean() >= mean]
    if not pool:
        return None
    drawn = [_thinned(*_lengthened(*pool[number % len(pool)], rng), mean, rng) for number in range(series)]
    return Days(*(np.stack([counts[part] for counts in drawn], axis=1).astype(float) for part in (0, 1)))


Counts = tuple[np.ndarray, np.ndarray]
_cache: dict[Path, list[Counts]] = {}


def _pool(folder: Path) -> list[Counts]:
    if folder not in _cache:
        _cache[folder] = [*_service_desk(folder), *_city(folder), *_emergencies(folder)]
    return _cache[folder]


def _service_desk(folder: Path) -> list[Counts]:
    with gzip.open(folder / "uci_incident" / "incident_event_log.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        head = next(rows)
        column = {
            name: head.index(name)
            for name in ("number", "sys_mod_count", "opened_at", "made_sla", "priority", "assignment_group")
        }
        last: dict[str, list[str]] = {}
        for row in rows:
            key = row[column["number"]]
            if key not in last or int(row[column["sys_mod_count"]]) >= int(last[key][column["sys_mod_count"]]):
                last[key] = row
    cases = [
        (
            datetime.strptime(row[column["opened_at"]], "%d/%m/%Y %H:%M").replace(tzinfo=UTC).date(),
            row[column["made_sla"]] == "true",
            name,
        )
        for row in last.values()
        for name in ("all", "p" + row[column["priority"]], "g" + row[column["assignment_group"]])
    ]
    return _daily(cases, date(2016, 3, 28), date(2016, 5, 23))


def _city(folder: Path) -> list[Counts]:
    file = next((folder / "boston311").glob("*.csv.gz"))
    with gzip.open(file, "rt", encoding="utf-8", newline="") as opened:
        cases = [
            (
                datetime.strptime(row["open_dt"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).date(),
                row["ontime"] == "ONTIME",
                name,
            )
            for row in csv.DictReader(opened)
            for name in ("all", row["reason"])
        ]
    return _daily(cases, date(2011, 7, 4), date(2011, 8, 8))


def _daily(cases: list[tuple[date, bool, str]], first: date, end: date) -> list[Counts]:
    """Whole weeks from a Monday on, of the groups with at least five cases a day."""
    total, successes = Counter[tuple[str, date]](), Counter[tuple[str, date]]()
    for day, is_success, name in cases:
        if first <= day < end:
            total[name, day] += 1
            successes[name, day] += is_success
    days = [date.fromordinal(ordinal) for ordinal in range(first.toordinal(), end.toordinal())]
    names = sorted({name for name, _ in total})
    groups = [
        (np.array([successes[name, day] for day in days]), np.array([total[name, day] for day in days]))
        for name in names
    ]
    return [counts for counts in groups if counts[1].mean() >= 5]


def _emergencies(folder: Path) -> list[Counts]:
    months: dict[str, list[tuple[str, float, float]]] = {}
    with (folder / "nhs_ae" / "ae_attendances.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["type"] == "1":
                counts = (row["period"], float(row["attendances"]), float(row["breaches"]))
                months.setdefault(row["org_code"], []).append(counts)
    rng = np.random.default_rng(7)
    organisations = []
    for _, own in sorted(months.items()):
        own.sort()
        if len(own) == 36:
            attended = np.interp(np.arange(DAYS) / 30.44, np.arange(8), [month[1] / 30.44 for month in own[12:20]])
            rate = np.interp(np.arange(DAYS) / 30.44, np.arange(8), [1.0 - month[2] / month[1] for month in own[12:20]])
            n = rng.poisson(attended)
            organisations.append((rng.binomial(n, rate), n))
    return organisations[:40]


def _lengthened(successes: np.ndarray, n: np.ndarray, rng: np.random.Generator) -> Counts:
    if len(n) >= DAYS:
        return successes[:DAYS], n[:DAYS]
    weeks = rng.integers(0, len(n) // 7, DAYS // 7)
    days = (7 * weeks[:, None] + np.arange(7)).ravel()
    return successes[days], n[days]


def _thinned(successes: np.ndarray, n: np.ndarray, mean: int, rng: np.random.Generator) -> Counts:
    share = min(1.0, mean / n.mean())
    drawn = rng.binomial(successes, share)
    return drawn, drawn + rng.binomial(n - successes, share)
