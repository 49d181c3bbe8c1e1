"""The same audit log in random pieces: incremental runs give the tables of a full refresh."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytestmark = [pytest.mark.real, pytest.mark.slow]

SHARES = [0.55, 0.44, 0.01]
"""Shares of the rows: two large pieces, and one as small as a day's."""
TABLES = [
    *(f"marts.{name}" for name in ("fct_journey_instances", "fct_stage_visits", "fct_stage_transitions")),
    *(f"marts.{name}" for name in ("fct_kpi_readings", "fct_early_readings")),
    *(f"intermediate.{name}" for name in ("int_kpi_tallies", "int_spells", "int_touchpoint_days")),
]


def test_pieces_in_any_order_give_the_tables_of_the_whole_log(bring: Callable[[str], Any]) -> None:
    uci = bring("uci_incident")
    (uci.folder / "data").unlink()
    (uci.folder / "data").mkdir()
    for source in (uci.folder / "sources").glob("*.yml"):
        text = source.read_text()
        assert "data/incident_event_log.csv.gz" in text
        source.write_text(text.replace("data/incident_event_log.csv.gz", "data/*.csv"))
    log = pd.read_csv(uci.data / "incident_event_log.csv.gz", dtype=str, keep_default_na=False)
    piece = np.random.default_rng(7).choice(len(SHARES), len(log), p=SHARES)
    refreshed = []
    for number in range(len(SHARES)):
        log[piece == number].to_csv(uci.folder / "data" / f"{number}.csv", index=False)
        uci.jkpi("load")
        refreshed.append(uci.jkpi("measure")["refresh_reason"])
    assert not any(refreshed)
    added = contents(uci)
    uci.jkpi("measure", "--full-refresh")
    assert added == contents(uci)
    assert all(rows > 0 for rows, _ in added.values())
    shutil.rmtree(uci.folder)


def contents(uci: Any) -> dict[str, tuple[int, int]]:
    """For each table: number of rows, and a hash that ignores their order; sums of daily rows that are appended."""
    found = {}
    for table in TABLES:
        rows = f"select * from {table}"
        if table.endswith("int_touchpoint_days"):
            rows = f"select source, touchpoint, local_date, sum(count_events) as events from {table} group by all"
        row = uci.frame(f"select count(*) as n, coalesce(bit_xor(hash(one)), 0) as hash from ({rows}) as one").iloc[0]
        found[table] = (int(row["n"]), int(row["hash"]))
    return found
