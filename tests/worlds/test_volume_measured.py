"""YAML and files to the message: half of the events of one touchpoint, loaded, measured and evaluated."""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest

JKPI = Path(sys.executable).parent / "jkpi"
FIRST, DAYS, DROP = date(2026, 1, 1), 110, 100
MEANS = {"visit": 90.0, "order": 40.0, "delivery": 60.0}
MAP = """
journey: buy
title: Buying
version: 1
owner: shop
timezone: America/New_York
viewpoint: {persona: buyer}
scope: {starts_with: [visit], ends_with: [delivery], window: 10d, session_gap: 5d}
stages:
  - stage: order
    touchpoints: [{touchpoint: visit, channel: web}, {touchpoint: order, channel: web}]
  - stage: after
    owner: logistics
    touchpoints: [{touchpoint: delivery, channel: parcel}]
    kpis: [{kpi: volume, touchpoint: delivery}]
"""
SOURCE = """
source: shop
title: Shop
kind: touchpoints
owner: shop
from: {files: data/*.csv}
format: {timezone: UTC}
columns: {event_id: id, customer_id: who, touchpoint: what, occurred_at: at}
"""
SETTINGS = """
workspace: buying
warehouse: "WAREHOUSE"
as_of: AS_OF
customer_ids: {pseudonymise: false}
receivers: {team: {kind: file, path: team.txt}, desk: {kind: file, path: desk.txt}}
default_receiver: desk
owners: {logistics: [team]}
"""


@pytest.fixture
def folder(postgres_url: str, tmp_path: Path) -> Path:
    """A workspace with DAYS days of events; deliveries halve on day DROP."""
    as_of = datetime.combine(FIRST + timedelta(days=DAYS), time(10), UTC)
    settings = SETTINGS.replace("WAREHOUSE", postgres_url).replace("AS_OF", f"{as_of:%Y-%m-%dT%H:%M:%SZ}")
    for name, text in (("jkpi.yml", settings), ("journeys/buy.yml", MAP), ("sources/shop.yml", SOURCE)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "data").mkdir()
    rng = np.random.default_rng(3)
    with (tmp_path / "data" / "events.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "who", "what", "at"])
        number = 0
        for day in range(DAYS):
            midnight = datetime.combine(FIRST + timedelta(days=day), time(5))
            for touchpoint, mean in MEANS.items():
                halved = 0.5 if touchpoint == "delivery" and day >= DROP else 1.0
                for second in sorted(rng.integers(0, 86_400, rng.poisson(mean * halved))):
                    number += 1
                    at = midnight + timedelta(seconds=int(second))
                    writer.writerow([number, f"c{number}", touchpoint, at.isoformat(sep=" ")])
    return tmp_path


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run([JKPI, *arguments, "-w", folder], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.dbt
def test_half_of_the_events_of_a_touchpoint_reach_its_owner(folder: Path) -> None:
    report = run(folder, "run")
    assert "opened: Delivery: volume dropped from 6" in report
    message = (folder / "team.txt").read_text()
    assert "Buying > After > Delivery (parcel)" in message
    assert "fewer than usual, over" in message
    assert not (folder / "desk.txt").exists()
    assert "volume" in run(folder, "alerts")


def test_what_is_left_out_must_exist_and_be_evaluated(tmp_path: Path) -> None:
    from jkpi.config.settings import load_settings
    from jkpi.errors import WorkspaceError
    from jkpi.pipeline.workspace import read_map

    def problems(volume_alerts: str) -> str:
        text = SETTINGS.replace("AS_OF", "2026-01-01T00:00:00Z").replace("WAREHOUSE", "duckdb:///w.duckdb")
        text += f"alerts:\n  volume_alerts: {volume_alerts}\n"
        for name, content in (("jkpi.yml", text), ("journeys/buy.yml", MAP), ("sources/shop.yml", SOURCE)):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(content)
        try:
            read_map(load_settings(tmp_path))
        except WorkspaceError as error:
            return "\n".join(str(problem) for problem in error.problems)
        return ""

    assert problems("{except: [source/shop, buy/touchpoint/delivery]}") == ""
    unknown = problems("{except: [source/shoop]}")
    assert "jkpi.yml:10:" in unknown and "nothing has the volume 'source/shoop'" in unknown
    assert "did you mean 'source/shop'?" in unknown
    assert "sources are not evaluated anyway" in problems("{sources: false, except: [source/shop]}")
    assert "did you mean 'touchpoints'?" in problems("{touchpoint: false}")
