"""A city's requests with promises of 1 to 720 days; a storm on a Sunday, whose emergencies are not seen to in time.

Each request has a date of its own, by its reason. On the Sunday hundreds of trees fall; each is promised for Tuesday,
and one in five is seen to by then. For two weeks more trees are reported than the crews can see to. Everything else
goes on as ever. Half of the rows name a date alone; some have no date, some one in 2059 or 9999, some one before their
start.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

FIRST, LAST = date(2027, 5, 1), date(2027, 9, 12)
STORM, DUE = date(2027, 8, 29), date(2027, 8, 31)
"""A Sunday, and the Tuesday on which the promises of its emergencies fall due."""
FALLEN, AFTERWARDS = 350, 40
"""Trees reported on the Sunday, and on each day of the two weeks after it."""
ZONE = "America/New_York"


@dataclass(frozen=True)
class Reason:
    """Requests of one reason: how many a day, the days promised, the share seen to by then."""

    name: str
    per_day: float
    days: tuple[int, int]
    kept: float


REASONS = (
    Reason("trees", 6, (2, 2), 0.9),
    Reason("sanitation", 30, (1, 3), 0.85),
    Reason("lights", 12, (14, 14), 0.8),
    Reason("signs", 8, (5, 30), 0.8),
    Reason("graffiti", 5, (63, 63), 0.75),
    Reason("housing", 5, (100, 120), 0.75),
    Reason("trees", 2, (365, 720), 0.8),
)
UNDATED = 0.15
SOURCE = """
source: requests
kind: touchpoints
owner: city
from: {files: data/*.csv}
format: {timezone: America/New_York}
columns: {case_id: case, due_at: due, segments: [reason]}
milestones: {opened: opened, closed: closed}
"""
SETTINGS = """
workspace: city
warehouse: duckdb:///warehouse.duckdb
as_of: "{as_of}"
receivers: {{city: {{kind: console}}}}
"""
MAP = """
journey: request
title: Asking the city to see to it
version: 1
owner: city
timezone: America/New_York
viewpoint: {{persona: resident}}
scope: {{starts_with: [opened], ends_with: [closed], window: 30d, session_gap: 10d}}
segments: [reason]
stages:
  - stage: ask
    touchpoints: [{{touchpoint: opened, channel: phone}}]
  - stage: done
    touchpoints: [{{touchpoint: closed, channel: back_office}}]
    kpis:
      - {kpi}
moments_of_truth:
  - {{moment: date_kept, kpi: done.dates, promise: 0.75, min_drop: 0.05, segments: [reason], owner: city,
     notify: [city]}}
"""
KPI = "{kpi: promises_kept, name: dates, from: opened, to: closed}"


def requests(seed: int = 1) -> pd.DataFrame:
    """One row a request: case, reason, opened, due, closed (local, NaT: none or never), by the time opened."""
    rng = np.random.default_rng(seed)
    days = pd.date_range(FIRST, LAST)
    parts = [_of(reason, rng, days.repeat(rng.poisson(reason.per_day, len(days))), reason.kept) for reason in REASONS]
    fallen = pd.date_range(STORM, periods=15)
    parts.append(_of(REASONS[0], rng, fallen.repeat([FALLEN] + [AFTERWARDS] * 14), 0.2))
    frame = pd.concat(parts, ignore_index=True).sort_values("opened", ignore_index=True)
    undated, chance = rng.random(len(frame)) < UNDATED, rng.random(len(frame))
    frame.loc[undated & (frame["reason"] != "trees"), "due"] = pd.NaT
    frame.loc[chance < 0.0005, "due"] = pd.Timestamp("2059-06-01 08:30")
    frame.loc[chance > 0.9995, "due"] = frame["opened"].dt.normalize() - pd.Timedelta(days=400)
    return frame.assign(case=[f"r{number}" for number in range(len(frame))])


def _of(reason: Reason, rng: np.random.Generator, days: pd.DatetimeIndex, kept: float) -> pd.DataFrame:
    opened = days + pd.to_timedelta(rng.integers(7 * 3600, 20 * 3600, len(days)), unit="s")
    low, high = reason.days
    due = opened.normalize() + pd.to_timedelta(rng.integers(low, high + 1, len(days)), unit="D")
    due += pd.Timedelta(hours=23, minutes=59, seconds=59)
    in_time = rng.random(len(days)) < kept
    share = np.where(in_time, rng.uniform(0.05, 0.98, len(days)), rng.uniform(1.3, 4, len(days)))
    closed = opened + pd.to_timedelta((due - opened).total_seconds() * share, unit="s").round("s")
    return pd.DataFrame({"reason": reason.name, "opened": opened, "due": due, "closed": closed})


def write_workspace(folder: Path, kpi: str = KPI) -> None:
    """Write the map, the source and an empty folder of data. kpi: the YAML of the KPI `dates`."""
    for name in ("journeys", "sources", "data"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "journeys" / "request.yml").write_text(MAP.format(kpi=kpi))
    (folder / "sources" / "requests.yml").write_text(SOURCE)


def bring(folder: Path, frame: pd.DataFrame, morning: date, before: date | None = None) -> None:
    """Write what is known at six in the morning, local time, and was not at the morning `before`; set the clock."""
    now = pd.Timestamp(morning) + pd.Timedelta(hours=6)
    since = pd.Timestamp(before) + pd.Timedelta(hours=6) if before else pd.Timestamp.min
    known = frame[frame["opened"] <= now].copy()
    known["closed"] = known["closed"].where(known["closed"] <= now)
    known = known[(known["opened"] > since) | (known["closed"] > since)]
    # Half of the dates come without a time: they mean the end of the day.
    text = known["due"].dt.strftime("%Y-%m-%d %H:%M:%S")
    text = text.mask((known.index % 2 == 0) & known["due"].notna(), known["due"].dt.strftime("%Y-%m-%d"))
    text = text.mask((known.index % 4 == 0) & (known["due"].dt.year == 2059), "9999-12-31")
    known.assign(due=text).to_csv(folder / "data" / f"{morning}.csv", index=False)
    as_of = now.tz_localize(ZONE).tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%SZ")
    (folder / "jkpi.yml").write_text(SETTINGS.format(as_of=as_of))
