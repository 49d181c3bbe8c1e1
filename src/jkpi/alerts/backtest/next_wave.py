"""The smallest drop that the next survey wave could show, at the sample sizes so far. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from jkpi.alerts.backtest.injected_drops import POWER
from jkpi.alerts.detection.episodes import SeriesResult
from jkpi.alerts.detection.wave_replay import MAX_POOLED_WAVES, MIN_N, WaveReading, wave_alpha
from jkpi.alerts.statistics import reading_grid
from jkpi.alerts.statistics.rules import AlertRule
from jkpi.alerts.statistics.two_sample import detectable_drop, pool_samples


@dataclass(frozen=True)
class NextWave:
    """n: answers of a wave, the mean of those so far. alpha: chance of an alert if nothing has changed.
    detectable_drop: smallest drop, as a rate, that is alerted with POWER; at least the minimum drop."""

    n: float
    alpha: float
    detectable_drop: float


def next_wave(waves: Sequence[WaveReading], result: SeriesResult, rule: AlertRule) -> NextWave | None:
    """What a next wave like those so far could show. None if there is no wave to compare it with."""
    spans = [(episode.onset, episode.closed_on) for episode in result.episodes]
    quiet = [
        wave
        for wave in waves
        if wave.status == reading_grid.VALID
        and wave.sample.n >= MIN_N
        and not any(onset <= wave.first_day and (end is None or wave.first_day < end) for onset, end in spans)
    ]
    if not quiet:
        return None
    days = (quiet[-1].first_day - quiet[0].first_day).days / max(len(quiet) - 1, 1)
    alpha = wave_alpha(rule, days if len(quiet) > 1 else float("inf"))
    n = mean(wave.sample.n for wave in quiet)
    reference = pool_samples([wave.sample for wave in quiet[-MAX_POOLED_WAVES:]])
    # The wave before and those before together share the level.
    level = alpha / 2.0 if len(quiet) > 1 else alpha
    return NextWave(n, alpha, max(detectable_drop(n, reference, level, POWER), rule.min_drop))
