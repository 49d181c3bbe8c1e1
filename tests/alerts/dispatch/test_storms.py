"""Many drops at once are one message for each receiver; a year of history is none."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from jkpi.alerts.delivery.outbox import deliver
from jkpi.config.settings import Receiver
from tests.alerts.made_world import FIRST, ON_SITE, World, steady

MakeWorld = Callable[..., World]
DROPS = int(os.environ.get("JKPI_TEST_BREACHES", "400"))
"""5000 for the long test."""
TWO_RECEIVERS = ON_SITE.replace("notify: [lead]", "notify: [lead, boss]")


@pytest.mark.slow
def test_very_many_drops_are_one_message_for_each_receiver(make_world: MakeWorld) -> None:
    world = make_world(TWO_RECEIVERS)
    folder = world.settings.workspace
    receivers = {name: Receiver(name, "file", path=folder / name) for name in ("lead", "boss")}
    world.settings = replace(world.settings, receivers=receivers)
    world.put(steady(64, 0.92, 30_000))
    for number in range(DROPS):
        world.put(steady(60, 0.92, 200) + steady(4, 0.3, 200), segment="region", value=f"r{number:04}")
    report = world.run()
    assert len(report.opened) == DROPS and report.messages_queued == 2
    assert deliver(world.settings).sent == 2
    assert {name: (folder / name).read_text().count("=" * 72) for name in ("lead", "boss")} == {"lead": 1, "boss": 1}
    assert all(len(message.body) < 40_000 for message in world.messages())
    assert world.run().messages_queued == 0


def test_the_first_run_over_a_year_of_history_notifies_nobody(make_world: MakeWorld) -> None:
    world = make_world()
    world.put(steady(365, 0.92))
    for month in range(2, 11):
        world.put(steady(8, 0.6), first=date(2026, month, 10))
    report = world.run()
    assert report.transitions == () and world.messages() == []
    assert Counter(state.state for state in report.states) == {"ok": 1}
    assert max(key[3] for key in world.rows) == date(2026, 12, 31) and date(2026, 1, 1) == FIRST
