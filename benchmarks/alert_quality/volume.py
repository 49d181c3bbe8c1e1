"""Drops of volume: how often is one reported where none is, and how soon where one is?

    python -m benchmarks.alert_quality.volume --series 200

Two years of generated counts with weekdays, a slow trend, low month ends and, in every other series, variation between
days that lasts. Holidays of the United States leave three tenths of a day; no method is told of them. In the twentieth
month a part of the volume goes. Beside jkpi: two rules in common use, each tuned to the false alarms that jkpi has on
one half of the series. All figures are of the other half.

    python -m benchmarks.alert_quality.volume --counts FILE

The false alarms of jkpi on real counts, with their standard error over sources. FILE is a CSV with the columns source,
series, day and count.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.alert_quality.generated_days import CORRELATION
from jkpi.alerts.statistics.volume_cusum import VolumeGrid, volume_drops, weekday_means

FIRST = date(2024, 1, 1)
DAYS, WARM, AT = 731, 35, 600
EVERY = 547.5
REMAINING = (0.7, 0.5, 0.2)
QUIET, WEEKS = 7, 8
_MONTH = 30.44
_DAY_EFFECT, _TREND, _HOLIDAY, _MONTH_END = 0.1, 0.2, 0.3, 0.85
_VOLUME = np.array([1.3, 1.2, 1.1, 1.1, 1.1, 0.65, 0.55])
_HOLIDAYS = ((1, 1), (7, 4), (11, 11), (12, 25), (12, 26))
_BISECTIONS = 16


@dataclass(frozen=True)
class VolumeRule:
    """alarms: counts (T, S) and the tuned number -> days that are low (T, S)."""

    name: str
    alarms: Callable[[np.ndarray, float], np.ndarray]
    published: float
    bounds: tuple[float, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 60, 300])
    parser.add_argument("--counts", type=Path, help="CSV of real counts: source, series, day, count")
    options = parser.parse_args()
    if options.counts:
        _real(options.counts, options.sizes)
        return
    compare_generated(options.series, options.sizes)


def compare_generated(series: int, sizes: Sequence[int]) -> None:
    """Print the table of generated days. Half of the series are for tuning."""
    print("drops reported within 14 days, in per cent, and median days; budget 0.056 false alarms a month")
    heads = ("volume left", *(f"{100 * left:.0f} %" for left in REMAINING))
    print(f"{'cases a day':>12}  {'method':<44}{'false a month':>14}" + "".join(f"{head:>14}" for head in heads[1:]))
    for size in sizes:
        clean = generated(series, size, np.random.default_rng(size))
        half = np.arange(series) % 4 < 2
        _compare(str(size), clean[:, half], clean[:, ~half], AT)


def _compare(label: str, tuning: np.ndarray, clean: np.ndarray, at: int) -> None:
    """One line a method."""
    rng = np.random.default_rng(11)
    dropped = {left: _with_drop(clean, left, at, rng) for left in REMAINING}
    wanted = max(_monthly(jkpi_alarms(tuning)), 0.001)
    _line(label, "jkpi", jkpi_alarms, clean, dropped, at)
    for rule in RULES:
        _line(label, rule.name, partial(_reported, rule, rule.published), clean, dropped, at)
        strict = _tuned(rule, tuning, wanted)
        name = f"  tuned to the same false alarms ({strict:.2f})"
        _line(label, name, partial(_reported, rule, strict), clean, dropped, at)


def _reported(rule: Rule, strictness: float, counts: np.ndarray) -> np.ndarray:
    return reported(rule.alarms(counts, strictness))


def _line(
    label: str,
    name: str,
    alarms_of: Callable[[np.ndarray], np.ndarray],
    clean: np.ndarray,
    dropped: dict[float, np.ndarray],
    at: int,
) -> None:
    cells = []
    for counts in dropped.values():
        after = alarms_of(counts)[at:]
        delay = np.where(after.any(axis=0), after.argmax(axis=0) + 1.0, np.inf)
        cells.append(f"{100 * (delay <= 14).mean():5.0f} ({np.quantile(delay, 0.5, method='higher'):4.0f} d)")
    false = _monthly(alarms_of(clean))
    print(f"{label:>12}  {name:<44}{false:14.3f}" + "".join(f"{cell:>14}" for cell in cells), flush=True)


def generated(series: int, mean: int, rng: np.random.Generator) -> np.ndarray:
    """(DAYS, S): counts without a drop."""
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    trend = rng.uniform(-_TREND, _TREND, series)
    lasting, effect = np.where(np.arange(series) % 2, _DAY_EFFECT, 0.0), np.zeros(series)
    counts = np.empty((DAYS, series))
    for number, day in enumerate(days):
        effect = CORRELATION * effect + np.sqrt(1.0 - CORRELATION**2) * rng.normal(size=series)
        level = mean * _VOLUME[day.weekday()] * np.exp(lasting * effect + trend * number / 365.0)
        level *= _HOLIDAY if (day.month, day.day) in _HOLIDAYS else 1.0
        level *= _MONTH_END if (day + timedelta(days=2)).month != day.month else 1.0
        counts[number] = rng.poisson(level)
    return counts


def jkpi_alarms(counts: np.ndarray) -> np.ndarray:
    """(T, S): days on which an alert opens."""
    alarms = np.zeros(counts.shape, dtype=bool)
    drops = volume_drops(VolumeGrid(FIRST, counts, np.ones(counts.shape, dtype=bool)), EVERY)
    for row, series_drops in enumerate(drops):
        for drop in series_drops:
            alarms[(drop.fired_on - FIRST).days, row] = True
    return alarms


def below_share_of_weekday(counts: np.ndarray, share: float) -> np.ndarray:
    """Yesterday below a share of the mean of the same weekday in the eight weeks before."""
    raw = np.zeros(counts.shape, dtype=bool)
    for day in range(WARM, len(counts)):
        past = counts[max(day - 7 * WEEKS, day % 7) : day : 7]
        raw[day] = counts[day] < share * past.mean(axis=0)
    return raw


def seasonal_z_score(counts: np.ndarray, strict: float) -> np.ndarray:
    """Below the mean of the same weekday in the eight weeks before by so many standard deviations."""
    raw = np.zeros(counts.shape, dtype=bool)
    for day in range(WARM, len(counts)):
        past = counts[max(day - 7 * WEEKS, day % 7) : day : 7]
        spread = past.std(axis=0, ddof=1)
        raw[day] = counts[day] < past.mean(axis=0) - strict * np.maximum(spread, 1.0)
    return raw


def _z_score_below(counts: np.ndarray, score: float) -> np.ndarray:
    return seasonal_z_score(counts, -score)


RULES = (
    VolumeRule("below half of the same weekday's mean", below_share_of_weekday, 0.5, (0.0, 1.0)),
    VolumeRule(
        "z-score of the same weekday, 3 deviations", lambda counts, s: seasonal_z_score(counts, -s), -3.0, (-60.0, 0.0)
    ),
)
"""The tuned number of both grows with the number of alarms."""


def reported(raw: np.ndarray) -> np.ndarray:
    """Low days after seven that are not: a rule that keeps alarming has reported once."""
    found, quiet = np.zeros_like(raw), np.full(raw.shape[1], QUIET)
    for day in range(len(raw)):
        found[day] = raw[day] & (quiet >= QUIET)
        quiet = np.where(raw[day], 0, quiet + 1)
    return found


def _tuned(rule: VolumeRule, tuning: np.ndarray, wanted: float) -> float:
    """The number with the most alarms that keeps to the wanted rate."""
    low, high = rule.bounds
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        too_many = _monthly(reported(rule.alarms(tuning, middle))) > wanted
        low, high = (low, middle) if too_many else (middle, high)
    return low


def _monthly(alarms: np.ndarray) -> float:
    return float(alarms[WARM:].sum() / (alarms.shape[1] * (len(alarms) - WARM) / _MONTH))


def _with_drop(counts: np.ndarray, left: float, at: int, rng: np.random.Generator) -> np.ndarray:
    changed = counts.copy()
    changed[at:] = rng.binomial(counts[at:].astype(int), left)
    return changed


def _real(path: Path, sizes: Sequence[int]) -> None:
    """False alarms of jkpi on real counts, thinned to each size, source by source. A true drop is one whose volume is
    still below 85 per cent in the four weeks after the alert; the others are false."""
    by_series: dict[tuple[str, str], dict[date, float]] = defaultdict(dict)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            by_series[row["source"], row["series"]][date.fromisoformat(row["day"])] = float(row["count"])
    rng = np.random.default_rng(2)
    rates: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(lambda: [0.0, 0.0, 0.0]))
    for (source, _), days in sorted(by_series.items()):
        first, length = min(days), (max(days) - min(days)).days + 1
        counts = np.array([days.get(first + timedelta(days=number), 0.0) for number in range(length)])
        for size in sizes:
            if counts.mean() <= size:
                continue
            thinned = rng.binomial(counts.astype(int), size / counts.mean()).astype(float)
            grid = VolumeGrid(first, thinned[:, None], np.ones((length, 1), dtype=bool))
            (drops,) = volume_drops(grid, EVERY)
            lasting = sum(_is_lasting(grid, (drop.onset - first).days, (drop.fired_on - first).days) for drop in drops)
            totals = rates[size][source]
            for place, amount in enumerate((len(drops), lasting, (length - WARM) / _MONTH)):
                totals[place] += amount
    print(f"{'cases a day':>12}{'sources':>9}{'alerts a month (SE)':>24}{'without true drops (SE)':>26}")
    for size, by_source in rates.items():
        found = np.array([[total, total - lasting] for total, lasting, _ in by_source.values()])
        monthly = found / np.array([[months] for _, _, months in by_source.values()])
        errors = monthly.std(axis=0, ddof=1) / len(monthly) ** 0.5
        all_alerts, false = (
            f"{rate:.3f} ({error:.3f})" for rate, error in zip(monthly.mean(axis=0), errors, strict=True)
        )
        print(f"{size:>12}{len(found):>9}{all_alerts:>24}{false:>26}")


def _is_lasting(grid: VolumeGrid, onset: int, fired: int) -> bool:
    past = np.arange(max(onset - 63, 0), onset)
    means = weekday_means(grid, 0, past)
    after = np.arange(fired + 1, min(fired + 29, len(grid.counts)))
    return len(after) > QUIET and bool(grid.counts[after, 0].sum() < 0.85 * means[after % 7].sum())


if __name__ == "__main__":
    main()
