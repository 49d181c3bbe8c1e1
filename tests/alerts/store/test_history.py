"""`jkpi alerts show`: the notification, the readings behind it then and now, and the query that returns its value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from jkpi.alerts.delivery.outbox import deliver
from jkpi.alerts.store.history import AlertHistory, alert_history
from jkpi.alerts.store.listing import list_alerts
from jkpi.cli import alerts as alerts_command
from jkpi.errors import InputError
from jkpi.warehouse.open import open_warehouse
from tests.alerts.made_world import LIKED, ON_SITE, STAYS, World, steady

MakeWorld = Callable[..., World]


def shown(world: World) -> AlertHistory:
    (alert,) = list_alerts(world.settings)
    with open_warehouse(world.settings, read_only=True) as warehouse:
        return alert_history(world.settings, alert.alert_id, warehouse)


@pytest.mark.parametrize(
    ("moment", "kpi", "before", "after", "unit"),
    [
        (ON_SITE, "fix.time_to_resolve", 0.92, 0.7, 1.0),
        (STAYS, "fix.drop_off", 0.08, 0.3, 1.0),
        (LIKED, "fix.nps", 0.7, 0.5, 100.0),
    ],
)
def test_the_query_returns_the_value_of_the_notification(
    make_world: MakeWorld, moment: str, kpi: str, before: float, after: float, unit: float
) -> None:
    world = make_world(moment)
    world.put(steady(60, before) + steady(4, after), kpi=kpi)
    world.run()
    history = shown(world)
    (entry,) = history.entries
    with open_warehouse(world.settings, read_only=True) as warehouse:
        (row,) = warehouse.rows(entry.value_sql)
    assert row["value"] == pytest.approx(entry.figures["value"], abs=1e-9 * unit) and row["n"] == entry.figures["n"]
    assert history.value_then == {"value": entry.figures["value"], "n": entry.figures["n"]}
    assert history.value_now == {"value": pytest.approx(entry.figures["value"]), "n": entry.figures["n"]}
    assert not any(reading.is_changed for reading in history.readings)


def test_the_query_leaves_out_withheld_days_and_no_small_ones(make_world: MakeWorld) -> None:
    """Eight and fifteen cases count where there are usually a hundred."""
    world = make_world(ON_SITE)
    counts = steady(60, 0.8)
    counts[5], counts[40] = (6.0, 8.0), (12.0, 15.0)
    world.put(counts)
    world.put([(80.0, 100.0)], first=date(2026, 2, 20), status="withheld")
    world.run()
    history = shown(world)
    (entry,) = history.entries
    first = date.fromisoformat(entry.figures["first_day"])
    whole = (date(2026, 3, 1) - first).days + 1
    assert "and status = 'final'" in entry.value_sql and "not in" not in entry.value_sql
    assert (
        history.value_now
        == history.value_then
        == {"value": pytest.approx(entry.figures["value"]), "n": entry.figures["n"]}
    )
    assert f"{whole - 1} of {whole} days" in dict(entry.rows)["Since onset"]


def test_readings_are_kept_as_they_were_notified(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(60, 0.92) + steady(4, 0.7))
    world.run()
    deliver(world.settings)
    world.put([(90.0, 100.0)], first=date(2026, 3, 3))
    world.write()
    history = shown(world)
    (changed,) = (reading for reading in history.readings if reading.is_changed)
    assert changed.day == date(2026, 3, 3) and changed.then is not None and changed.now is not None
    assert (changed.then.numerator, changed.now.numerator) == (70.0, 90.0)
    assert history.value_then != history.value_now
    lines = "\n".join(alerts_command.render_alert(history))
    assert "value   as notified 0.7 (n = " in lines and "SQL of the value:" in lines
    assert next(line for line in lines.splitlines() if line.endswith("changed")).startswith("2026-03-03")
    assert "sent" in lines and "lead" in lines


def test_without_a_warehouse_the_snapshots_are_still_shown(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(60, 0.92) + steady(4, 0.7))
    world.run()
    (alert,) = list_alerts(world.settings)
    history = alert_history(world.settings, alert.alert_id, None)
    assert history.readings and all(reading.now is None for reading in history.readings) and not history.is_compared
    assert history.value_then is not None and history.value_now is None
    assert "unknown" in "\n".join(alerts_command.render_alert(history))


def test_an_unknown_alert_is_refused_with_the_nearest_id(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(60, 0.92) + steady(4, 0.7))
    world.run()
    alert_id = list_alerts(world.settings)[0].alert_id
    with pytest.raises(InputError, match="there is no alert") as error:
        alert_history(replace(world.settings), alert_id[:-1] + "z", None)
    assert alert_id in str(error.value.hint)
