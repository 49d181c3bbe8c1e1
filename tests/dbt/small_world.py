"""A small journey with one KPI of each kind, random events and responses, and functions that measure them."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from jkpi import package_files
from jkpi.config.settings import Settings
from jkpi.measuring.environment import dbt_environment
from jkpi.measuring.run import dbt_arguments, dbt_command, measure
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.landing import LANDING_TABLES, ensure_landing
from jkpi.warehouse.open import open_warehouse

Row = dict[str, Any]

ENGINES = ("duckdb", "postgres")
ZONE = "America/New_York"
AS_OF = datetime(2026, 3, 20, 12)  # twelve days after the clocks were put forward there
DAY = 86_400
WINDOW, IDLE = 20 * DAY, 7 * DAY
STAGES = {"ask": ["asked", "called"], "help": ["visited", "fixed"], "thank": ["confirmed"]}
QUESTIONS = [
    ("after", "content", 1, 5),
    ("after", "recommend", 0, 10),
    ("effort", "ease", 1, 7),
    ("after", "content", 1, 7),
]
TIERS = ["gold", "silver", None]


def _kpi(kpi: str, kind: str, **more: Any) -> Row:
    stage = kpi.split(".")[0]
    stages = list(STAGES)
    position = stages.index(stage) + 1 if stage in stages else None
    return {"kpi": kpi, "kind": kind, "stage": stage if position else None, "stage_position": position, **more}


KPIS = [
    _kpi("ask.drop_off", "drop_off", window_seconds=2 * DAY, direction="lower"),
    _kpi("ask.conversion", "conversion", window_seconds=2 * DAY),
    _kpi("ask.repeat", "repeat_contact", of_touchpoint="called", at_least=2, direction="lower"),
    _kpi("ask.called", "occurrence", of_touchpoint="called", at_least=1, direction="lower"),
    _kpi("ask.volume", "volume"),
    _kpi("ask.calls", "volume", of_touchpoint="called"),
    _kpi("ask.csat", "csat", survey="after", question="content", scale_min=1.0, scale_max=5.0, box_min=4.0),
    _kpi("ask.ces", "ces", survey="effort", scale_min=1.0, scale_max=7.0, box_min=3.0, polarity="low_is_easy"),
    _kpi("help.wait", "time_to_resolve", from_touchpoint="asked", to_touchpoint="fixed", tolerance_seconds=DAY),
    _kpi("help.due", "promises_kept", from_touchpoint="asked", to_touchpoint="visited", within_seconds=2 * DAY),
    _kpi("help.stay", "time_in_stage"),
    _kpi("thank.nps", "nps", survey="after", question="recommend", scale_min=0.0, scale_max=10.0, box_min=9.0),
    _kpi("journey.conversion", "conversion", window_seconds=WINDOW),
    _kpi("journey.volume", "volume"),
]


def settings(url: str, workspace: Path, as_of: datetime = AS_OF) -> Settings:
    """Settings of a workspace with a fixed `now`."""
    return Settings(workspace, "small", url, "sqlite://", workspace / "site", as_of.replace(tzinfo=UTC))


def land(warehouse: Warehouse, table: str, rows: Sequence[Row]) -> None:
    """Append rows to a landing table and their batches to the load log; columns that no row names stay NULL."""
    if rows:
        if "batch_id" in LANDING_TABLES[table]:
            rows = [{"batch_id": "landed", **row} for row in rows]
            _log_batches(warehouse, {(row["source"], row["batch_id"]) for row in rows})
        names = sorted({name for row in rows for name in row})
        columns = {name: [row.get(name) for row in rows] for name in names}
        data = pa.table({name: pa.array(values) for name, values in columns.items()})
        warehouse.insert(f"raw.{table}", data.select([n for n in names if data[n].type != pa.null()]))


def _log_batches(warehouse: Warehouse, batches: Iterable[tuple[str, str]]) -> None:
    """Add each batch (source, name) to the load log."""
    for source, batch in sorted(batches):
        named = {"source": source, "batch": batch}
        warehouse.execute("delete from raw.load_batches where source = :source and batch_id = :batch", named)
        warehouse.execute(
            "insert into raw.load_batches (source, batch_id, status, load_number)"
            " select cast(:source as text), cast(:batch as text), 'loaded', 1 + coalesce(max(load_number), 0)"
            " from (select load_number from raw.load_batches union all"
            " select load_number from raw.measured_batches) as known",
            named,
        )


def land_map(warehouse: Warehouse, window: int = WINDOW) -> None:
    """Land version 1 of the journey `j`, replacing the map."""
    fixed = {"journey": "j", "version": 1, "is_current": True}
    places = [(stage, number) for number, stage in enumerate(STAGES, start=1)]
    tables = {
        "map_journeys": [{"timezone": ZONE, "window_seconds": window, "idle_seconds": IDLE, "title": "A journey"}],
        "map_stages": [{"stage": stage, "position": number, "title": stage} for stage, number in places],
        "map_touchpoints": [
            {
                "touchpoint": touchpoint,
                "stage": stage,
                "stage_position": number,
                "position": position,
                "is_start": touchpoint == "asked",
                "is_end": touchpoint == "confirmed",
            }
            for stage, number in places
            for position, touchpoint in enumerate(STAGES[stage], start=1)
        ],
        "map_kpis": [{"direction": "higher", "title": row["kpi"], "definition": row["kpi"], **row} for row in KPIS],
        "map_segments": [{"segment": "tier", "part": "tier", "part_position": 1}],
        "map_moments": [{"moment": "m", "kpi": "ask.csat", "statistic": "top_box", "promise": 0.8}],
    }
    ensure_landing(warehouse)
    for table, rows in tables.items():
        warehouse.execute(f"delete from raw.{table}")
        land(warehouse, table, [{**fixed, **row} for row in rows])
    warehouse.execute("delete from raw.map_sources")
    land(warehouse, "map_sources", [{"source": "desk", "late_seconds": 0}, {"source": "web", "late_seconds": DAY}])


def events(seed: int, instances: int = 60) -> list[Row]:
    """Events of cases and of customers without one: reopened, repeated, at the same time, out of order, late."""
    random_source = random.Random(seed)
    made: list[Row] = []
    for number in range(instances):
        at = AS_OF - timedelta(minutes=random_source.randrange(60 * 24 * 40))
        customer = f"c{random_source.randrange(instances // 3 + 1)}"
        case = f"k{number}" if random_source.random() < 0.6 else None
        tier = random_source.choice(TIERS)
        due = at + timedelta(hours=random_source.choice([6, 24, 72])) if random_source.random() < 0.7 else None
        steps = [t for stage in STAGES.values() for t in stage for _ in range(random_source.choice([0, 1, 1, 2]))]
        steps += random_source.choice([[], [], ["asked", "fixed"], ["called"]])
        for step in steps[: random_source.randrange(1, len(steps) + 1)] if steps else []:
            made.append(
                {
                    "event_id": f"e{len(made)}",
                    "source": random_source.choice(["desk", "web"]),
                    "customer_id": customer,
                    "case_id": case,
                    "touchpoint": step,
                    "occurred_at": at,
                    "due_at": due,
                    "segments": json.dumps({"tier": tier}) if tier and random_source.random() < 0.8 else None,
                }
            )
            at += timedelta(minutes=random_source.choice([0, 15, 200, 900, 3000, 12_000]))
    random_source.shuffle(made)
    return [row for row in made if row["occurred_at"] <= AS_OF]


def answers(seed: int, count: int = 120) -> list[Row]:
    """Responses to three questions: some of cases, some of customers, a few on a scale that no KPI uses."""
    random_source = random.Random(seed)
    made: list[Row] = []
    for number in range(count):
        survey, question, low, high = random_source.choice(
            [
                ("after", "content", 1, 5),
                ("after", "recommend", 0, 10),
                ("effort", "ease", 1, 7),
                ("after", "content", 1, 7),
            ]
        )
        tier = random_source.choice(TIERS)
        made.append(
            {
                "response_id": f"r{number}",
                "source": "desk",
                "batch_id": "answers",
                "customer_id": f"c{random_source.randrange(20)}",
                "case_id": random_source.choice([None, f"k{random_source.randrange(60)}"]),
                "survey": survey,
                "question": question,
                "score": float(random_source.randint(low, high)),
                "scale_min": float(low),
                "scale_max": float(high),
                "responded_at": AS_OF - timedelta(minutes=random_source.randrange(60 * 24 * 30)),
                "segments": json.dumps({"tier": tier}) if tier else None,
            }
        )
    return made


def in_batches(rows: Iterable[Row], count: int, seed: int) -> list[list[Row]]:
    """Distribute the rows over `count` batches."""
    random_source = random.Random(seed)
    batches: list[list[Row]] = [[] for _ in range(count)]
    for row in rows:
        number = random_source.randrange(count)
        content_hash = hashlib.sha256(repr(sorted(row.items())).encode()).hexdigest()
        batches[number].append({**row, "batch_id": f"b{number}", "content_hash": content_hash})
    return batches


def build(url: str, workspace: Path, as_of: datetime = AS_OF, full_refresh: bool = False) -> None:
    """Measure as the product does; fails with dbt's message."""
    measure(_apart(settings(url, workspace, as_of)), full_refresh)


def unit_tests(url: str, workspace: Path) -> list[str]:
    """Run dbt's unit tests and return the names of those that passed; fails with dbt's messages of the others."""
    mine = _apart(settings(url, workspace))
    place = mine.internal_dir / "dbt"
    project, environment = package_files.package_folder("dbt_project"), dbt_environment(mine)
    arguments = dbt_arguments(project, place, full_refresh=True)
    arguments[arguments.index("build")] = "test"
    exclusion = arguments.index("--exclude-resource-type")
    arguments[exclusion : exclusion + 2] = ["--select", "test_type:unit"]
    arguments.remove("--full-refresh")
    command = dbt_command(project, arguments, environment)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    results = place / "target" / "run_results.json"
    nodes = json.loads(results.read_text())["results"] if results.exists() else []
    bad = [f"{node['unique_id']}: {node['message']}" for node in nodes if node["status"] != "pass"]
    assert done.returncode == 0 and not bad, "\n".join(bad) or done.stdout + done.stderr
    return [str(node["unique_id"]) for node in nodes]


def _apart(mine: Settings) -> Settings:
    """Give each engine its own workspace folder, so that dbt parses the project once for each."""
    return replace(mine, workspace=mine.workspace / mine.warehouse_url.partition(":")[0])


def table(url: str, sql: str) -> list[Row]:
    """The rows of a query."""
    with open_warehouse(url) as warehouse:
        return warehouse.rows(sql)
