"""Scene "volume-and-rate": nine in ten cases stay away, and of those that come all or many fail.

Half of the columns are what must not be reported: the volume falls, and the rate stays.
"""

from __future__ import annotations

import numpy as np

from benchmarks.alert_quality.faults import moved, span, thinned
from benchmarks.alert_quality.generated_days import generated
from benchmarks.alert_quality.methods import FIRST, MIN_DROP, WARM
from benchmarks.alert_quality.opening import opened
from benchmarks.alert_quality.scenes import ONSET, Contender, Ground, Options, ground, median, print_table, share
from benchmarks.alert_quality.scores import delays
from benchmarks.alert_quality.sources import DAYS, Days
from jkpi.alerts.statistics.rules import DAILY, WEEKLY, AlertRule, EvaluationConfig

LEFT = 0.1
WEEKS_AFTER = 26
A_WEEK_BEFORE, A_WEEK_AFTER = 40, 5


def main(options: Options) -> None:
    print("Nine in ten cases stay away for good: at the old rate, or all fail, or 30 points lower. Found: per cent.")
    for mean in options.sizes_of("scene"):
        _by_size(ground(mean, options))
    _weekly(options)


def _by_size(own: Ground) -> None:
    rng = own.rng()
    fewer = thinned(own.clean, span(ONSET, DAYS, LEFT, other=1.0), rng)
    worlds = {
        "fewer": fewer,
        "all fail": moved(fewer, span(ONSET, DAYS, 1.0), rng),
        "30 points": moved(fewer, span(ONSET, DAYS, 0.3), rng),
    }

    def cells(contender: Contender, changed: dict[str, Days]) -> list[str]:
        alarms = {name: contender.alarms(days) for name, days in changed.items()}
        months = alarms["fewer"].shape[1] * (DAYS - ONSET) / 30.44
        after = {name: delays(alarms[name], ONSET) for name in ("all fail", "30 points")}
        found = [
            cell
            for delay_days in after.values()
            for cell in (share(delay_days <= 7), share(delay_days <= 14), median(delay_days))
        ]
        return [f"{alarms['fewer'][ONSET:].sum() / months:.3f}", *found]

    heads = ["fewer: false a month"]
    heads += [f"{name}: {figure}" for name in ("all fail", "-30") for figure in ("7 d", "14 d", "median days")]
    own.table(f"{own.mean} cases a day, then {own.mean * LEFT:.0f}", worlds, cells, heads)


def _weekly(options: Options) -> None:
    """Five cases a week, all failures, as weekly and as daily readings of the same days."""
    length = ONSET + 7 * WEEKS_AFTER
    rng = np.random.default_rng(4)
    clean = generated(options.series // 2, A_WEEK_BEFORE / 7, rng, length)
    fewer = thinned(clean, span(ONSET, length, A_WEEK_AFTER / A_WEEK_BEFORE, other=1.0, length=length), rng)
    fallen = moved(fewer, span(ONSET, length, 1.0, length=length), rng)
    rows = []
    for name, config in (("jkpi, weekly readings", WEEKLY), ("jkpi, daily readings", DAILY)):
        step = config.step_days
        quiet, alarms = _alarms(clean, config), _alarms(fallen, config)
        months = quiet.shape[1] * (length - WARM) / 30.44
        delay_days = step * delays(alarms, ONSET // step)
        false = quiet[WARM // step :].sum() / months
        rows.append((name, (f"{false:.3f}", share(delay_days <= 28), share(delay_days <= 56), median(delay_days))))
    title = f"{A_WEEK_BEFORE} cases a week, then {A_WEEK_AFTER}, all failures"
    print_table(title, ("false a month", "28 d", "56 d", "median days"), rows)


def _alarms(days: Days, config: EvaluationConfig) -> np.ndarray:
    successes, n = (
        counts.reshape(-1, config.step_days, counts.shape[1]).sum(axis=1) for counts in (days.successes, days.n)
    )
    return opened(successes, n, FIRST, AlertRule(None, MIN_DROP, config=config))
