"""A touchpoint is silent by its own rhythm, not by a fixed number of days.

Before, 28 days without an event were an alert: of the two quarterly touchpoints of this world 16 in two years, all of
them false, and the end of the chat was told after 28 days. Now there are none, and the chat is told on the tenth day.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from jkpi.alerts.map_health.map_conditions import TouchpointRhythm, _touchpoints_without_events
from jkpi.alerts.statistics.event_rhythm import EventRhythm
from jkpi.config.settings import Settings
from jkpi.journeys.model import Journey
from jkpi.journeys.reader import read_journeys
from jkpi.warehouse.open import open_warehouse
from tests.recount.world_workspace import run_jkpi
from tests.worlds.touchpoint_rhythms import (
    FIRST,
    STOPS_AFTER,
    CountedRhythm,
    counted_rhythm,
    event_days,
    write_workspace,
)

BUDGET = 547.5


@cache
def journeys_in(folder: Path) -> tuple[Journey, ...]:
    return read_journeys(folder)


def conditions_on(folder: Path, today: date, name: str, *, has_rhythms: bool = True) -> dict[str, str]:
    """Touchpoint -> why its silence is reported in the evening of a day. name: the one whose rhythm is known."""
    days = {name: {day for day in seen if day <= today} for name, seen in event_days().items()}
    settings = Settings(
        workspace=folder,
        name="rhythms",
        warehouse_url="duckdb://",
        state_url="sqlite://",
        site_dir=folder,
        now=at(today),
    )
    coverage = [
        {
            "element": "touchpoint",
            "journey": "shop",
            "name": touchpoint,
            "first_evidence_at": datetime.combine(min(seen), time(12)) if seen else None,
            "last_evidence_at": datetime.combine(max(seen), time(12)) if seen else None,
        }
        for touchpoint, seen in days.items()
    ]
    rhythms = {("shop", name): as_rhythm(counted_rhythm(days, name, today))} if has_rhythms and days[name] else {}
    now = at(today).replace(tzinfo=None)
    conditions = _touchpoints_without_events(coverage, rhythms, journeys_in(folder), settings, now)
    return {condition.segment_value: dict(condition.rows)["Why"] for condition in conditions}


def at(today: date) -> datetime:
    return datetime.combine(today, time(20), UTC)


def as_rhythm(counted: CountedRhythm) -> TouchpointRhythm:
    *gaps, silent_days, of_source = asdict(counted).values()
    return TouchpointRhythm(EventRhythm(*gaps), silent_days, of_source)


def episodes(folder: Path, name: str, *, has_rhythms: bool) -> list[date]:
    """First days of the silences of a touchpoint that are reported, looking every fifth day after half a year."""
    found, was_silent = [], False
    for number in range(180, STOPS_AFTER, 5):
        today = FIRST + timedelta(days=number)
        is_silent = name in conditions_on(folder, today, name, has_rhythms=has_rhythms)
        if is_silent and not was_silent:
            found.append(today)
        was_silent = is_silent
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rhythms")
    write_workspace(path, f"duckdb:///{path}/w.duckdb", event_days(), FIRST)
    return path


@pytest.mark.parametrize("name", ["review", "audit", "advice", "delivery", "campaign", "order"])
def test_no_silence_that_is_usual_is_reported(folder: Path, name: str) -> None:
    assert episodes(folder, name, has_rhythms=True) == []


def test_a_fixed_silence_reports_each_quarter(folder: Path) -> None:
    reported = [len(episodes(folder, name, has_rhythms=False)) for name in ("review", "audit")]
    assert sum(reported) >= 14


def test_what_comes_every_day_and_stops_is_reported_soon(folder: Path) -> None:
    stopped = FIRST + timedelta(days=STOPS_AFTER)
    silent_on = [day for day in range(1, 15) if "chat" in conditions_on(folder, stopped + timedelta(days=day), "chat")]
    assert silent_on[0] == 10
    text = conditions_on(folder, stopped + timedelta(days=silent_on[0]), "chat")["chat"]
    assert text.startswith(f"no event on {silent_on[0] - 1} days in a row on which the journey had others.")
    assert "it had events on every one of these days, and it never missed one." in text


REGULAR = EventRhythm(8, 8 * 91, 8, 8 * 90, 8 * 8200, 99)
DAILY = EventRhythm(99, 99, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("rhythm", "silent_days", "is_unusual"),
    [
        (DAILY, 6, False),
        (DAILY, 10, True),
        (REGULAR, 99, False),
        (REGULAR, 200, False),
        (REGULAR, 320, True),
        (EventRhythm(2, 3, 1, 1, 1, 1), 1000, False),
    ],
)
def test_what_is_unusual(rhythm: EventRhythm, silent_days: int, is_unusual: bool) -> None:
    assert rhythm.is_unusual(silent_days, 10, BUDGET) is is_unusual


def test_an_exponential_rhythm_has_its_exact_chance() -> None:
    """1000 touchpoints at a constant rate: the chance that the next gap is longer than s is (1 + s/T)^-k."""
    draw = np.random.default_rng(11)
    gaps = draw.exponential(20.0, (40_000, 6))
    total, following = gaps[:, :5].sum(axis=1), gaps[:, 5]
    exceeds = following > total * (0.01 ** (-1 / 5) - 1)
    assert exceeds.mean() == pytest.approx(0.01, abs=0.0015)
    rhythm = EventRhythm(5, 100, 2, 90, 4100, 60)
    assert rhythm.silences_per_day(80) == pytest.approx((1 + 80 / 100) ** -5 * 5 / 100)


@pytest.mark.slow
@pytest.mark.parametrize("mean", [5, 30, 91])
def test_random_touchpoints_keep_the_budget(mean: int) -> None:
    """Touchpoints at a constant rate, ten to a journey: at most 2.5 times the budget, which is one in 547.5 days."""
    draw = np.random.default_rng(mean)
    false_alarms, days = 0, 0.0
    for _ in range(150):
        gaps = np.maximum(1, np.ceil(draw.exponential(mean, 60))).astype(int)
        for number in range(3, 60):
            past, silent = gaps[:number], gaps[:number] - 1
            rhythm = EventRhythm(
                number,
                int(past.sum()),
                int((silent > 0).sum()),
                int(silent.sum()),
                int((silent**2).sum()),
                int(silent.max()),
            )
            false_alarms += rhythm.is_unusual(int(gaps[number] - 1), 10, BUDGET)
            days += gaps[number]
    assert false_alarms / days * 10 * BUDGET < 2.5


@pytest.mark.dbt
@pytest.mark.slow
def test_the_marts_count_the_same(postgres_url: str, tmp_path: Path) -> None:
    """From CSV files to the conditions: rhythms and promises in the marts, and what is reported."""
    today = FIRST + timedelta(days=STOPS_AFTER + 11)
    first = today - timedelta(days=420)
    days = {name: {day for day in seen if day >= first} for name, seen in event_days().items()}
    write_workspace(tmp_path, postgres_url, days, today)
    run_jkpi("run", "-w", tmp_path)
    with open_warehouse(postgres_url, read_only=True) as warehouse:
        rhythms = {row.pop("touchpoint"): row for row in warehouse.rows("select * from marts.rpt_touchpoint_rhythm")}
        assert {row.pop("journey") for row in rhythms.values()} == {"shop"}
        assert rhythms == {name: asdict(counted_rhythm(days, name, today)) for name in days}
        promises = warehouse.rows("select segment, segment_value, promise from marts.dim_promises order by promise")
        assert [tuple(row.values()) for row in promises] == [("all", "all", 0.5), ("product", "spares", 0.95)]
        shown = warehouse.rows(
            "select distinct segment_value, promise from dashboards.dash_readings where is_primary order by 1"
        )
        assert {row["segment_value"]: row["promise"] for row in shown} == {
            "all": 0.5,
            "fridge": 0.5,
            "oven": 0.5,
            "spares": 0.95,
        }
    from jkpi.alerts.store.listing import list_alerts
    from jkpi.config.settings import load_settings

    alerts = list_alerts(load_settings(tmp_path))
    assert [(alert.kind, alert.segment_value) for alert in alerts if alert.kind == "no_events"] == [
        ("no_events", "chat")
    ]
