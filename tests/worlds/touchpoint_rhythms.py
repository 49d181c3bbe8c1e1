"""Touchpoints that are silent in their own ways: once a quarter, on working days, in bursts, and one that stops.

Orders come every day but on company holidays, which all touchpoints share.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

SEED = 20190107
FIRST = date(2023, 1, 2)
DAYS = 910
STOPS_AFTER = 890
"""The chat stops after this day."""
SOURCES = {"shop": ("order", "delivery", "chat", "advice", "review", "campaign"), "audits": ("audit",)}


@cache
def event_days() -> dict[str, set[date]]:
    """Touchpoint -> its days with events."""
    draw = np.random.default_rng(SEED)
    every_day = [FIRST + timedelta(days=number) for number in range(DAYS)]
    open_days = [day for day in every_day if (day.month, day.day) not in {(1, 1), (12, 25), (12, 26)}]

    def quarterly(offset: int) -> set[date]:
        numbers = [offset + 91 * quarter + int(draw.integers(-9, 10)) for quarter in range(DAYS // 91)]
        return {open_days[number] for number in numbers if 0 <= number < len(open_days)}

    bursts = {
        open_days[start + extra] for start in draw.choice(len(open_days) - 6, 40, replace=False) for extra in range(3)
    }
    return {
        "order": set(open_days),
        "delivery": {day for day in open_days if day.weekday() < 6},
        "chat": {day for day in open_days if (day - FIRST).days <= STOPS_AFTER},
        "advice": {day for day in open_days if day.weekday() < 5},
        "review": quarterly(30),
        "campaign": bursts,
        "audit": quarterly(60),
    }


@dataclass(frozen=True)
class CountedRhythm:
    """What the mart must say of a touchpoint, counted in another way."""

    count_gaps: int
    sum_gap_days: int
    count_silences: int
    sum_silent_days: int
    sum_squared_silent_days: int
    longest_silent_days: int
    silent_days: int
    silent_days_of_source: int


def counted_rhythm(days: Mapping[str, Collection[date]], touchpoint: str, today: date) -> CountedRhythm:
    """Of the events before the end of today."""
    known = {name: {day for day in seen if day <= today} for name, seen in days.items()}
    journey = sorted(set().union(*known.values()))
    (source,) = [names for names in SOURCES.values() if touchpoint in names]
    source_end = max((day for name in source for day in known[name] if day < today), default=date.min)
    own = sorted(known[touchpoint])[-101:]  # a hundred gaps
    between = [bisect_right(journey, after) - bisect_right(journey, before) for before, after in pairwise(own)]
    silent = [gap - 1 for gap in between]
    after_last = [day for day in journey if own[-1] < day < today]
    return CountedRhythm(
        len(between),
        sum(between),
        sum(length > 0 for length in silent),
        sum(silent),
        sum(length * length for length in silent),
        max(silent, default=0),
        len(after_last),
        sum(day <= source_end for day in after_last),
    )


def write_workspace(folder: Path, url: str, days: Mapping[str, Collection[date]], today: date) -> None:
    """A workspace with these events as CSV files, one a source, as of the evening of a day."""
    for name in ("journeys", "sources", "data"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "jkpi.yml").write_text(
        f"workspace: rhythms\nwarehouse: {url}\nas_of: {today}T20:00:00Z\n"
        "receivers: {desk: {kind: console}}\ndefault_receiver: desk\n"
    )
    touchpoints = "\n".join(
        f"      - {{touchpoint: {name}, channel: web}}" for name in days if name not in ("order", "delivery")
    )
    (folder / "journeys" / "shop.yml").write_text(f"""\
journey: shop
title: Shopping
version: 1
owner: shop
timezone: UTC
viewpoint: {{persona: buyer}}
scope: {{starts_with: [order], ends_with: [delivery], window: 2d, session_gap: 2d}}
segments: [product]
stages:
  - stage: buy
    touchpoints:
      - {{touchpoint: order, channel: web}}
{touchpoints}
  - stage: receive
    touchpoints: [{{touchpoint: delivery, channel: parcel}}]
kpis:
  - {{kpi: conversion}}
moments_of_truth:
  - moment: delivered
    kpi: journey.conversion
    promise: {{default: 0.5, by: {{product: {{spares: 0.95}}}}}}
    min_drop: 0.05
    owner: shop
    notify: [desk]
    segments: [product]
""")
    for source, names in SOURCES.items():
        (folder / "sources" / f"{source}.yml").write_text(
            f"source: {source}\nkind: touchpoints\nowner: shop\nfrom: {{files: data/{source}.csv}}\n"
            "columns: {event_id: id, customer_id: who, touchpoint: what, occurred_at: at, segments: [product]}\n"
        )
        lines = ["id,who,what,at,product"]
        for name in names:
            for day in sorted(day for day in days[name] if day <= today):
                hour = {"order": 8, "delivery": 18}.get(name, 12)
                for number in range(3):
                    product = ("spares", "fridge", "oven")[number]
                    who = f"{day}-{number}"
                    lines.append(f"{name}-{who},{who},{name},{day}T{hour:02d}:{number:02d}:00Z,{product}")
        (folder / "data" / f"{source}.csv").write_text("\n".join(lines) + "\n")
