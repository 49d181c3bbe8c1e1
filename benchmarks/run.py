"""Times of all steps on an example: the first run, a run without new data, and the start of the command line."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

JKPI = Path(sys.executable).parent / "jkpi"
QUICK_GOAL, HELP_GOAL = 15.0, 0.5


def timed(*arguments: str) -> float:
    """Wall seconds of one call of the command line, as a whole process."""
    started = time.perf_counter()
    subprocess.run([JKPI, *arguments], check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--example", default="equipment_repair")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        first = timed("demo", "--example", options.example, "--directory", folder)
        workspace = str(Path(folder) / options.example)
        again = sorted(timed("run", "-w", workspace) for _ in range(options.runs))
        python = sorted(timed_python() for _ in range(options.runs * 3))
        shown = sorted(timed("--help") for _ in range(options.runs * 3))
    middle = options.runs // 2
    print(f"jkpi demo, data generated and loaded        {first:6.1f} s")
    print(f"jkpi run, nothing new                       {again[middle]:6.1f} s   (goal {QUICK_GOAL:.0f} s)")
    print(f"  against the first run                     {again[middle] / first:6.2f}")
    print(f"jkpi --help                                 {shown[len(shown) // 2]:6.2f} s   (goal {HELP_GOAL} s)")
    print(f"  against an empty Python                   {shown[len(shown) // 2] / python[len(python) // 2]:6.1f}")


def timed_python() -> float:
    """Wall seconds of an empty Python process: the baseline of --help."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
