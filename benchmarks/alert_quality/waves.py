"""Scene "waves": a quarterly survey that drops for good, each wave one reading.

Three years of waves. In every other series, waves vary by more than chance. The other rules are what one would write
for a report of waves; each is tuned to the false alarms of jkpi on as many other series.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import numpy as np

from benchmarks.alert_quality.methods import DEFAULT_BUDGET, FIRST, MIN_DROP
from benchmarks.alert_quality.scenes import Options, print_table, share
from jkpi.alerts.detection.replay import SeriesToEvaluate
from jkpi.alerts.detection.wave_replay import WaveReading, replay_waves
from jkpi.alerts.statistics.rules import AlertRule
from jkpi.alerts.statistics.two_sample import Sample

WAVES, ONSET, LEARNED_BY = 12, 8, 2
DAYS_BETWEEN = 91
MONTHS_BETWEEN = DAYS_BETWEEN / 30.44
DROPS = (0.05, 0.08, 0.15)
_WAVE_EFFECT = 0.1
"""Standard deviation of the logarithm of the odds, of the waves that vary."""


@dataclass(frozen=True, eq=False)
class Surveys:
    """(WAVES, S): good answers and answers."""

    successes: np.ndarray
    n: np.ndarray


@dataclass(frozen=True)
class WaveRule:
    """alarms: (WAVES, S) for a threshold. strictest: of thresholds."""

    name: str
    alarms: Callable[[Surveys, float], np.ndarray]
    strictest: float


def main(options: Options) -> None:
    print(
        f"{WAVES} quarterly waves; the answers drop for good from the {ONSET + 1}th on. Found by that wave, and by the"
        " next: per cent.\nOther rules have the false alarms of jkpi."
    )
    series = 2 * options.series
    for answers in (400,) if options.is_quick else (100, 400, 1500):
        tuning, clean = (generated(series, answers, 0.0, seed) for seed in (1, 2))
        changed = [generated(series, answers, drop, 2) for drop in DROPS]
        wanted = _false_a_wave(jkpi_alarms(tuning))
        rows = [_row("jkpi, period: wave", jkpi_alarms, clean, changed)]
        for rule in RULES if options.methods else ():
            strict = _tuned(rule, tuning, wanted)
            rows.append(_row(f"{rule.name} ({strict:.3g})", partial(_at, rule, strict), clean, changed))
        heads = [f"{100 * drop:.0f} points: {by}" for drop in DROPS for by in ("1st wave", "2nd")]
        print_table(f"{answers} answers a wave, {series} series", ["false a wave", "a month", *heads], rows)


def generated(series: int, answers: int, drop: float, seed: int) -> Surveys:
    """The same random numbers for each drop."""
    rng = np.random.default_rng(seed)
    n = rng.poisson(answers, (WAVES, series))
    base = rng.uniform(0.6, 0.92, series)
    effect = np.where(np.arange(series) % 2, _WAVE_EFFECT, 0.0) * rng.normal(size=(WAVES, series))
    rate = 1.0 / (1.0 + np.exp(-(np.log(base / (1.0 - base)) + effect)))
    rate = rate - np.where(np.arange(WAVES) >= ONSET, drop, 0.0)[:, None]
    return Surveys(rng.binomial(n, rate).astype(float), n.astype(float))


def jkpi_alarms(surveys: Surveys) -> np.ndarray:
    """(WAVES, S): alerts when they fire or drop further. Each series is a moment of its own."""
    days = [FIRST + timedelta(days=DAYS_BETWEEN * wave) for wave in range(WAVES)]
    alarms = np.zeros(surveys.n.shape, dtype=bool)
    rule = AlertRule(None, MIN_DROP, false_alarm_every=DEFAULT_BUDGET)
    for row in range(surveys.n.shape[1]):
        readings = [
            WaveReading(day, str(day), Sample(surveys.successes[wave, row], surveys.n[wave, row]))
            for wave, day in enumerate(days)
        ]
        (result,) = replay_waves([readings], [SeriesToEvaluate(rule, 0)])
        for episode in result.episodes:
            for detection in episode.detections:
                alarms[days.index(detection.fired_on), row] = True
    return alarms


def _points_below(surveys: Surveys, strict: float) -> np.ndarray:
    rate = surveys.successes / surveys.n
    return _since_second(rate[1:] < rate[:-1] - strict)


def _two_proportions(surveys: Surveys, strict: float) -> np.ndarray:
    rate = surveys.successes / surveys.n
    pooled = (surveys.successes[1:] + surveys.successes[:-1]) / (surveys.n[1:] + surveys.n[:-1])
    error = np.sqrt(pooled * (1.0 - pooled) * (1.0 / surveys.n[1:] + 1.0 / surveys.n[:-1]))
    return _since_second((rate[1:] - rate[:-1]) / error < -strict)


def _deviation(surveys: Surveys, strict: float) -> np.ndarray:
    rate = surveys.successes / surveys.n
    raw = np.zeros(rate.shape, dtype=bool)
    for wave in range(4, WAVES):
        past = rate[:wave]
        raw[wave] = (rate[wave] - past.mean(axis=0)) / np.maximum(past.std(axis=0, ddof=1), 1e-6) < -strict
    return raw


def _since_second(raw: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros((1, raw.shape[1]), dtype=bool), raw])


RULES = (
    WaveRule("points below the wave before", _points_below, 0.5),
    WaveRule("two-proportion z-test against the wave before", _two_proportions, 8.0),
    WaveRule("z-score of all waves before", _deviation, 60.0),
)


def _at(rule: WaveRule, strict: float, surveys: Surveys) -> np.ndarray:
    return rule.alarms(surveys, strict)


def _tuned(rule: WaveRule, tuning: Surveys, wanted: float) -> float:
    low, high = 0.0, rule.strictest
    for _ in range(20):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _false_a_wave(rule.alarms(tuning, middle)) > wanted else (low, middle)
    return high


def _false_a_wave(alarms: np.ndarray) -> float:
    return float(alarms[LEARNED_BY:].mean())


def _row(
    name: str, alarms_of: Callable[[Surveys], np.ndarray], clean: Surveys, changed: list[Surveys]
) -> tuple[str, list[str]]:
    false = _false_a_wave(alarms_of(clean))
    found = [alarms_of(surveys) for surveys in changed]
    cells = [share(np.asarray(alarms[ONSET : ONSET + waves].any(axis=0))) for alarms in found for waves in (1, 2)]
    return name, [f"{false:.4f}", f"{false / MONTHS_BETWEEN:.4f}", *cells]
