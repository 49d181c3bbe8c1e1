"""python -m benchmarks.alert_quality [--quick] [--scene NAME] [--peers]: alerts on days whose truth is known."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from benchmarks.alert_quality import (
    drops,
    large_segment,
    level_shifts,
    odd_days,
    promises,
    relapses,
    repeated_messages,
    volume,
    volume_and_rate,
    waves,
)
from benchmarks.alert_quality.methods import METHODS
from benchmarks.alert_quality.peers import PEERS
from benchmarks.alert_quality.scenes import Options
from benchmarks.alert_quality.sources import TRUE_FALL

SCENES: dict[str, Callable[[Options], None]] = {
    "drops": drops.main,
    "volume-and-rate": volume_and_rate.main,
    "holidays": odd_days.main,
    "level-shifts": level_shifts.main,
    "relapses": relapses.main,
    "repeated-messages": repeated_messages.main,
    "large-segment": large_segment.main,
    "promises": promises.main,
    "waves": waves.main,
    "volume": lambda options: volume.compare_generated(options.series, options.sizes_of("scene")),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scene", choices=SCENES, nargs="+", help="by default all of them")
    parser.add_argument("--quick", action="store_true", help="fewer series, fewer sizes")
    parser.add_argument("--series", type=int, help="half of them are for tuning; default 400, quick 80")
    parser.add_argument("--peers", action="store_true", help="the models of others too; first: make .peers/ready")
    parser.add_argument("--alone", action="store_true", help="jkpi without the other methods")
    parser.add_argument("--sizes", type=int, nargs="+", help="cases a day")
    parser.add_argument("--true-fall", type=float, default=100 * TRUE_FALL, help="points below the 8 weeks before")
    given = parser.parse_args()
    options = Options(
        given.series or (80 if given.quick else 400),
        tuple(given.sizes) if given.sizes else None,
        given.quick,
        () if given.alone else (*METHODS, *PEERS) if given.peers else METHODS,
        given.true_fall / 100.0,
    )
    for name in given.scene or SCENES:
        print(f"\n=== {name}")
        SCENES[name](options)


if __name__ == "__main__":
    main()
