"""python -m benchmarks.alert_quality.effect_size [--fit]: how well the size of a drop is estimated.

Generated days drop by 5, 10 or 20 points for good. Of each alert that fires within 13 weeks: the raw drop on its first
day, and the shrunk estimate on that day, three and seven days later; how often its interval holds the true drop; and
how often the interval of the raw one does. --fit fits the constants on seeds and sizes that the table does not use.
"""

from __future__ import annotations

import argparse
from dataclasses import astuple, dataclass
from datetime import timedelta

import numpy as np

from benchmarks.alert_quality.generated_days import generated
from benchmarks.alert_quality.methods import FIRST, MIN_DROP
from benchmarks.alert_quality.sources import DAYS, Days
from jkpi.alerts.detection.episodes import Detection, SeriesResult
from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid
from jkpi.alerts.statistics.beta_binomial import Z95
from jkpi.alerts.statistics.effect_size import FITTED, EffectSize, ShrinkConstants, effect_size
from jkpi.alerts.statistics.reading_grid import VALID, ReadingGrid
from jkpi.alerts.statistics.rules import AlertRule
from jkpi.alerts.statistics.running_sums import PooledSample

ONSET, WITHIN = 119, 91
POINTS = (0.05, 0.1, 0.2)
LATER = (3, 7)
FIT_SEED, FIT_SIZES = 1, (20, 60, 300)
CHECK_SEED, CHECK_SIZES = 7, (20, 60, 300, 10, 40, 120, 1000)


@dataclass(frozen=True, eq=False)
class Alerts:
    """Alerts about true drops of so many points. now: for 0, 3 and 7 days after the opening, (days that opened it, days
    of the drop) of each alert; the drop is None where the alert has been resolved by then. opened: share of the series
    with an alert."""

    points: float
    opened: float
    now: dict[int, list[tuple[PooledSample, PooledSample | None]]]


def alerts_about(points: float, mean: int, series: int, seed: int) -> Alerts:
    """Alerts of generated series of mean cases a day, which fire after the onset of the drop."""
    rng = np.random.default_rng([seed, mean, round(1000 * points)])
    days = _dropped(generated(series, mean, rng), points, rng)
    results = _replayed(days, np.full(series, DAYS))
    found = {row: detection for row, result in enumerate(results) if (detection := _first_alert(result)) is not None}
    fired = np.array([(detection.fired_on - FIRST).days for detection in found.values()])
    initial = [_initial(detection) for detection in found.values()]
    now: dict[int, list[tuple[PooledSample, PooledSample | None]]] = {0: [(drop, drop) for drop in initial]}
    part = days.part(np.array(list(found)))
    for later in LATER:
        detections = [_first_alert(result) for result in _replayed(part, np.minimum(fired + later + 1, DAYS))]
        is_open = [detection is not None and detection.closed_on is None for detection in detections]
        now[later] = [
            (first, detection.drop if detection is not None and still_open else None)
            for first, detection, still_open in zip(initial, detections, is_open, strict=True)
        ]
    return Alerts(points, len(found) / series, now)


def _initial(detection: Detection) -> PooledSample:
    assert detection.initial_drop is not None
    return detection.initial_drop


def _dropped(days: Days, points: float, rng: np.random.Generator) -> Days:
    rate = days.successes[:ONSET].sum(axis=0) / days.n[:ONSET].sum(axis=0)
    lost = np.where((np.arange(DAYS) >= ONSET)[:, None], np.minimum(points / rate, 1.0), 0.0)
    return days.counting(days.successes - rng.binomial(days.successes.astype(int), lost))


def _replayed(days: Days, end: np.ndarray) -> list[SeriesResult]:
    """Results as they are when each series ends."""
    series = days.n.shape[1]
    status = np.where((days.n > 0) & (np.arange(DAYS)[:, None] < end), VALID, 0).astype(np.int8)
    begin = np.zeros(series, dtype=np.intp)
    grid = ReadingGrid(FIRST, 1, days.successes, days.n, np.zeros_like(days.n), status, begin, end)
    return list(replay_grid(grid, [SeriesToEvaluate(AlertRule(None, MIN_DROP), number) for number in range(series)]))


def _first_alert(result: SeriesResult) -> Detection | None:
    """The first alert after the onset; None if one was open then."""
    onset = FIRST + timedelta(days=ONSET)
    detections = [detection for episode in result.episodes for detection in episode.detections]
    if any(other.fired_on < onset and (other.closed_on is None or other.closed_on >= onset) for other in detections):
        return None
    after = [other for other in detections if onset <= other.fired_on < onset + timedelta(days=WITHIN)]
    return min(after, key=lambda detection: detection.fired_on, default=None)


@dataclass(frozen=True)
class Accuracy:
    """Of many alerts: mean raw drop and mean estimate, in points; share of intervals that hold the true drop, of the
    estimate and of the raw drop; median width of the first."""

    raw: float
    size: float
    coverage: float
    raw_coverage: float
    width: float


def accuracy(alerts: Alerts, later: int, constants: ShrinkConstants = FITTED) -> Accuracy:
    pairs = [(first, drop) for first, drop in alerts.now[later] if drop is not None]
    sizes = [effect_size(first, drop, MIN_DROP, constants) for first, drop in pairs]
    found: list[EffectSize] = [size for size in sizes if size is not None]
    holds = [size.low <= alerts.points <= size.high for size in found]
    raw_holds = [_raw_interval_holds(drop, alerts.points) for _, drop in pairs]
    return Accuracy(
        100.0 * float(np.mean([size.raw for size in found])),
        100.0 * float(np.mean([size.size for size in found])),
        float(np.mean(holds)),
        float(np.mean(raw_holds)),
        100.0 * float(np.median([size.high - size.low for size in found])),
    )


def _raw_interval_holds(drop: PooledSample, points: float) -> bool:
    """Wald's interval of the difference, with the error of the baseline."""
    variance = max(drop.reference * (1.0 - drop.reference), 0.01)
    error = (variance * (drop.scaled_variance / drop.n**2 + 1.0 / drop.effective_n)) ** 0.5
    return bool(abs(drop.reference - drop.rate - points) <= Z95 * error)


def fit(series: int) -> ShrinkConstants:
    """Constants with the least error of the mean estimate, and with coverage near 0.955 and above 0.92."""
    from scipy.optimize import minimize

    cells = [alerts_about(points, mean, series, FIT_SEED) for mean in FIT_SIZES for points in POINTS]

    def loss(logs: np.ndarray) -> float:
        constants, total = ShrinkConstants(*np.exp(logs)), 0.0
        for alerts in cells:
            for later in (0, *LATER):
                now = accuracy(alerts, later, constants)
                total += alerts.opened * (now.size - 100.0 * alerts.points) ** 2
                total += 0.6 * ((now.coverage - 0.955) / 0.02) ** 2 + 2500.0 * max(0.0, 0.92 - now.coverage)
        return total

    start = np.log(astuple(FITTED))
    found = minimize(loss, start, method="Nelder-Mead", options={"maxfev": 150})
    return ShrinkConstants(*(float(value) for value in np.exp(found.x)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=1500)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(CHECK_SIZES), help="cases a day")
    parser.add_argument("--fit", action="store_true", help="fit the constants first (minutes), on 300 series a cell")
    options = parser.parse_args()
    constants = fit(300) if options.fit else FITTED
    print(constants)
    heads = " | ".join(f"{head:>22}" for head in ("on the first day", *(f"{later} days later" for later in LATER)))
    print(f"{'cases':>6}{'true':>6}{'alerts':>8}{'raw':>7} (held) | {heads}   [estimate, held, width of the interval]")
    for mean in options.sizes:
        for points in POINTS:
            alerts = alerts_about(points, mean, options.series, CHECK_SEED)
            rows = [accuracy(alerts, later, constants) for later in (0, *LATER)]
            cells = " | ".join(f"{row.size:9.1f}{row.coverage:7.3f}{row.width:6.1f}" for row in rows)
            raw = f"{rows[0].raw:7.1f} ({rows[0].raw_coverage:.2f})"
            print(f"{mean:6}{100 * points:6.0f}{alerts.opened:8.2f}{raw} | {cells}", flush=True)


if __name__ == "__main__":
    main()
