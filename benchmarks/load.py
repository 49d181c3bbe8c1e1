"""Loading with quality checks, compared with DuckDB's own INSERT ... SELECT read_csv of the same file.

    python -m benchmarks.load                                one million rows, three rounds, alternating
    python -m benchmarks.load --rows 10000000 --rounds 1     shows that memory stays bounded

Each measurement runs in a process of its own. Its time is that of the load; start and imports are reported apart. The
load does all that it does for a user: it parses timestamps in a time zone, maps touchpoints, makes pseudonyms, ids and
hashes, runs Great Expectations, finds duplicates and writes the load log.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import load_steps

GOAL = 5.0


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--no-checks", action="store_true", help="leave Great Expectations out")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="jkpi-bench-") as folder:
        workspace = Path(folder)
        size = load_steps.write_csv(workspace / "data" / "events.csv", options.rows)
        load_steps.write_workspace(workspace)
        print(f"{options.rows:,} rows, {size / 1e6:.0f} MB of CSV")
        seconds_by_name: dict[str, list[float]] = {"duckdb": [], "jkpi": []}
        for _ in range(options.rounds):
            for name in seconds_by_name:
                measured = step(name, workspace, options.no_checks)
                seconds_by_name[name].append(measured["seconds"])
                print(
                    f"  {name:<7} {measured['seconds']:7.2f} s   start and imports {measured['start']:5.2f} s"
                    f"   before the load {measured['rss_before']:5.0f} MB, peak {measured['rss_peak']:6.0f} MB"
                )
        best = {name: min(seconds) for name, seconds in seconds_by_name.items()}
        middle = {name: statistics.median(seconds) for name, seconds in seconds_by_name.items()}
        print(
            f"ratio: {best['jkpi'] / best['duckdb']:.1f} (best), {middle['jkpi'] / middle['duckdb']:.1f} (median);"
            f" goal: at most {GOAL:g}"
        )


def step(name: str, workspace: Path, no_checks: bool) -> dict[str, float]:
    """One measurement in a process of its own."""
    command = [sys.executable, str(Path(load_steps.__file__)), name, str(workspace), "bare" if no_checks else "checked"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


if __name__ == "__main__":
    main()
