"""Public data sets described by YAML only: copy a workspace, link its data, run the command line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

HERE = Path(__file__).parent
COMMAND = [sys.executable, "-c", "from jkpi.cli.app import main; main()"]


@dataclass(frozen=True)
class Brought:
    """A workspace with its data, as a user has it. `data` is the public data set's own folder."""

    folder: Path
    data: Path

    def jkpi(self, verb: str, *arguments: str) -> Any:
        """Result of a verb with `--json`; it must succeed."""
        ended = subprocess.run(
            [*COMMAND, verb, "--workspace", str(self.folder), "--json", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr + ended.stdout
        return json.loads(ended.stdout)

    def alerts(self) -> list[dict[str, Any]]:
        """All alerts, of any kind and status."""
        found: list[dict[str, Any]] = self.jkpi("alerts")["alerts"]
        return found

    def frame(self, sql: str) -> pd.DataFrame:
        """Query the warehouse."""
        with duckdb.connect(str(self.folder / "warehouse.duckdb"), read_only=True) as warehouse:
            return warehouse.sql(sql).df()

    def contents(self) -> dict[str, tuple[int, int]]:
        """For each table that a run writes: number of rows, and a hash that ignores their order."""
        tables = ["raw.touchpoint_events", "raw.rejected_rows", "raw.load_batches", "raw.blind_spots"]
        tables += [f"marts.{name}" for name in ("fct_journey_instances", "fct_stage_visits", "fct_kpi_readings")]
        # Each check writes a new timestamp.
        columns = {"raw.blind_spots": "hash(source, starts_at, ends_at, reason)"}
        found = {}
        for table in tables:
            each = columns.get(table, "hash(one)")
            row = self.frame(f"select count(*) as n, coalesce(bit_xor({each}), 0) as hash from {table} as one").iloc[0]
            found[table] = (int(row["n"]), int(row["hash"]))
        return found

    def messages(self) -> str:
        """All messages in the files of the file receivers."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("alerts/*")))


@pytest.fixture(scope="session")
def bring(tmp_path_factory: pytest.TempPathFactory, public_data: Path) -> Callable[[str], Brought]:
    """Name -> a copy of that workspace with the data set of that name, not run yet."""

    def brought(name: str) -> Brought:
        data = public_data / name
        if not data.is_dir():
            pytest.skip(f"the data set is not here: {data}")
        folder = tmp_path_factory.mktemp("real") / name
        shutil.copytree(HERE / name, folder)
        (folder / "data").symlink_to(data)
        return Brought(folder, data)

    return brought


def counted(report: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Source -> rows read, loaded, rejected, duplicate and skipped in a run, over all batches."""
    words = ("read", "loaded", "rejected", "duplicates", "skipped")
    load = next(step for step in report["steps"] if step["name"] == "load")
    return {
        outcome["source"]: {word: sum(batch[word] for batch in outcome["batches"]) for word in words}
        for outcome in load["result"]
    }


@pytest.fixture(scope="session")
def accounts() -> Callable[[dict[str, Any]], dict[str, dict[str, int]]]:
    return counted
