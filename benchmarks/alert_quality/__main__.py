"""python -m benchmarks.alert_quality [--quick] [--peers]: all methods on the same days, tuned on half of the series."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.alert_quality import sources
from benchmarks.alert_quality.faults import DATA_FAULTS, DROPS
from benchmarks.alert_quality.generated_days import generated
from benchmarks.alert_quality.methods import METHODS, Method, jkpi_alarms, tuned
from benchmarks.alert_quality.peers import PEERS
from benchmarks.alert_quality.scores import alarmed, delays, interval, monthly, score
from benchmarks.alert_quality.sources import Days

BUDGET = 0.05
DEFAULT_BUDGET = 547.5
STEPS = ("step 2", "step 5", "step 10", "step 20", "ramp 10", "weekend 10", "mix 6")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer series, fewer sizes")
    parser.add_argument("--series", type=int, default=400)
    parser.add_argument("--peers", action="store_true", help="the models of others too; first: make .peers/ready")
    parser.add_argument("--sizes", type=int, nargs="+", help="cases a day")
    options = parser.parse_args()
    sizes = options.sizes or ((10, 100) if options.quick else (10, 30, 100, 300, 1000))
    methods = (*METHODS, *PEERS) if options.peers else METHODS
    series = 80 if options.quick else options.series
    print(
        f"min_drop 5 points; other methods at their default, and tuned to {BUDGET} false alarms a series-month on half"
    )
    print("of the series; figures are of the other half. Detected within 7 days, in per cent. inf: most never are.")
    for kind, source in (("real", sources.real), ("generated", generated)):
        for mean in sizes:
            days = source(series, mean, np.random.default_rng(mean))
            if days is None:
                print(f"\n{kind}, {mean} cases a day: no such data (set JKPI_PUBLIC_DATA)")
            else:
                compare(f"{kind}, {mean} cases a day, {series // 2} series", days, methods)


def compare(title: str, days: Days, methods: Sequence[Method]) -> None:
    half = np.arange(days.n.shape[1]) % 4 < 2
    tuning, clean = days.part(np.flatnonzero(half)), days.part(np.flatnonzero(~half))
    rng = np.random.default_rng(11)
    dropped = {name: fault(clean, rng) for name, fault in DROPS.items()}
    faulty = {name: fault(clean, rng) for name, fault in DATA_FAULTS.items()}
    print(f"\n{title}")
    heads = [name.replace("weekend", "wkend") for name in STEPS]
    print(
        f"{'':38}{'false/month':>18} "
        + "".join(f"{head:>9}" for head in heads)
        + f" |{'10: 3d':>7}{'7d':>5}{'14d':>5}{'median':>7}{'p90':>5}{'prec.':>6}{'repeats':>8}"
        + "".join(f"{name:>12}" for name in DATA_FAULTS)
    )
    _line("jkpi", lambda days: jkpi_alarms(days, DEFAULT_BUDGET), clean, dropped, faulty)
    for method in methods:
        some = slice(method.max_series)
        quiet, *others = (
            clean.part(some),
            *({name: changed.part(some) for name, changed in all_days.items()} for all_days in (dropped, faulty)),
        )
        if method.default is not None:
            _line(method.name, lambda days, r=method: r.alarms(days, r.default), quiet, *others)
        strict = tuned(method, tuning.part(some), BUDGET)
        name = f"  tuned ({strict:.2f})" if method.default is not None else f"{method.name}, tuned"
        _line(name, lambda days, r=method, s=strict: r.alarms(days, s), quiet, *others)


def _line(
    name: str,
    alarms_of: Callable[[Days], np.ndarray],
    clean: Days,
    dropped: dict[str, Days],
    faulty: dict[str, Days],
) -> None:
    quiet = alarms_of(clean)
    false, (low, high) = monthly(quiet)
    alarms = {fault: alarms_of(days) for fault, days in dropped.items()}
    cells = []
    for fault in STEPS:
        is_detected = delays(alarms[fault]) <= 7
        down, up = interval(is_detected.astype(float))
        cells.append(f"{100 * is_detected.mean():4.0f} ±{50 * (up - down):<3.0f}")
    ten = score(alarms["step 10"], quiet)
    shares = "".join(f"{100 * share:5.0f}" for share in ten.detected)
    trouble = "".join(f"{100 * alarmed(alarms_of(days)):12.0f}" for days in faulty.values())
    print(
        f"{name:38}{false:6.3f} ({low:.3f}-{high:.3f}) "
        + "".join(f"{cell:>9}" for cell in cells)
        + f" |{shares:>17}{ten.median:7.0f}{ten.p90:5.0f}{ten.precision:6.2f}{ten.repeats:8.2f}{trouble}"
    )


if __name__ == "__main__":
    main()
