"""python -m benchmarks.alert_quality [--quick] [--peers]: every rule on the same days, tuned on half of the series."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.alert_quality import sources
from benchmarks.alert_quality.faults import FALLS, TROUBLE
from benchmarks.alert_quality.made_days import made
from benchmarks.alert_quality.peers import PEERS
from benchmarks.alert_quality.rules import RIVALS, Rival, ours, tuned
from benchmarks.alert_quality.scores import alarmed, delays, interval, monthly, score
from benchmarks.alert_quality.sources import Days

BUDGET = 0.05
BY_DEFAULT = 547.5
STEPS = ("step 2", "step 5", "step 10", "step 20", "ramp 10", "weekend 10", "mix 6")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer series, fewer sizes")
    parser.add_argument("--series", type=int, default=400)
    parser.add_argument("--peers", action="store_true", help="the models of others too; first: make .peers/ready")
    parser.add_argument("--sizes", type=int, nargs="+", help="cases a day")
    options = parser.parse_args()
    sizes = options.sizes or ((10, 100) if options.quick else (10, 30, 100, 300, 1000))
    rivals = (*RIVALS, *PEERS) if options.peers else RIVALS
    series = 80 if options.quick else options.series
    print(
        f"falls_off_by 5 points; rivals at their default, and tuned to {BUDGET} false alarms a series-month on half of"
    )
    print("the series; figures are of the other half. Caught: within 7 days, in per cent. inf: most are never told.")
    for kind, source in (("real", sources.real), ("made", made)):
        for mean in sizes:
            days = source(series, mean, np.random.default_rng(mean))
            if days is None:
                print(f"\n{kind}, {mean} cases a day: no such data here (set JKPI_PUBLIC_DATA)")
            else:
                compare(f"{kind}, {mean} cases a day, {series // 2} series", days, rivals)


def compare(title: str, days: Days, rivals: Sequence[Rival]) -> None:
    half = np.arange(days.n.shape[1]) % 4 < 2
    tuning, clean = days.part(np.flatnonzero(half)), days.part(np.flatnonzero(~half))
    rng = np.random.default_rng(11)
    fallen = {name: fault(clean, rng) for name, fault in FALLS.items()}
    troubled = {name: fault(clean, rng) for name, fault in TROUBLE.items()}
    print(f"\n{title}")
    heads = [name.replace("weekend", "wkend") for name in STEPS]
    print(
        f"{'':38}{'false/month':>18} "
        + "".join(f"{head:>9}" for head in heads)
        + f" |{'10: 3d':>7}{'7d':>5}{'14d':>5}{'median':>7}{'p90':>5}{'prec.':>6}{'flaps':>6}"
        + "".join(f"{name:>12}" for name in TROUBLE)
    )
    _line("jkpi", lambda one: ours(one, BY_DEFAULT), clean, fallen, troubled)
    for rival in rivals:
        some = slice(rival.most)
        quiet, *others = (
            clean.part(some),
            *({name: one.part(some) for name, one in all_days.items()} for all_days in (fallen, troubled)),
        )
        if rival.default is not None:
            _line(rival.name, lambda one, r=rival: r.alarms(one, r.default), quiet, *others)
        strict = tuned(rival, tuning.part(some), BUDGET)
        name = f"  tuned ({strict:.2f})" if rival.default is not None else f"{rival.name}, tuned"
        _line(name, lambda one, r=rival, s=strict: r.alarms(one, s), quiet, *others)


def _line(
    name: str,
    judge: Callable[[Days], np.ndarray],
    clean: Days,
    fallen: dict[str, Days],
    troubled: dict[str, Days],
) -> None:
    quiet = judge(clean)
    false, (low, high) = monthly(quiet)
    alarms = {fault: judge(days) for fault, days in fallen.items()}
    cells = []
    for fault in STEPS:
        found = delays(alarms[fault]) <= 7
        down, up = interval(found.astype(float))
        cells.append(f"{100 * found.mean():4.0f} ±{50 * (up - down):<3.0f}")
    ten = score(alarms["step 10"], quiet)
    shares = "".join(f"{100 * share:5.0f}" for share in ten.caught)
    trouble = "".join(f"{100 * alarmed(judge(days)):12.0f}" for days in troubled.values())
    print(
        f"{name:38}{false:6.3f} ({low:.3f}-{high:.3f}) "
        + "".join(f"{cell:>9}" for cell in cells)
        + f" |{shares:>17}{ten.median:7.0f}{ten.p90:5.0f}{ten.precision:6.2f}{ten.flaps:6.2f}{trouble}"
    )


if __name__ == "__main__":
    main()
