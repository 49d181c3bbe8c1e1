"""One size of the benchmark: alternating runs, and the printed results."""

from __future__ import annotations

import json
import math
import shutil
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.measure.compare import compare
from benchmarks.measure.landing import LAST_DAY, WAREHOUSE, land, land_last_day, make
from benchmarks.measure.maps import AS_OF
from benchmarks.measure.processes import Cost, run

JKPI = Path(sys.executable).parent / "jkpi"
BY_HAND = "by_hand.duckdb"
COPIED_UP_TO = 20_000_000
"""Up to so many events, a copy of the warehouse allows measuring the added day more than once."""
SLOWEST = 8


@dataclass(frozen=True)
class SizeCosts:
    """Costs of one size: of the start alone, for a full and an incremental run, and of each run."""

    events: int
    start: Cost
    start_adding: Cost
    jkpi: tuple[Cost, ...]
    by_hand: tuple[Cost, ...]
    day: tuple[Cost, ...]


def measure_size(workspace: Path, events: int, rounds: int, memory_limit: str | None, seed: int) -> SizeCosts:
    """Make the rows in a folder and measure them. Prints progress."""
    print(f"\n-- {events:,} events{f', memory limit {memory_limit}' if memory_limit else ''} --", flush=True)
    make(workspace, memory_limit)
    start, start_adding = _starts(workspace)
    landed = land(workspace, events, seed)
    size = (workspace / WAREHOUSE).stat().st_size / 1e6
    print(f"{landed:,} events have landed, {size:,.0f} MB; the last day is kept for later", flush=True)
    jkpi, by_hand = [], []
    for _ in range(rounds):
        jkpi.append(_printed("jkpi, full refresh", measure(workspace, LAST_DAY, full=True)))
        by_hand.append(_printed("by hand", count(workspace, LAST_DAY, memory_limit)))
    _print_ratios("jkpi / by hand", jkpi, by_hand, start, None)
    _print_steps(workspace, by_hand[-1])
    print(*compare(workspace / WAREHOUSE, workspace / BY_HAND).lines(), sep="\n", flush=True)
    # The first incremental run creates views that later runs find, so a typical day is measured after it.
    _printed("jkpi, nothing new", measure(workspace, LAST_DAY))
    day = _add_day(workspace, rounds if events <= COPIED_UP_TO else 1)
    _print_ratios("one more day / full refresh", day, jkpi, start_adding, start)
    count(workspace, AS_OF, memory_limit)
    print("after the added day, against everything counted by hand:")
    print(*compare(workspace / WAREHOUSE, workspace / BY_HAND).lines(), sep="\n", flush=True)
    return SizeCosts(landed, start, start_adding, tuple(jkpi), tuple(by_hand), tuple(day))


def measure(workspace: Path, now: datetime, full: bool = False) -> Cost:
    """jkpi measure, as a process of its own."""
    command = [str(JKPI), "measure", "-w", str(workspace), "--now", f"{now.isoformat()}Z"]
    return run([*command, *(["--full-refresh"] if full else [])], [workspace / f"{WAREHOUSE}.tmp"])


def count(workspace: Path, now: datetime, memory_limit: str | None) -> Cost:
    """The script, as a process of its own. It prints one line a step."""
    command = [sys.executable, "-m", "benchmarks.measure.by_hand", str(workspace / WAREHOUSE), str(workspace / BY_HAND)]
    limit = [memory_limit] if memory_limit else []
    return run([*command, now.isoformat(), *limit], [workspace / f"{BY_HAND}.tmp"])


def _starts(workspace: Path) -> tuple[Cost, Cost]:
    """Cost of jkpi and dbt on an empty warehouse, full and incremental. The first run of each is not used: it creates
    more."""
    costs = []
    for what, full in (("nothing landed, full refresh", True), ("nothing landed, incremental", False)):
        _, *later = (_printed(f"{what}{again}", measure(workspace, LAST_DAY, full)) for again in (", first", "", ""))
        costs.append(min(later, key=lambda cost: cost.wall))
    full_start, adding = costs
    return full_start, adding


def _add_day(workspace: Path, rounds: int) -> list[Cost]:
    """Cost of the added day, each time from the same warehouse if it is small enough to copy."""
    warehouse, copy = workspace / WAREHOUSE, workspace / "before.duckdb"
    if rounds > 1:
        shutil.copy(warehouse, copy)
    costs = []
    for number in range(rounds):
        if number:
            shutil.copy(copy, warehouse)
        landed = land_last_day(workspace)
        if not number:
            print(f"one more day: {landed:,} events", flush=True)
        costs.append(_printed("jkpi, the day added", measure(workspace, AS_OF)))
        if number + 1 == rounds:
            print("  " + costs[-1].output.strip().replace("\n", "\n  "))
    copy.unlink(missing_ok=True)
    return costs


def _printed(what: str, cost: Cost) -> Cost:
    print(f"  {what:<28} {cost}", flush=True)
    return cost


def _print_ratios(
    what: str, left: Sequence[Cost], right: Sequence[Cost], start_left: Cost, start_right: Cost | None
) -> None:
    """Print ratios of CPU and wall, best and median, with and without the start of dbt, which the script lacks."""
    bare_left = [cost.without(start_left) for cost in left]
    bare_right = [cost.without(start_right) for cost in right] if start_right else right
    for name, top, bottom in (("", left, right), (" without dbt's start", bare_left, bare_right)):
        texts = []
        for kind in ("cpu", "wall"):
            best, middle = (
                pick([getattr(cost, kind) for cost in top]) / pick([getattr(cost, kind) for cost in bottom])
                for pick in (min, statistics.median)
            )
            texts.append(f"{kind} {best:.2f} (best), {middle:.2f} (median)")
        print(f"{what}{name}: {'; '.join(texts)}", flush=True)


def _print_steps(workspace: Path, by_hand: Cost) -> None:
    """Print the share of each step of the script, and the slowest models."""
    laps = [json.loads(line) for line in by_hand.output.splitlines()]
    total = sum(lap["cpu"] for lap in laps)
    print("by hand, CPU: " + ", ".join(f"{lap['step']} {lap['cpu'] / total:.0%}" for lap in laps))
    results = json.loads((workspace / ".jkpi" / "dbt" / "target" / "run_results.json").read_text())["results"]
    times = sorted(((r["execution_time"], r["unique_id"].split(".")[2]) for r in results), reverse=True)
    print("jkpi, slowest, wall: " + ", ".join(f"{name} {seconds:.1f} s" for seconds, name in times[:SLOWEST]))


def growth(smaller: SizeCosts, larger: SizeCosts) -> str:
    """Exponents of growth between two sizes, without the start of dbt."""
    times = math.log(larger.events / smaller.events)
    bare: dict[str, Callable[[SizeCosts], list[Cost]]] = {
        "jkpi": lambda costs: [cost.without(costs.start) for cost in costs.jkpi],
        "by hand": lambda costs: list(costs.by_hand),
        "a day": lambda costs: [cost.without(costs.start_adding) for cost in costs.day],
    }
    texts = []
    for name, costs in bare.items():
        exponents = {
            kind: math.log(
                min(getattr(cost, kind) for cost in costs(larger)) / min(getattr(cost, kind) for cost in costs(smaller))
            )
            / times
            for kind in ("cpu", "wall")
        }
        texts.append(f"{name} cpu {exponents['cpu']:.2f}, wall {exponents['wall']:.2f}")
    return f"exponent from {smaller.events:,} to {larger.events:,} events: {'; '.join(texts)}"
