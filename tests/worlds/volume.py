"""Generated daily counts of a journey, with a known truth: what halves, what is a gap, and what is only a calendar.

Two sources feed the map of `tests.alerts.made_world`: `calls` brings fault_reported, `visits` brings technician_arrived
and repair_confirmed. Every count is Poisson around its weekday mean, seeded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from jkpi.alerts.dispatch.evaluate_and_dispatch import AlertReport, evaluate_and_dispatch
from jkpi.config.receivers import AlertingConfig, AlertOptions
from jkpi.config.settings import Receiver, Settings
from jkpi.journeys.reader import read_journeys
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse
from tests.alerts.made_world import MAP, ON_SITE, World, steady

FIRST = date(2026, 1, 1)
DAYS = 150
DROP = 120
"""The day, counted from FIRST, on which something changes."""
MEANS = {
    ("calls", "fault_reported"): 120.0,
    ("visits", "technician_arrived"): 100.0,
    ("visits", "repair_confirmed"): 30.0,
}
OWNERS: dict[str, tuple[str, ...]] = {"head-of-service": ("head",), "field-service": ("lead",), "data-team": ("data",)}
_WEEKDAYS = np.array([1.2, 1.1, 1.0, 1.0, 1.0, 0.9, 0.8])
Effect = Callable[[int, str, str], float]
"""(day number, source, touchpoint) -> the factor on its mean."""


def nothing(day: int, source: str, touchpoint: str) -> float:
    """Every day is usual."""
    return 1.0


@dataclass
class VolumeWorld:
    """effect: what happens to the counts. gaps: source -> data gaps as day numbers, half-open. cases: cases of the
    moment technician_on_site a day, all at the same rate. closed: days closed by the calendar."""

    world: World
    effect: Effect = nothing
    gaps: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    cases: Callable[[int], int] = lambda day: 60
    closed: frozenset[int] = frozenset()
    means: Mapping[tuple[str, str], float] = field(default_factory=lambda: MEANS)
    seed: int = 5

    def evaluate(self, day: int = DAYS) -> AlertReport:
        """Evaluate at 06:00 UTC after that day, with all rows up to it."""
        last = FIRST + timedelta(days=day - 1)
        now = datetime.combine(last + timedelta(days=1), time(6), UTC)
        settings = replace(self.world.settings, now=now, workspace_now=now)
        self._write_readings(day)
        with open_warehouse(settings) as warehouse:
            ensure_landing(warehouse)
            warehouse.execute("create or replace table marts.fct_touchpoint_days (source text, touchpoint text,"
                              " event_date date, count_events bigint, last_event_at timestamp)")  # fmt: skip
            warehouse.insert("marts.fct_touchpoint_days", self._rows(day))
            for table in ("map_sources", "load_batches", "blind_spots", "map_calendars", "map_journeys"):
                warehouse.execute(f"delete from raw.{table}")
            for source in ("calls", "visits"):
                warehouse.execute(
                    "insert into raw.map_sources (source, kind, title, late_seconds, schedule, owner)"
                    " values (:name, 'touchpoints', :title, 3600, null, 'data-team')",
                    {"name": source, "title": source.title()},
                )
            for source, (begin, end) in self.gaps.items():
                bounds = [datetime.combine(FIRST + timedelta(days=number), time()) for number in (begin, end)]
                warehouse.execute(
                    "insert into raw.blind_spots (source, starts_at, ends_at, reason) values (:name, :a, :b, '')",
                    {"name": source, "a": bounds[0], "b": bounds[1]},
                )
            if self.closed:
                for number in range(-40, DAYS + 40):
                    opens = datetime.combine(FIRST + timedelta(days=number), time(8))
                    warehouse.execute(
                        "insert into raw.map_calendars (calendar, utc_date, starts_at, ends_at, is_open,"
                        " seconds_before) values ('desk', :day, :opens, :closes, :is_open, 0)",
                        {"day": opens.date(), "opens": opens, "closes": opens + timedelta(hours=8),
                         "is_open": number not in self.closed},
                    )  # fmt: skip
            return evaluate_and_dispatch(settings, warehouse, read_journeys(settings.workspace))

    def messages(self, day: int = DAYS) -> list[tuple[str, str]]:
        """Evaluate as of that day: receiver and title of the messages that this queued."""
        known = {message.notification_id for message in self.world.messages()}
        self.evaluate(day)
        return [(row.receiver, row.title) for row in self.world.messages() if row.notification_id not in known]

    def _rows(self, days: int) -> pa.Table:
        rng = np.random.default_rng(self.seed)
        columns: dict[str, list[object]] = {name: [] for name in ("source", "touchpoint", "event_date", "count_events",
                                                                  "last_event_at")}  # fmt: skip
        for number in range(days):
            day = FIRST + timedelta(days=number)
            for (source, touchpoint), mean in self.means.items():
                # Drawn on every day, so that an effect changes nothing on other days.
                usual = int(rng.poisson(mean * _WEEKDAYS[day.weekday()]))
                count = int(rng.binomial(usual, min(self.effect(number, source, touchpoint), 1.0)))
                if count:
                    for name, value in zip(columns, (source, touchpoint, day, count, datetime.combine(day, time(20))),
                                           strict=True):  # fmt: skip
                        columns[name].append(value)
        return pa.table(columns)

    def _write_readings(self, days: int) -> None:
        self.world.rows.clear()
        for number in range(days):
            (counts,) = steady(1, 0.92, self.cases(number))
            self.world.put([counts], first=FIRST + timedelta(days=number))
        self.world.write()


def volume_world(folder: Path, **options: object) -> VolumeWorld:
    """A workspace with this world. options: fields of VolumeWorld."""
    (folder / "journeys").mkdir(exist_ok=True)
    (folder / "journeys" / "repair.yml").write_text(MAP.replace("Europe/Istanbul", "UTC") + ON_SITE)
    names = {name: Receiver(name, "console") for name in ("head", "lead", "data")}
    settings = Settings(
        workspace=folder, name="volume", warehouse_url=f"duckdb:///{folder}/warehouse.duckdb",
        state_url=f"sqlite:///{folder}/state.db", site_dir=folder / "site", now=datetime(2026, 1, 1, tzinfo=UTC),
        receivers=names, default_receiver="lead",
        alerting=AlertingConfig(OWNERS, (), AlertOptions(watch_list="never")),
    )  # fmt: skip
    return VolumeWorld(World(settings), **options)  # type: ignore[arg-type]
