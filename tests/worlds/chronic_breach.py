"""A moment whose one promise was never kept in many of its segments.

Seventeen products have always been between 60 and 72 %, three large ones at 90 %; together they are above the promise
of 80 %. No rate changes, unless the test says so.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from jkpi.config.settings import Receiver, Settings
from tests.alerts.made_world import FIRST, MAP, World

SEED = 20140901
LOW_PRODUCTS = tuple(f"p{number:02d}" for number in range(17))
HIGH_PRODUCTS = ("fridge", "oven", "washer")
MOMENT = """
  - {moment: technician_on_site, kpi: fix.time_to_resolve, promise: PROMISE, min_drop: 0.05,
     owner: field-service, notify: [lead], segments: [product]}
"""


def chronic_world(
    folder: Path,
    days: int,
    promise: str = "0.8",
    drop: tuple[str, date, float] | None = None,
    total_rate: float | None = None,
) -> World:
    """Days of binomial counts from FIRST on. promise: as YAML. drop: a product, the day from which its rate is another
    one, and that rate. total_rate: of every product, in place of the rates above."""
    (folder / "journeys").mkdir(parents=True, exist_ok=True)
    text = MAP.replace("segments: [region]", "segments: [product]") + MOMENT.replace("PROMISE", promise)
    (folder / "journeys" / "repair.yml").write_text(text)
    settings = Settings(
        workspace=folder,
        name="chronic",
        warehouse_url=f"duckdb:///{folder}/warehouse.duckdb",
        state_url=f"sqlite:///{folder}/state.db",
        site_dir=folder / "site",
        now=datetime(2026, 1, 1, tzinfo=UTC),
        receivers={"lead": Receiver("lead", "file", path=folder / "lead.txt")},
    )
    world, draw = World(settings), np.random.default_rng(SEED)
    rates = {name: 0.60 + 0.12 * number / 16 for number, name in enumerate(LOW_PRODUCTS)}
    rates |= dict.fromkeys(HIGH_PRODUCTS, 0.9)
    sizes = dict.fromkeys(LOW_PRODUCTS, 20) | dict.fromkeys(HIGH_PRODUCTS, 250)
    totals = np.zeros((days, 2))
    for name, rate in rates.items():
        rate = rate if total_rate is None else total_rate
        rate_of_day = np.full(days, rate)
        if drop is not None and drop[0] == name:
            rate_of_day[(drop[1] - FIRST).days :] = drop[2]
        good = draw.binomial(sizes[name], rate_of_day)
        counts = [(float(number), float(sizes[name])) for number in good]
        world.put(counts, segment="product", value=name)
        totals += np.array(counts)
    world.put([(float(good), float(n)) for good, n in totals])
    return world
