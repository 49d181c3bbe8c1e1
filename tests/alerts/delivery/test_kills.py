"""Many SIGKILLs: no message is lost, and one arrives twice only if it was sent but not yet marked."""

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


def rounds(make_world: MakeWorld, count: int, mode: str) -> list[dict[str, Any]]:
    """The messages about one drop in each round, while evaluation and delivery are killed three times."""
    world = make_world()
    world.put(steady(60, 0.92))
    world.run()
    world.put(steady(4, 0.7), first=date(2026, 3, 2))
    world.write()
    command = [sys.executable, str(KILLED), str(world.settings.workspace), str(count), mode]
    process = subprocess.run(command, capture_output=True, text=True, timeout=400)
    assert process.returncode == 0, process.stderr
    return [json.loads(line) for line in process.stdout.splitlines()]


ROUNDS = int(os.environ.get("JKPI_TEST_KILLS", "30")) // 3
"""Rounds of three kills. JKPI_TEST_KILLS=200 runs the long test."""


@pytest.mark.slow
def test_kills_before_commit_after_commit_and_after_sending(make_world: MakeWorld) -> None:
    outcomes = rounds(make_world, ROUNDS, "staged")
    assert len(outcomes) == ROUNDS
    for outcome in outcomes:
        assert outcome["kills"] == 3
        (message,) = outcome["written"]
        assert outcome["written"] == {message: "sent"}
        assert outcome["arrived"] == {message: 2}


@pytest.mark.slow
def test_kills_at_any_time(make_world: MakeWorld) -> None:
    outcomes = rounds(make_world, ROUNDS, "anywhere")
    assert sum(outcome["kills"] for outcome in outcomes) > ROUNDS
    for outcome in outcomes:
        (message,) = outcome["written"]
        assert outcome["written"] == {message: "sent"}
        assert set(outcome["arrived"]) == {message} and 1 <= outcome["arrived"][message] <= 1 + outcome["kills"]
