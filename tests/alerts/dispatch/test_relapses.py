"""An alert that resolved and whose drop returns: the same alert is open again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from jkpi.alerts.store.listing import list_alerts
from tests.alerts.made_world import FIRST, ON_SITE, World, steady


def test_a_relapse_reopens_the_same_alert(make_world: Callable[..., World]) -> None:
    world = make_world(ON_SITE.replace("promise: 0.9", "promise: 0.6"))
    world.put(steady(60, 0.92) + steady(6, 0.8))
    (opened,) = world.run().transitions
    good_days = FIRST + timedelta(days=66)
    world.put(steady(5, 0.92), first=good_days)
    assert world.run().transitions == (), "five good days are no usual week"
    world.put(steady(9, 0.92), first=good_days)
    (resolved,) = world.run().transitions
    assert (resolved.alert_id, resolved.transition) == (opened.alert_id, "resolved")
    world.put(steady(4, 0.8), first=good_days + timedelta(days=9))
    (reopened,) = world.run().transitions
    assert (reopened.alert_id, reopened.transition) == (opened.alert_id, "reopened")
    assert reopened.headline.startswith("Technician on site: dropped again, by about 12 points (9 to 15), from 92 %")
    message = world.messages()[-1]
    assert (
        "The alert is open again: the drop since Monday 2 March 2026 was over on Saturday 14 March 2026."
        in " ".join(message.body.split())
    )
    (listed,) = list_alerts(world.settings)
    assert (listed.status, listed.onset, listed.fired_on) == (
        "open",
        FIRST + timedelta(days=60),
        FIRST + timedelta(days=76),
    )
    assert world.run().transitions == ()
