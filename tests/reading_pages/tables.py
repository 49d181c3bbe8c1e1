"""The tables that a page is compared with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, text

from jkpi.warehouse.base import Warehouse

Row = Mapping[str, Any]
WEEKS = 26


def states_of(url: str) -> list[Row]:
    """The series states of the state database."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            found = connection.execute(text("select * from series_states")).mappings().all()
            return [
                {**row, "state_since": row["state_since"] and date.fromisoformat(str(row["state_since"]))}
                for row in found
            ]
    finally:
        engine.dispose()


def anchor(kind: str, name: str) -> str:
    """The id under which a page has a thing: `kpi-report-drop_off`."""
    return f"{kind}-{name.replace('.', '-')}"


@dataclass(frozen=True)
class Tables:
    """`now`: as of when the page was published, aware; `states`: those of `states_of`."""

    warehouse: Warehouse
    journey: str
    now: datetime
    states: Sequence[Row]

    def rows(self, sql: str, **more: Any) -> list[dict[str, Any]]:
        """The answer to a query about the journey and the weeks of the page."""
        return self.warehouse.rows(sql, {"journey": self.journey, **more})

    @cached_property
    def drawn(self) -> dict[str, Any]:
        """The journey of the map."""
        return self.rows("select * from raw.map_journeys where journey = :journey and is_current")[0]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.drawn["timezone"])

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def naive_now(self) -> datetime:
        return self.now.astimezone(UTC).replace(tzinfo=None)

    def past(self, moment: datetime) -> timedelta:
        """How long ago a moment of the tables is."""
        return self.naive_now - moment

    @cached_property
    def last(self) -> date:
        """Monday of this week, or of the newest that has readings where the data end before."""
        monday = self.today - timedelta(days=self.today.weekday())
        sql = "select max(period_start) as day from marts.fct_kpi_readings where journey = :journey and period = 'week'"
        return min(monday, self.rows(sql)[0]["day"] or monday)

    @property
    def first(self) -> date:
        return self.last - timedelta(weeks=WEEKS - 1)

    @cached_property
    def stages(self) -> list[dict[str, Any]]:
        """The stages in the order of the map; `content`: the texts of their lanes."""
        found = self.rows("select * from raw.map_stages where journey = :journey and is_current order by position")
        return [{**row, "content": json.loads(row["content"])} for row in found]

    @cached_property
    def kpis(self) -> dict[str, dict[str, Any]]:
        found = self.rows("select * from raw.map_kpis where journey = :journey and is_current")
        return {row["kpi"]: row for row in found}

    @cached_property
    def moments(self) -> dict[str, dict[str, Any]]:
        found = self.rows("select * from raw.map_moments where journey = :journey and is_current")
        return {row["moment"]: row for row in found}

    @cached_property
    def weeks(self) -> dict[str, list[dict[str, Any]]]:
        """KPI -> its readings of the last 26 weeks, all statistics, oldest first."""
        found: dict[str, list[dict[str, Any]]] = {kpi: [] for kpi in self.kpis}
        for row in self.rows(
            "select * from marts.fct_kpi_readings where journey = :journey and period = 'week' and segment = 'all'"
            " and period_start between :first and :last order by period_start",
            first=self.first,
            last=self.last,
        ):
            found.setdefault(row["kpi"], []).append(row)
        return found

    def newest(self, kpi: str, statistic: str | None = None) -> dict[str, Any] | None:
        """The newest final week of a KPI that has a value: of one statistic, or of the one that is shown first."""
        for row in reversed(self.weeks[kpi]):
            of_it = row["statistic"] == statistic if statistic else row["is_primary"]
            if of_it and row["status"] == "final" and row["value"] is not None:
                return row
        return None
