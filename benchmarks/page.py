"""How fast a large living map opens: 30 stages, 200 touchpoints, 90 KPIs, 12 segment values, 26 weeks.

    python -m benchmarks.page            alternates with the same map of three stages

The browser measures opening itself, from the start of the navigation to the load event and to the first frame after it,
each time in a new Chromium page.
"""

from __future__ import annotations

import math
import random
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

JOURNEY = "large"
NOW = datetime(2026, 6, 30, 6, tzinfo=UTC)
WEEKS = [date(2026, 6, 29) - timedelta(weeks=25 - n) for n in range(26)]
SEGMENTS = {"region": ["north", "south", "east", "west"], "tier": ["a", "b", "c", "d"], "line": ["x", "y", "z", "w"]}
ROOT = Path(__file__).parents[1]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FRAME = """() => new Promise(done => requestAnimationFrame(() => setTimeout(() => {
  const timing = performance.getEntriesByType('navigation')[0];
  done([timing.loadEventEnd, performance.now()]);
})))"""


def document(stages: int, touchpoints: int) -> dict[str, Any]:
    """YAML document of the map."""
    drawn = []
    for number in range(stages):
        points = range(number * touchpoints // stages, (number + 1) * touchpoints // stages)
        drawn.append(
            {
                "stage": f"stage{number}",
                "goals": ["have it done", "explain it once"],
                "actions": ["ask", "wait"],
                "pains": ["explain the same twice"],
                "touchpoints": [{"touchpoint": f"point{point}", "channel": "web"} for point in points],
                "kpis": [
                    *([{"kpi": "drop_off", "window": "2d"}] if number + 1 < stages else []),
                    {"kpi": "time_in_stage", "tolerance": "6h"},
                    {"kpi": "volume"},
                ],
            }
        )
    return {
        **{"journey": JOURNEY, "title": "A large one", "version": 1, "owner": "desk", "timezone": "Europe/Berlin"},
        **{"viewpoint": {"persona": "somebody"}, "segments": list(SEGMENTS), "stages": drawn},
        "scope": {
            **{"starts_with": ["point0"], "ends_with": [f"point{touchpoints - 1}"]},
            **{"window": "9d", "session_gap": "3d"},
        },
    }


def readings(kpis: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """26 weeks of each KPI, for all customers and for each segment value."""
    chance = random.Random(7)
    parts = [("all", "all"), *((name, value) for name, values in SEGMENTS.items() for value in values)]
    for kpi in kpis:
        is_share = kpi["kind"] != "volume"
        statistic = "share_within" if kpi["kind"] == "time_in_stage" else kpi["kind"]
        for segment, value in parts:
            for week in WEEKS:
                n = chance.randint(150, 210)
                share = chance.uniform(0.6, 0.9)
                reach = 1.96 * math.sqrt(share * (1 - share) / n)
                yield {
                    **{"journey": JOURNEY, "kpi": kpi["kpi"], "kind": kpi["kind"], "statistic": statistic},
                    **{"stage": kpi["stage"], "segment": segment, "segment_value": value, "period": "week"},
                    **{"period_start": week, "value": share if is_share else float(n), "sample_size": n},
                    **{"numerator": share * n, "denominator": float(n), "open_count": 0, "is_primary": True},
                    **{"ci_low": share - reach if is_share else None, "ci_high": share + reach if is_share else None},
                    **{"unit": "share" if is_share else "count", "direction": kpi["direction"], "status": "final"},
                    **{"is_suppressed": False, "map_version": 1, "level": "stage"},
                }


def publish(folder: Path, stages: int, touchpoints: int) -> Path:
    """Page of such a map."""
    import pyarrow as pa

    from jkpi.config.settings import Settings
    from jkpi.journeys.reader import read_journeys
    from jkpi.journeys.rows import map_rows
    from jkpi.living_map.publish import publish_maps
    from jkpi.warehouse.landing import ensure_landing
    from jkpi.warehouse.open import open_warehouse

    (folder / "journeys").mkdir(parents=True)
    (folder / "journeys" / "large.yml").write_text(yaml.safe_dump(document(stages, touchpoints)))
    tables = map_rows(read_journeys(folder, {}), NOW)
    declared = yaml.safe_load((ROOT / "dbt_project" / "models" / "marts" / "_marts.yml").read_text())["models"]
    with open_warehouse(f"duckdb:///{folder / 'w.duckdb'}") as warehouse:
        ensure_landing(warehouse)
        for name, rows in tables.items():
            if rows:
                warehouse.insert(f"raw.{name}", pa.Table.from_pylist(rows))
        warehouse.execute("create schema marts")
        for mart in declared:
            columns = ", ".join(f"{column['name']} {column['data_type']}" for column in mart["columns"])
            warehouse.execute(f"create table marts.{mart['name']} ({columns})")
        warehouse.insert("marts.fct_kpi_readings", pa.Table.from_pylist(list(readings(tables["map_kpis"]))))
        publish_maps(Settings(folder, "large", "", "", folder / "site", NOW), warehouse, ())
    return folder / "site" / f"{JOURNEY}.html"


def main() -> None:
    """Make both pages, open them alternately, and print the times."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        pages = {stages: publish(Path(folder) / str(stages), stages, points) for stages, points in ((3, 20), (30, 200))}
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        times: dict[int, list[list[float]]] = {stages: [] for stages in pages}
        for _ in range(9):
            for stages, path in pages.items():
                page = browser.new_page(viewport={"width": 1440, "height": 1000})
                page.goto(path.as_uri())
                times[stages].append(page.evaluate(FRAME))
                page.close()
        browser.close()
        for stages, path in pages.items():
            loaded, drawn = (statistics.median(column) for column in zip(*times[stages], strict=True))
            size = f"{path.stat().st_size / 1e6:.1f} MB"
            print(f"{stages:>3} stages: {size}, loaded after {loaded:,.0f} ms, drawn after {drawn:,.0f} ms, of nine")


if __name__ == "__main__":
    main()
