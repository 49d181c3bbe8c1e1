"""A small workspace whose readings a test writes by hand, in a real DuckDB, with a real state database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa

from jkpi.alerts.dispatch.evaluate_and_dispatch import AlertReport, evaluate_and_dispatch
from jkpi.config.settings import Settings
from jkpi.journeys.reader import read_journeys
from jkpi.state.engine import outbox, state_session
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.open import open_warehouse

MAP = """
journey: repair
title: Getting a broken machine running again
version: 1
owner: head-of-service
timezone: Europe/Istanbul
viewpoint: {persona: maintenance manager}
scope: {starts_with: [fault_reported], ends_with: [repair_confirmed], window: 30d, session_gap: 7d}
segments: [region]
stages:
  - stage: fix
    title: Repair
    touchpoints:
      - {touchpoint: fault_reported, channel: phone}
      - {touchpoint: technician_arrived, channel: site}
    kpis:
      - {kpi: time_to_resolve, title: On site in time, from: fault_reported, to: technician_arrived, tolerance: 4h}
      - {kpi: promises_kept, from: fault_reported, to: technician_arrived}
      - {kpi: drop_off, window: 2d}
      - {kpi: nps, survey: after}
      - {kpi: emotion, name: upset, touchpoint: fault_reported}
  - stage: confirm
    title: Confirm
    touchpoints:
      - {touchpoint: repair_confirmed, channel: site}
moments_of_truth:
"""
ON_SITE = """
  - {moment: technician_on_site, kpi: fix.time_to_resolve, promise: 0.9, min_drop: 0.05,
     owner: field-service, notify: [lead], segments: [region]}
"""
STAYS = """
  - {moment: customer_stays, kpi: fix.drop_off, promise: 0.1, min_drop: 0.05, owner: sales, notify: [lead]}
"""
LIKED = """
  - {moment: liked, kpi: fix.nps, promise: 30, min_drop: 10, owner: cx, notify: [lead]}
"""
KEPT = """
  - {moment: kept, kpi: fix.promises_kept, promise: 0.8, min_drop: 0.05, owner: field-service, notify: [lead]}
"""
UPSET = """
  - {moment: calm, kpi: fix.upset, promise: 0.1, min_drop: 0.05, owner: cx, notify: [lead]}
"""
TABLE = """
create table marts.fct_kpi_readings (
    journey text, kpi text, kind text, statistic text, stage text, segment text, segment_value text, period text,
    period_start date, value double precision, numerator double precision, denominator double precision,
    sample_size bigint, open_count bigint, ci_low double precision, ci_high double precision, unit text,
    direction text, status text, matures_at timestamp, map_version integer, is_primary boolean,
    is_suppressed boolean, definition text
)
"""
FIRST = date(2026, 1, 1)


@dataclass
class World:
    """The workspace. Readings of a KPI are (good or bad outcomes, n) by day."""

    settings: Settings
    rows: dict[tuple[str, str, str, date], tuple[float | None, float, str]] = field(default_factory=dict)
    definitions: dict[tuple[str, date], str] = field(default_factory=dict)
    period: str = "day"

    @property
    def step(self) -> timedelta:
        return timedelta(days=7 if self.period == "week" else 1)

    def put(
        self,
        counts: Sequence[tuple[float, float]],
        kpi: str = "fix.time_to_resolve",
        segment: str = "all",
        value: str = "all",
        first: date = FIRST,
        status: str = "final",
    ) -> None:
        """One reading a day (or week) from `first`; later calls replace earlier ones of the same day.

        kpi: its id, for its main statistic; or its id and a statistic, with a blank between them.
        """
        for offset, (numerator, n) in enumerate(counts):
            self.rows[kpi, segment, value, first + offset * self.step] = (numerator, n, status)

    def run(self, day: date | None = None) -> AlertReport:
        """Evaluate and dispatch as of 06:00 UTC after `day` (default: the newest), with the readings up to it."""
        day = day or max(key[3] for key in self.rows)
        now = datetime.combine(day + self.step, time(6), UTC)
        with open_warehouse(self.settings) as warehouse:
            self._write(warehouse, day)
            return evaluate_and_dispatch(
                replace(self.settings, now=now), warehouse, read_journeys(self.settings.workspace)
            )

    def write(self, day: date = date.max) -> None:
        """Put the readings up to that day into the warehouse, in place of all others."""
        with open_warehouse(self.settings) as warehouse:
            self._write(warehouse, day)

    def _write(self, warehouse: Warehouse, day: date) -> None:
        rows = [(*key, *counts) for key, counts in self.rows.items() if key[3] <= day]
        statistics = {
            "fix.time_to_resolve": "share_within", "fix.promises_kept": "promises_kept",
            "fix.drop_off": "drop_off", "fix.nps": "nps", "fix.upset": "emotion",
        }  # fmt: skip
        columns: dict[str, list[Any]] = {
            "journey": ["repair"] * len(rows),
            "kpi": [row[0].partition(" ")[0] for row in rows],
            "statistic": [row[0].partition(" ")[2] or statistics[row[0]] for row in rows],
            "segment": [row[1] for row in rows],
            "segment_value": [row[2] for row in rows],
            "period": [self.period] * len(rows),
            "period_start": [row[3] for row in rows],
            "value": [row[4] / row[5] if row[4] is not None and row[5] else None for row in rows],
            "numerator": [row[4] for row in rows],
            "denominator": [row[5] for row in rows],
            "status": [row[6] for row in rows],
            "is_suppressed": [False] * len(rows),
            "definition": [self.definitions.get((row[0], row[3]), "first") for row in rows],
            "matures_at": [datetime.combine(row[3] + self.step, time()) for row in rows],
        }
        warehouse.execute("create schema if not exists marts")
        warehouse.execute("drop table if exists marts.fct_kpi_readings")
        warehouse.execute(TABLE)
        warehouse.insert("marts.fct_kpi_readings", pa.table(columns))

    def messages(self) -> list[Any]:
        """The outbox, oldest first."""
        with state_session(self.settings.state_url) as connection:
            return list(connection.execute(outbox.select().order_by(outbox.c.created_at, outbox.c.notification_id)))


def steady(days: int, rate: float, n: int = 100) -> list[tuple[float, float]]:
    """Days with counts as even as possible: rounding errors are carried over, nothing is random."""
    counts, remainder = [], 0.0
    for _ in range(days):
        remainder += rate * n
        good = round(remainder)
        remainder -= good
        counts.append((float(good), float(n)))
    return counts
