"""Scene "drops": all methods on the same days, real and generated, at their default and tuned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import numpy as np

from benchmarks.alert_quality import sources
from benchmarks.alert_quality.faults import DATA_FAULTS, DROPS
from benchmarks.alert_quality.generated_days import generated
from benchmarks.alert_quality.methods import (
    BUDGET,
    DEFAULT_BUDGET,
    FIRST,
    MIN_DROP,
    Method,
    false_alarms,
    jkpi_alarms,
    jkpi_results,
    per_month,
    tuned,
)
from benchmarks.alert_quality.opening import alarm_days
from benchmarks.alert_quality.scenes import Options
from benchmarks.alert_quality.scores import alarmed, delays, interval, monthly, score
from benchmarks.alert_quality.sources import AT, Days

WANTED = 30.44 / DEFAULT_BUDGET
BREACHED_FOR = 28
STEPS = ("step 2", "step 5", "step 10", "step 20", "ramp 10", "weekend 10", "mix 6")


def main(options: Options) -> None:
    print(
        f"min_drop 5 points; others at their default, and tuned to {BUDGET} false alarms a series-month on half\n"
        "of the sources; figures are of the other half. Detected within 7 days, in per cent. inf: most never are.\n"
        "Intervals of real days are over sources. An alarm after a true fall (the rate of its 7 days at least\n"
        f"{100 * options.true_fall:g} points below that of the 8 weeks before) is counted apart, as true;\n"
        "false ones are those of a month without such days. Alarms of jkpi: new alerts, relapses, further drops."
    )
    real = partial(sources.real, true_fall=options.true_fall)
    for kind, source in (("real", real), ("generated", generated)):
        for mean in options.sizes_of(kind):
            days = source(options.series, mean, np.random.default_rng(mean))
            if days is None:
                print(f"\n{kind}, {mean} cases a day: no such data (set JKPI_PUBLIC_DATA)")
            else:
                held = ~days.is_for_tuning
                counted = f"{held.sum()} series of {len(np.unique(days.source[held]))} sources"
                compare(f"{kind}, {mean} cases a day, {counted}", days, options.methods)


def compare(title: str, days: Days, methods: Sequence[Method]) -> None:
    tuning, clean = days.part(np.flatnonzero(days.is_for_tuning)), days.part(np.flatnonzero(~days.is_for_tuning))
    rng = np.random.default_rng(11)
    dropped = {name: fault(clean, rng) for name, fault in DROPS.items()}
    faulty = {name: fault(clean, rng) for name, fault in DATA_FAULTS.items()}
    print(f"\n{title}")
    heads = [name.replace("weekend", "wkend") for name in STEPS]
    print(
        f"{'':38}{'false/month':>19} {'true':>6}"
        + "".join(f"{head:>9}" for head in heads)
        + f" |{'10: 3d':>7}{'7d':>5}{'14d':>5}{'median':>7}{'p90':>5}{'prec.':>6}{'repeats':>8}"
        + "".join(f"{name:>12}" for name in DATA_FAULTS)
    )
    _line("jkpi", jkpi_alarms, clean, dropped, faulty)
    _line(
        "  with a promise",
        lambda days: jkpi_alarms(days, has_promise=True),
        *(with_breaches(clean), dropped, faulty),
    )
    for method in methods:
        some = slice(method.max_series)
        quiet, *others = (
            clean.part(some),
            *({name: changed.part(some) for name, changed in all_days.items()} for all_days in (dropped, faulty)),
        )
        if method.default is not None:
            _line(method.name, partial(_at, method, method.default), quiet, *others)
        strict = tuned(method, tuning.part(some), BUDGET)
        name = f"  tuned ({strict:.2f})" if method.default is not None else f"{method.name}, tuned"
        _line(name, partial(_at, method, strict), quiet, *others)
    if clean.family is not None:
        _families(clean)


def with_breaches(days: Days) -> Days:
    """The same days, on which the data have also truly fallen if four weeks' true rate is beyond the promise."""
    if days.true_rate is None or days.has_fallen is None:
        return days
    sums = np.cumsum(days.true_rate, axis=0)
    sums[BREACHED_FOR:] = sums[BREACHED_FOR:] - sums[:-BREACHED_FOR].copy()
    recent = sums / np.minimum(np.arange(1, len(sums) + 1), BREACHED_FOR)[:, None]
    return replace(days, has_fallen=days.has_fallen | (recent < days.promise - MIN_DROP))


def _families(clean: Days) -> None:
    """Alarms of jkpi by data set, and as a ratio to the budget."""
    assert clean.family is not None
    for name in (*dict.fromkeys(clean.family), "all"):
        own = clean.part(np.flatnonzero((clean.family == name) | (name == "all")))
        results = jkpi_results(own)
        alarms = alarm_days(results, own.n.shape, FIRST)
        rate, (low, high) = monthly(alarms, own)
        fallen = 0.0 if own.has_fallen is None else own.has_fallen.mean()
        onset = FIRST + timedelta(days=AT)
        is_open = [any(episode.overlaps(onset, onset) for episode in result.episodes) for result in results]
        print(
            f"  jkpi, {name:12}{len(np.unique(own.source)):4} sources: {rate:.3f} false alarms a month"
            f" ({low:.3f}-{high:.3f}), {rate / WANTED:.1f} times the budget; {per_month(alarms):.3f} in all,"
            f" {after_falls(alarms, own):.3f} of them after true falls, on {fallen:.0%} of days;"
            f" an alert is open when drops begin in {np.mean(is_open):.0%}"
        )


def after_falls(alarms: np.ndarray, days: Days) -> float:
    """Alarms after true falls, in a month of one series."""
    return per_month(alarms & ~false_alarms(alarms, days))


def _at(method: Method, strict: float, days: Days) -> np.ndarray:
    return method.alarms(days, strict)


def _line(
    name: str,
    alarms_of: Callable[[Days], np.ndarray],
    clean: Days,
    dropped: dict[str, Days],
    faulty: dict[str, Days],
) -> None:
    all_alarms = alarms_of(clean)
    quiet, true = false_alarms(all_alarms, clean), after_falls(all_alarms, clean)
    false, (low, high) = monthly(all_alarms, clean)
    alarms = {fault: alarms_of(days) for fault, days in dropped.items()}
    cells = []
    for fault in STEPS:
        is_detected = delays(alarms[fault]) <= 7
        down, up = interval(is_detected.astype(float), clean.source)
        cells.append(f"{100 * is_detected.mean():4.0f} ±{50 * (up - down):<3.0f}")
    ten = score(alarms["step 10"], quiet)
    shares = "".join(f"{100 * share:5.0f}" for share in ten.detected)
    trouble = "".join(f"{100 * alarmed(alarms_of(days)):12.0f}" for days in faulty.values())
    print(
        f"{name:38}{false:6.3f} ({low:.3f}-{high:.3f}) {true:6.3f}"
        + "".join(f"{cell:>9}" for cell in cells)
        + f" |{shares:>17}{ten.median:7.0f}{ten.p90:5.0f}{ten.precision:6.2f}{ten.repeats:8.2f}{trouble}",
        flush=True,
    )
