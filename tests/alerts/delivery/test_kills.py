"""SIGKILL, again and again: nothing is lost, and a message comes twice only where it was sent and not yet marked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.alerts.made_world import World, steady

MakeWorld = Callable[..., World]
KILLED = Path(__file__).parent / "killed.py"


def rounds(make_world: MakeWorld, number: int, how: str) -> list[dict[str, Any]]:
    """What became of one fall, told anew in each round, while those who tell it are killed three times."""
    world = make_world()
    world.put(steady(60, 0.92))
    world.run()
    world.put(steady(4, 0.7), first=date(2026, 3, 2))
    world.write()
    command = [sys.executable, str(KILLED), str(world.settings.workspace), str(number), how]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


ROUNDS = int(os.environ.get("JKPI_TEST_KILLS", "30")) // 3
"""Of three kills each: JKPI_TEST_KILLS=200 for the long proof."""


@pytest.mark.slow
def test_killed_before_the_commit_after_it_and_after_sending(make_world: MakeWorld) -> None:
    found = rounds(make_world, ROUNDS, "staged")
    assert len(found) == ROUNDS
    for one in found:
        assert one["kills"] == 3
        (message,) = one["written"]
        assert one["written"] == {message: "sent"}
        assert one["arrived"] == {message: 2}


@pytest.mark.slow
def test_killed_anywhere(make_world: MakeWorld) -> None:
    found = rounds(make_world, ROUNDS, "anywhere")
    assert sum(one["kills"] for one in found) > ROUNDS
    for one in found:
        (message,) = one["written"]
        assert one["written"] == {message: "sent"}
        assert set(one["arrived"]) == {message} and 1 <= one["arrived"][message] <= 1 + one["kills"]
