"""A shop whose customers ask and decide; on some days nearly nobody comes.

What would have come on such a day comes on the next one, as after a public holiday; or it is lost, as with a lost file.
The truth is known: which days these are, and from which day on fewer customers decide.
"""

from __future__ import annotations

import csv
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np

from jkpi.alerts.dispatch.evaluate_and_dispatch import evaluate_series
from jkpi.alerts.series.moment_context import configured_moments
from jkpi.config.settings import Settings, load_settings
from jkpi.journeys.reader import read_journeys
from jkpi.warehouse.open import open_warehouse
from tests.recount.world_workspace import run_jkpi

MAP = """
journey: buying
title: Buying
version: 1
owner: shop
timezone: America/Sao_Paulo
viewpoint: {persona: a customer}
scope: {starts_with: [asked], ends_with: [decided], window: 40d, session_gap: 40d}
stages:
  - stage: ask
    title: Ask
    touchpoints: [{touchpoint: asked, channel: web}]
    kpis: [{kpi: conversion, title: Decided, window: 30d}]
  - stage: decide
    title: Decide
    touchpoints: [{touchpoint: decided, channel: web}]
moments_of_truth:
  - {moment: decides, kpi: ask.conversion, min_drop: 0.05, promise: 0.4, owner: shop, notify: [desk]}
"""
SOURCE = """
source: desk
kind: touchpoints
owner: shop
from: {files: data/*.csv}
columns: {event_id: id, case_id: case, touchpoint: what, occurred_at: at}
"""


@dataclass(frozen=True)
class Shop:
    """near_empty: days on which nearly nobody comes. is_lost: whether their rows are lost instead of late. drop_from:
    first day of which fewer customers decide."""

    first: date
    until: date
    near_empty: Collection[date]
    is_lost: bool = False
    drop_from: date = date.max
    seed: int = 1
    cases_a_day: int = 60
    rate: float = 0.7
    rate_after_drop: float = 0.5
    settings: dict[str, str] = field(default_factory=dict)


def write(shop: Shop, folder: Path) -> None:
    """Write the workspace and its rows."""
    for name in ("journeys", "sources", "data"):
        (folder / name).mkdir(parents=True)
    own = "".join(f"{key}: {value}\n" for key, value in shop.settings.items())
    (folder / "jkpi.yml").write_text(
        f"workspace: shop\nas_of: {shop.until}T12:00:00Z\nreceivers: {{desk: {{kind: console}}}}\n{own}"
    )
    (folder / "journeys" / "buying.yml").write_text(MAP)
    (folder / "sources" / "desk.yml").write_text(SOURCE)
    with (folder / "data" / "rows.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "case", "what", "at"])
        rows.writerows(_rows(shop))


def _rows(shop: Shop) -> list[tuple[str, str, str, str]]:
    rng = np.random.default_rng(shop.seed)
    rows = []
    for number in range((shop.until - shop.first).days):
        day = shop.first + timedelta(days=number)
        cases = 1 if day in shop.near_empty else int(rng.poisson(shop.cases_a_day))
        rate = shop.rate_after_drop if day >= shop.drop_from else shop.rate
        for case in range(cases):
            asked_at = datetime.combine(day, time(9)) + timedelta(seconds=int(rng.integers(8 * 3600)))
            name = f"{day}-{case}"
            rows.append((f"{name}-asked", name, "asked", f"{asked_at.isoformat()}-03:00"))
            wait = min(rng.exponential(2.0), 27.0)
            if rng.random() >= rate:
                continue
            decided_at = asked_at + timedelta(days=wait)
            if decided_at.date() in shop.near_empty and decided_at.date() != day:
                if shop.is_lost:
                    continue
                while decided_at.date() in shop.near_empty:
                    decided_at += timedelta(days=1)
            if decided_at.date() < shop.until:
                rows.append((f"{name}-decided", name, "decided", f"{decided_at.isoformat()}-03:00"))
    return rows


def measured(shop: Shop, folder: Path) -> Settings:
    """Load, check and measure."""
    write(shop, folder)
    for verb in (["load"], ["check", "--checkpoint", "landing"], ["measure"]):
        run_jkpi(*verb, "-w", folder)
    return load_settings(folder)


def withheld_days(settings: Settings) -> tuple[list[date], int]:
    """Days whose reading is withheld, and how many days have one that is decided or withheld."""
    with open_warehouse(settings) as warehouse:
        rows = warehouse.rows(
            "select period_start, status from marts.fct_kpi_readings where period = 'day' and segment = 'all'"
            " and kpi = 'ask.conversion' and status <> 'provisional' order by period_start"
        )
    return [row["period_start"] for row in rows if row["status"] == "withheld"], len(rows)


def alert_days(settings: Settings) -> list[date]:
    """Days of the readings that opened an alert."""
    journeys = read_journeys(settings.workspace)
    with open_warehouse(settings) as warehouse:
        (evaluated,) = evaluate_series(warehouse, configured_moments(journeys, settings), settings)
    return [episode.fired_on for episode in evaluated.result.episodes]
