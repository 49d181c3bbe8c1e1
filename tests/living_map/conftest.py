"""A small warehouse made by hand: the example's map, and marts with the columns that dbt declares, seeded."""

from __future__ import annotations

import json
import math
import random
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from jkpi.config.settings import Settings
from jkpi.journeys.reader import read_journeys
from jkpi.journeys.rows import map_rows
from jkpi.state.alert_records import MomentState
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "equipment_repair"
JOURNEY = "equipment_repair"
NOW = datetime(2026, 6, 30, 6, 0, tzinfo=UTC)
AS_OF = NOW.replace(tzinfo=None)
LAST_WEEK = date(2026, 6, 29)
DROP_SINCE = date(2026, 6, 9)
WITHHELD = date(2026, 4, 20)

Rows = dict[str, list[dict[str, Any]]]


def mart_columns() -> dict[str, dict[str, str]]:
    """Mart -> column -> type, as the dbt project promises them."""
    declared = yaml.safe_load((ROOT / "dbt_project" / "models" / "marts" / "_marts.yml").read_text())
    return {
        model["name"]: {column["name"]: column["data_type"] for column in model["columns"]}
        for model in declared["models"]
    }


def insert(warehouse: Warehouse, table: str, row: Mapping[str, Any]) -> None:
    columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    warehouse.execute(f"insert into {table} ({columns}) values ({values})", row)


def wilson(part: float, n: int) -> tuple[float, float]:
    z = 1.959963985
    share, root = part / n, math.sqrt(part / n * (1 - part / n) / n + z * z / (4 * n * n))
    middle, scale = share + z * z / (2 * n), 1 + z * z / n
    return (middle - z * root) / scale, (middle + z * root) / scale


USUAL = {
    "report.search_in_vain": 0.41,
    "report.told_again": 0.27,
    "report.repeat_contact": 0.094,
    "report.ces": 0.66,
    "report.drop_off": 0.043,
    "triage.time_in_stage": 0.88,
    "triage.drop_off": 0.031,
    "repair.time_to_resolve": 0.905,
    "repair.back_in_production": 0.83,
    "repair.conversion": 0.94,
    "confirm.csat": 0.815,
    "journey.conversion": 0.87,
}


def readings(kpis: list[dict[str, Any]], seed: int = 7) -> list[dict[str, Any]]:
    """26 weeks and the last days of every KPI: the technician comes late since DROP_SINCE, one week of satisfaction
    is withheld, the newest weeks are provisional, and what the map calls `machine running` has a gap."""
    chance = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for kpi in kpis:
        weeks = [LAST_WEEK - timedelta(weeks=25 - n) for n in range(26)]
        for period, start in [("week", week) for week in weeks] + [("day", date(2026, 6, d)) for d in range(15, 24)]:
            if kpi["kpi"] == "repair.back_in_production" and date(2026, 2, 9) <= start <= date(2026, 2, 16):
                continue
            status = "provisional" if start >= LAST_WEEK - timedelta(weeks=1) else "final"
            if kpi["kpi"] == "confirm.csat" and start == WITHHELD:
                status = "withheld"
            n = chance.randint(150, 210) if period == "week" else chance.randint(20, 34)
            n = n // 5 if start == LAST_WEEK else n
            rows += _statistics(kpi, period, start, status, n, chance)
    return rows


def _statistics(
    kpi: dict[str, Any], period: str, start: date, status: str, n: int, chance: random.Random
) -> list[dict[str, Any]]:
    def row(
        statistic: str, value: float, unit: str, primary: bool, bounds: tuple[float, float] | None
    ) -> dict[str, Any]:
        return {
            "journey": JOURNEY, "kpi": kpi["kpi"], "kind": kpi["kind"], "statistic": statistic, "stage": kpi["stage"],
            "segment": "all", "segment_value": "all", "period": period, "period_start": start, "value": value,
            "numerator": value * n if unit == "share" else None, "denominator": float(n), "sample_size": n,
            "open_count": 12 if status == "provisional" else 0, "ci_low": bounds[0] if bounds else None,
            "ci_high": bounds[1] if bounds else None, "unit": unit, "direction": kpi["direction"], "status": status,
            "matures_at": datetime.combine(start, datetime.min.time()) + timedelta(days=9), "map_version": 1,
            "is_primary": primary, "definition": kpi["definition"],
        }  # fmt: skip

    if kpi["kind"] == "volume":
        return [row("volume", float(n), "count", True, None)]
    if kpi["kind"] == "nps":
        up, down = 0.52 + chance.uniform(-0.04, 0.04), 0.2 + chance.uniform(-0.03, 0.03)
        value, reach = 100 * (up - down), 196 * math.sqrt((up + down - (up - down) ** 2) / n)
        shares = (("promoters", up), ("passives", 1 - up - down), ("detractors", down))
        return [
            row("nps", value, "points", True, (value - reach, value + reach)),
            *(row(name, part, "share", False, wilson(part * n, n)) for name, part in shares),
        ]
    usual = USUAL.get(kpi["kpi"], 0.5)
    if kpi["kpi"] == "repair.time_to_resolve" and start >= DROP_SINCE - timedelta(days=1):
        usual = 0.72
    part = sum(chance.random() < usual for _ in range(n))
    statistic = {"csat": "top_box", "ces": "share_easy"}.get(kpi["kind"], kpi["kind"])
    statistic = "share_within" if kpi["kind"].startswith("time_") else statistic
    rows = [row(statistic, part / n, "share", True, wilson(part, n))]
    if kpi["kind"] == "ces":
        rows.append(row("mean", 5.1 + chance.uniform(-0.2, 0.2), "points", False, None))
    if kpi["kind"].startswith("time_"):
        rows.append(row("median", 19400.0 + chance.uniform(-1500, 1500), "seconds", False, None))
        rows.append(row("p90", 51000.0 + chance.uniform(-4000, 9000), "seconds", False, None))
    return rows


def marts(map_tables: Rows, seed: int = 7) -> Rows:
    chance = random.Random(seed)
    rows = readings(map_tables["map_kpis"], seed)
    visits = {"report": 812, "triage": 748, "repair": 705, "confirm": 640}
    latest = {(r["kpi"]): r for r in rows if r["period"] == "week" and r["is_primary"] and r["status"] == "final"}
    return {
        "fct_kpi_readings": rows,
        "fct_stage_visits": [
            {"journey": JOURNEY, "instance_id": f"{stage}{n}", "stage": stage, "is_in_viewpoint": True,
             "visit_number": 1, "entered_at": AS_OF - timedelta(minutes=30 + 45 * n)}
            for stage, count in visits.items() for n in range(count)
        ],
        "rpt_journey_health": [
            {"journey": JOURNEY, "kpi": r["kpi"], "kind": r["kind"], "statistic": r["statistic"], "stage": r["stage"],
             "unit": r["unit"], "value_week": r["value"], "value_week_start": r["period_start"],
             "sample_size_week": r["sample_size"], "baseline": USUAL.get(r["kpi"]), "status": "final"}
            for r in latest.values()
        ],
        "rpt_map_coverage": [
            {"journey": JOURNEY, "element": "touchpoint", "name": t["touchpoint"], "stage": t["stage"],
             "count_events": count, "count_events_28d": count // 9, "has_evidence": True,
             "first_evidence_at": datetime(2025, 10, 1),
             "last_evidence_at": AS_OF - timedelta(hours=chance.randint(2, 60))}
            for t in map_tables["map_touchpoints"] if t["touchpoint"] != "part_picked"
            for count in [chance.randint(900, 14000)]
        ] + [
            {"journey": JOURNEY, "element": "touchpoint", "name": "part_picked", "stage": "repair", "count_events": 0,
             "count_events_28d": 0, "has_evidence": False},
            {"journey": "(none)", "element": "unmapped_touchpoint", "name": "spare_key_lost", "count_events": 37,
             "count_events_28d": 4, "has_evidence": True},
        ],
    }  # fmt: skip


SOURCES: Rows = {
    "map_sources": [
        {"source": "service_desk", "kind": "touchpoints", "title": "Service desk", "late_seconds": 172800,
         "schedule": "@daily", "owner": "it-service"},
        {"source": "field_app", "kind": "touchpoints", "title": "Technicians' app", "late_seconds": 0,
         "schedule": "@hourly", "owner": "field-service"},
        {"source": "surveys", "kind": "responses", "title": "Surveys", "late_seconds": 0, "schedule": "@daily",
         "owner": "customer-insight"},
        {"source": "web_search", "kind": "touchpoints", "title": "Web search", "late_seconds": 0,
         "schedule": "0 5 * * 1-5", "owner": "web"},
    ],
    "load_batches": [
        {"batch_id": "b1", "source": "service_desk", "status": "loaded", "rows_read": 48210, "rejected": 31,
         "last_at": datetime(2026, 6, 30, 1, 12), "loaded_at": datetime(2026, 6, 30, 4, 0)},
        {"batch_id": "b2", "source": "field_app", "status": "loaded", "rows_read": 20144, "rejected": 0,
         "last_at": datetime(2026, 6, 28, 17, 40), "loaded_at": datetime(2026, 6, 28, 18, 0)},
        {"batch_id": "b3", "source": "surveys", "status": "loaded", "rows_read": 20011, "rejected": 4,
         "last_at": datetime(2026, 6, 29, 20, 3), "loaded_at": datetime(2026, 6, 30, 4, 1)},
        {"batch_id": "b4", "source": "web_search", "status": "loaded", "rows_read": 90411, "rejected": 0,
         "last_at": datetime(2026, 6, 26, 22, 9), "loaded_at": datetime(2026, 6, 29, 5, 0)},
    ],
    "blind_spots": [
        {"source": "surveys", "starts_at": datetime(2026, 4, 20, 21), "ends_at": datetime(2026, 4, 22, 21),
         "reason": "no answers arrived for two days", "found_at": AS_OF},
    ],
}  # fmt: skip

STATES = (
    MomentState(JOURNEY, "technician_on_site", "firing", DROP_SINCE, "a1"),
    MomentState(JOURNEY, "told_once", "ok", date(2026, 5, 11), None),
    MomentState(JOURNEY, "ends_well", "watch", date(2026, 6, 27), None),
)


@pytest.fixture(scope="session")
def map_tables() -> Rows:
    return map_rows([j for j in read_journeys(EXAMPLE) if j.journey == JOURNEY], NOW - timedelta(days=40))


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    """An empty warehouse: the landing tables, and nothing else."""
    with open_warehouse(f"duckdb:///{tmp_path / 'w.duckdb'}") as warehouse:
        ensure_landing(warehouse)
        yield warehouse


def fill_landing(warehouse: Warehouse, tables: Rows) -> None:
    for table, rows in tables.items():
        for row in rows:
            insert(warehouse, f"raw.{table}", row)


def fill_marts(warehouse: Warehouse, tables: Rows) -> None:
    """The marts as dbt declares them; what a mart does not have is left out of the rows."""
    warehouse.execute("create schema if not exists marts")
    for mart, columns in mart_columns().items():
        warehouse.execute(
            f"create table marts.{mart} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
        )
        rows = [{name: row.get(name) for name in columns} for row in tables.get(mart, ())]
        if rows:
            warehouse.insert(f"marts.{mart}", pa.Table.from_pylist(rows))


@pytest.fixture(scope="session")
def measured_file(map_tables: Rows, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of `measured`, which nobody may change."""
    file = tmp_path_factory.mktemp("measured") / "w.duckdb"
    with open_warehouse(f"duckdb:///{file}") as warehouse:
        ensure_landing(warehouse)
        with warehouse.transaction():
            fill_landing(warehouse, {**map_tables, **SOURCES})
            fill_marts(warehouse, marts(map_tables))
    return file


@pytest.fixture
def measured(measured_file: Path, tmp_path: Path) -> Iterator[Warehouse]:
    """The example's map, measured: a copy that a test may change."""
    shutil.copy(measured_file, tmp_path / "w.duckdb")
    with open_warehouse(f"duckdb:///{tmp_path / 'w.duckdb'}") as warehouse:
        yield warehouse


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        workspace=tmp_path,
        name="service",
        warehouse_url=f"duckdb:///{tmp_path / 'w.duckdb'}",
        state_url="sqlite://",
        site_dir=tmp_path / "site",
        now=NOW,
        synthetic=True,
    )


def hostile_map(tables: Rows, text: str) -> Rows:
    """The same map with `text` wherever somebody else may write."""
    journey = {**tables["map_journeys"][0], "title": text, "owner": text}
    content = json.loads(journey["content"])
    content["viewpoint"]["persona"] = text
    content["moments_of_truth"][0]["title"] = text
    stage = tables["map_stages"][0]
    drawn = json.loads(stage["content"])
    for lane in ("goals", "actions", "feelings", "pains", "opportunities"):
        drawn[lane] = [text]
    drawn["touchpoints"][0]["title"] = text
    return {
        **tables,
        "map_journeys": [{**journey, "content": json.dumps(content)}],
        "map_stages": [
            {**stage, "title": text, "owner": text, "content": json.dumps(drawn)},
            *tables["map_stages"][1:],
        ],
        "map_kpis": [{**kpi, "title": text} for kpi in tables["map_kpis"]],
        "map_touchpoints": [{**t, "channel": text} for t in tables["map_touchpoints"]],
        "map_moments": [{**m, "owner": text} for m in tables["map_moments"]],
        "map_sources": [{"source": "s", "title": text, "owner": text, "kind": text, "schedule": text}],
        "load_batches": [{"batch_id": "b", "source": "s", "status": "refused", "reason": text, "loaded_at": AS_OF}],
    }
