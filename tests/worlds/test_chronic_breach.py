"""Segments that never kept their promise are one list a month; what drops is an alert at once.

Before, this world sent 29 messages in four months and opened 17 alerts, none of them news.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from jkpi.alerts.backtest.backtest import backtest
from jkpi.alerts.notifications.model import notification_from_json
from jkpi.alerts.notifications.promise_list import PROMISE_LIST_EVENT
from jkpi.alerts.store.listing import list_alerts
from jkpi.cli.backtest import render_backtests
from jkpi.journeys.reader import read_journeys
from jkpi.state.alert_reader import moment_states
from jkpi.warehouse.open import open_warehouse
from tests.alerts.made_world import FIRST, World
from tests.worlds.chronic_breach import LOW_PRODUCTS, chronic_world

DAYS = 120
BY_PRODUCT = "{default: 0.5, by: {product: {p00: 0.8, fridge: 0.6}}}"


def run_on(world: World, *days: int) -> World:
    for day in days:
        world.run(FIRST + timedelta(days=day))
    return world


def lists_of(world: World) -> list[tuple[str, str, list[tuple[str, ...]]]]:
    """(day, title, rows) of each list of segments below their promise."""
    messages = [(message.created_at, notification_from_json(message.content)) for message in world.messages()]
    return [
        (f"{at:%Y-%m-%d}", notification.title, list(notification.tables[0].rows))
        for at, notification in messages
        if notification.event == PROMISE_LIST_EVENT
    ]


@pytest.mark.slow
def test_a_chronic_breach_is_one_list_a_month(tmp_path: Path) -> None:
    world = run_on(chronic_world(tmp_path, DAYS), 27, 30, 33, 45, 58, 59, 75, 89, 90, 110, 119)
    assert list_alerts(world.settings) == []
    lists = lists_of(world)
    assert [day for day, _, _ in lists] == ["2026-01-29", "2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"]
    _, title, rows = lists[-1]
    assert title == "Technician on site: 17 segments below their promise"
    assert sorted(row[0] for row in rows) == [f"product = {name}" for name in LOW_PRODUCTS]
    name, value, interval, n, promise, since = rows[0]
    assert (name, promise) == ("product = p00", "80 %")
    assert value == "60 %" and "to" in interval and float(n.replace(",", "")) > 2000 and "2026" in since
    (state,) = moment_states(world.settings.state_url)
    assert {breach.segment_value for breach in state.breaches} == set(LOW_PRODUCTS)
    assert (state.state, state.firing_segments) == ("ok", ())


@pytest.mark.slow
@pytest.mark.parametrize(
    "promise", ["0.8", "{default: 0.8, by: {product: {p08: 0.5}}}"], ids=["never kept its promise", "kept its promise"]
)
def test_a_drop_is_an_alert_at_once(tmp_path: Path, promise: str) -> None:
    dropped_on = FIRST + timedelta(days=90)
    world = run_on(chronic_world(tmp_path, 100, promise, drop=("p08", dropped_on, 0.30)), 60, 99)
    (alert,) = list_alerts(world.settings)
    assert (alert.kind, alert.segment_value, alert.status) == ("drop", "p08", "open")
    assert dropped_on <= alert.onset <= alert.fired_on <= dropped_on + timedelta(days=2)
    (message,) = [message for message in world.messages() if "(product p08): dropped" in message.title]
    assert f"Promise       {'80' if promise == '0.8' else '50'} %, broken below" in message.body
    assert "product = p08" not in {row[0] for row in lists_of(world)[-1][2]}
    (state,) = moment_states(world.settings.state_url)
    assert "p08" not in {breach.segment_value for breach in state.breaches}


@pytest.mark.slow
def test_a_breach_of_all_customers_is_an_alert_of_its_own(tmp_path: Path) -> None:
    world = run_on(chronic_world(tmp_path, 60, total_rate=0.70), 59)
    (alert,) = list_alerts(world.settings)
    assert (alert.kind, alert.segment, alert.status) == ("drop", "all", "open")
    assert len(lists_of(world)) == 1


@pytest.mark.slow
def test_the_backtest_names_them_and_counts_no_alert(tmp_path: Path) -> None:
    world = chronic_world(tmp_path, 60)
    world.write()
    with open_warehouse(world.settings, read_only=True) as warehouse:
        (result,) = backtest(world.settings, warehouse, read_journeys(tmp_path), None)
    assert result.alerts == ()
    assert len(result.segments_below_promise) >= 12
    (line,) = [line for line in render_backtests([result]) if "listed once a month" in line]
    assert "product = p00, product = p01" in line and line.endswith("more")


@pytest.mark.slow
def test_each_segment_is_compared_with_its_own_promise(tmp_path: Path) -> None:
    world = run_on(chronic_world(tmp_path, 60, promise=BY_PRODUCT), 59)
    ((_, title, rows),) = lists_of(world)
    assert title == "Technician on site: 1 segment below its promise"
    assert [(row[0], row[4]) for row in rows] == [("product = p00", "80 %")]


@pytest.mark.slow
def test_without_a_promise_the_baseline_alone_decides(tmp_path: Path) -> None:
    dropped_on = FIRST + timedelta(days=90)
    world = chronic_world(tmp_path, 100, promise="null", drop=("p08", dropped_on, 0.30))
    run_on(world, 60, 99)
    (alert,) = list_alerts(world.settings)
    assert (alert.segment_value, lists_of(world)) == ("p08", [])
