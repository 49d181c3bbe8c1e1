"""`jkpi alerts show`: what was told, from what, and what of it is still so; its SQL gives the number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from jkpi.alerts.delivery.outbox import deliver
from jkpi.alerts.store.history import AlertHistory, alert_history
from jkpi.alerts.store.listing import list_alerts
from jkpi.cli import alert_lines
from jkpi.errors import InputError
from jkpi.warehouse.open import open_warehouse
from tests.alerts.made_world import LIKED, ON_SITE, STAYS, World, steady

MakeWorld = Callable[..., World]


def shown(world: World) -> AlertHistory:
    (alert,) = list_alerts(world.settings)
    with open_warehouse(world.settings, read_only=True) as w:
        return alert_history(world.settings, alert.alert_id, w)


@pytest.mark.parametrize(
    ("moment", "kpi", "before", "after", "unit"),
    [
        (ON_SITE, "fix.time_to_resolve", 0.92, 0.7, 1.0),
        (STAYS, "fix.drop_off", 0.08, 0.3, 1.0),
        (LIKED, "fix.nps", 0.7, 0.5, 100.0),
    ],
)
def test_the_sql_gives_the_number_that_was_told(
    make_world: MakeWorld, moment: str, kpi: str, before: float, after: float, unit: float
) -> None:
    world = make_world(moment)
    world.put(steady(60, before) + steady(4, after), kpi=kpi)
    world.run()
    told = shown(world)
    (step,) = told.entries
    with open_warehouse(world.settings, read_only=True) as w:
        (row,) = w.rows(step.value_sql)
    assert row["value"] == pytest.approx(step.figures["value"], abs=1e-9 * unit) and row["n"] == step.figures["n"]
    assert told.value_then == {"value": step.figures["value"], "n": step.figures["n"]}
    assert told.value_now == {"value": pytest.approx(step.figures["value"]), "n": step.figures["n"]}
    assert not any(one.is_changed for one in told.readings)


def test_days_that_were_too_small_to_be_judged_are_left_out_of_the_sql_and_said_to_be(make_world: MakeWorld) -> None:
    """What is too small follows the usual number: eight are enough while nothing is usual, fifteen are not later."""
    world = make_world(ON_SITE)
    counts = steady(60, 0.8)
    counts[5], counts[50] = (6.0, 8.0), (12.0, 15.0)
    world.put(counts)
    world.run()
    told = shown(world)
    (step,) = told.entries
    first = date.fromisoformat(step.figures["first_day"])
    whole = (date(2026, 3, 1) - first).days + 1
    assert "not in (date '2026-02-20')" in step.value_sql
    assert told.value_now == told.value_then == {"value": pytest.approx(step.figures["value"]), "n": step.figures["n"]}
    assert f"{whole - 1} of {whole} days" in dict(step.rows)["Now"]


def test_readings_are_kept_as_they_were_told(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(60, 0.92) + steady(4, 0.7))
    world.run()
    deliver(world.settings)
    world.put([(90.0, 100.0)], first=date(2026, 3, 3))
    world.write()
    told = shown(world)
    (changed,) = (one for one in told.readings if one.is_changed)
    assert changed.day == date(2026, 3, 3) and changed.then is not None and changed.now is not None
    assert (changed.then.numerator, changed.now.numerator) == (70.0, 90.0)
    assert told.value_then != told.value_now
    lines = "\n".join(alert_lines.render_alert(told))
    assert "the number   then 0.7 (n = " in lines and "SQL of the number:" in lines
    assert next(line for line in lines.splitlines() if line.endswith("changed")).startswith("2026-03-03")
    assert "sent" in lines and "lead" in lines


def test_without_a_warehouse_the_ledger_is_still_there(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(60, 0.92) + steady(4, 0.7))
    world.run()
    (alert,) = list_alerts(world.settings)
    told = alert_history(world.settings, alert.alert_id, None)
    assert told.readings and all(one.now is None for one in told.readings) and not told.is_compared
    assert told.value_then is not None and told.value_now is None
    assert "not known" in "\n".join(alert_lines.render_alert(told))


def test_an_alert_that_is_none_is_refused_with_the_nearest(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(60, 0.92) + steady(4, 0.7))
    world.run()
    alert_id = list_alerts(world.settings)[0].alert_id
    with pytest.raises(InputError, match="there is no alert") as error:
        alert_history(replace(world.settings), alert_id[:-1] + "z", None)
    assert alert_id in str(error.value.hint)
