"""Worlds in which it is known which segment, if any, is behind a drop. Counts are drawn with a fixed seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tests.alerts.made_world import World

BEFORE, DURING = 70, 4
"""Days before and during the drop."""
Counts = list[tuple[float, float]]


@dataclass(frozen=True)
class Cell:
    """Customers with these segment values: cases a day and success rate, before and during the drop."""

    values: Mapping[str, str]
    cases: tuple[float, float]
    rate: tuple[float, float]


def put_cells(world: World, cells: list[Cell], seed: int, during: int = DURING) -> dict[tuple[str, str], Counts]:
    """Put the readings of all customers and of each segment value into the world. Returns them by segment and value."""
    rng = np.random.default_rng(seed)
    is_drop = np.arange(BEFORE + during) >= BEFORE
    sums: dict[tuple[str, str], np.ndarray] = {}
    for cell in cells:
        n = rng.poisson(np.where(is_drop, cell.cases[1], cell.cases[0]))
        successes = rng.binomial(n, np.where(is_drop, cell.rate[1], cell.rate[0]))
        for key in [("all", "all"), *cell.values.items()]:
            sums[key] = sums.get(key, np.zeros((2, len(n)))) + np.stack([successes, n])
    counts = {key: [(float(good), float(n)) for good, n in values.T] for key, values in sums.items()}
    for (segment, value), days in counts.items():
        world.put(days, segment=segment, value=value)
    return counts


def one_large_segment_drops() -> list[Cell]:
    """83 % of the customers drop by 15 points, the others do not."""
    return [
        Cell({"region": "city"}, (250, 250), (0.92, 0.77)),
        Cell({"region": "country"}, (51, 51), (0.92, 0.92)),
    ]


def all_drop_alike(cases: float) -> list[Cell]:
    return [Cell({"region": region}, (cases, cases), (0.92, 0.80)) for region in ("north", "south", "west")]


def more_cases_without_parts() -> list[Cell]:
    """Simpson's paradox: a repair succeeds less often if the part is out of stock, whatever the machine. During the
    drop parts for hydraulic machines run out. So hydraulic machines drop, but no rate within a stock level changes."""
    return [
        Cell({"machine": "hydraulic", "stock": "in"}, (135, 75), (0.96, 0.96)),
        Cell({"machine": "hydraulic", "stock": "out"}, (15, 75), (0.60, 0.60)),
        Cell({"machine": "electric", "stock": "in"}, (135, 135), (0.96, 0.96)),
        Cell({"machine": "electric", "stock": "out"}, (15, 15), (0.60, 0.60)),
    ]


def no_segments(cases: float = 300) -> list[Cell]:
    return [Cell({}, (cases, cases), (0.92, 0.80))]


def a_small_segment_drops_further() -> list[Cell]:
    """All customers drop by six points, and are certain at once. The south is too small to be certain by itself before
    it has dropped for days."""
    return [
        Cell({}, (2000, 2000), (0.92, 0.86)),
        Cell({"region": "south"}, (30, 30), (0.92, 0.80)),
    ]
