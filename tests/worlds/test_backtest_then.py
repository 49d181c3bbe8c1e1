"""`jkpi backtest --now D` on a warehouse that knows more: what was known on D, and what nobody can know any more."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.worlds.test_volume_measured import run

FIRST, DROP, THEN, LATER = date(2026, 1, 1), 80, 90, 100
MAP = """
journey: buy
title: Buying
version: 1
owner: shop
timezone: America/New_York
viewpoint: {persona: buyer}
scope: {starts_with: [order], ends_with: [delivery], window: 10d, session_gap: 5d}
stages:
  - stage: order
    touchpoints: [{touchpoint: order, channel: web}]
    kpis: [{kpi: time_to_resolve, from: order, to: delivery, tolerance: 2d}]
  - stage: after
    touchpoints: [{touchpoint: delivery, channel: parcel}]
moments_of_truth:
  - {moment: in_time, kpi: order.time_to_resolve, promise: 0.5, min_drop: 0.1, owner: shop}
"""
SOURCE = """
source: shop
kind: touchpoints
owner: shop
from: {files: data/*.csv}
columns: {event_id: id, case_id: order, touchpoint: what, occurred_at: at}
"""
SETTINGS = """
workspace: buying
as_of: AS_OF
customer_ids: {pseudonymise: false}
receivers: {desk: {kind: file, path: desk.txt}}
default_receiver: desk
"""


def set_time(folder: Path, day: int) -> str:
    """`as_of` on the morning of that day, which is returned."""
    as_of = f"{datetime.combine(FIRST + timedelta(days=day), time(10), UTC):%Y-%m-%dT%H:%M:%SZ}"
    (folder / "jkpi.yml").write_text(SETTINGS.replace("AS_OF", as_of))
    return as_of


def orders(late: bool) -> list[tuple[str, str, str, datetime]]:
    """Forty orders a day, of which nine in ten are delivered the next day; from day DROP on, four in ten.

    late: only the deliveries of those days that another carrier reports long after: in time as well.
    """
    rng = np.random.default_rng(4)
    rows = []
    for day in range(LATER):
        for number in range(40):
            name, at = f"{day}-{number}", datetime.combine(FIRST + timedelta(days=day), time(15, number))
            reported = bool(rng.random() < (0.4 if day >= DROP else 0.9))
            number_of = f"{'late' if late else 'd'}{name}"
            delivered = (number_of, name, "delivery", at + timedelta(days=1 if reported or late else 8))
            if late == (day >= DROP and not reported) or not late:
                rows += [delivered] if late else [(f"o{name}", name, "order", at), delivered]
    return rows


def write(folder: Path, name: str, rows: list[tuple[str, str, str, datetime]]) -> None:
    (folder / "data").mkdir(exist_ok=True)
    with (folder / "data" / name).open("w", newline="") as file:
        csv.writer(file).writerows([("id", "order", "what", "at"), *rows])


def backtest(folder: Path, *options: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run(folder, "backtest", "--json", *options))
    return document


@pytest.mark.slow
@pytest.mark.dbt
def test_the_backtest_of_then_is_the_one_made_then(tmp_path: Path) -> None:
    for name, text in (("journeys/buy.yml", MAP), ("sources/shop.yml", SOURCE)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    then = set_time(tmp_path, THEN)
    # The file reaches beyond `as_of`: that is no mistake, and not known yet.
    write(tmp_path, "one.csv", orders(late=False))
    assert "rejected" not in run(tmp_path, "lint")
    ((batch,),) = (source["batches"] for source in json.loads(run(tmp_path, "load", "--json")))
    assert (batch["loaded"], batch["rejected"]) == (2 * 40 * LATER, 0)
    for verb in ("check", "measure"):
        run(tmp_path, verb)
    made_then = backtest(tmp_path)
    assert made_then["known_at"] is None
    (alert,) = made_then["moments"][0]["alerts"]
    assert alert["onset"] == str(FIRST + timedelta(days=DROP))

    set_time(tmp_path, LATER)
    write(tmp_path, "two.csv", orders(late=True))
    for verb in ("load", "check", "measure"):
        run(tmp_path, verb)
    assert not [alert for moment in backtest(tmp_path)["moments"] for alert in moment["alerts"]]
    looked_back = backtest(tmp_path, "--now", then)
    assert looked_back["moments"] == made_then["moments"]
    assert (looked_back["known_at"], looked_back["late_sources"]) == (then.replace("Z", "+00:00"), [])

    # Loaded again as a whole, nobody knows any more that these deliveries were reported late.
    run(tmp_path, "load", "--replace", "--source", "shop")
    text = run(tmp_path, "backtest", "--now", then)
    assert "first loaded later: shop" in text and "no alert would have fired" in text
