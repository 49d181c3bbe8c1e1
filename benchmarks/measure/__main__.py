"""jkpi measure against a hand-written script, on the same rows in the same run.

    python -m benchmarks.measure                                  one million events
    python -m benchmarks.measure --events 10000000 --rounds 3
    python -m benchmarks.measure --events 1000000 10000000 100000000 --rounds 1 --memory-limit 2GB

For each size: the cost of measuring an empty warehouse (the start of dbt); a full refresh of the year without its last
day, by jkpi and by hand alternately; whether both give the same readings; then one more day, which jkpi adds. With more
than one size, the growth of the times: the exponent of a power of the number of events.
"""

from __future__ import annotations

import argparse
import tempfile
from itertools import pairwise
from pathlib import Path

from benchmarks.measure.sizes import SizeCosts, growth, measure_size


def main() -> None:
    """Measure each size and print the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory-limit", help="a bound on DuckDB's memory for both, such as 2GB")
    parser.add_argument("--directory", type=Path, help="where to work, and to leave what was made; else it is deleted")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    costs: list[SizeCosts] = []
    for events in sorted(options.events):
        with tempfile.TemporaryDirectory(prefix="jkpi-measure-") as folder:
            workspace = (options.directory or Path(folder)) / f"{events}"
            workspace.mkdir(parents=True, exist_ok=True)
            costs.append(measure_size(workspace, events, options.rounds, options.memory_limit, options.seed))
    for smaller, larger in pairwise(costs):
        print(growth(smaller, larger))


if __name__ == "__main__":
    main()
