"""Evaluates and delivers in forked children that are killed, either by themselves at a stage or from outside.

The parent has imported everything and opened nothing, so a child is cheap and hundreds can run. Prints one line a
round: the kills, the messages in the outbox, and how often each arrived.

    python killed.py FOLDER ROUNDS staged|anywhere
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from jkpi.alerts.delivery import outbox as delivery
from jkpi.alerts.dispatch import evaluate_and_dispatch as evaluation
from jkpi.config.settings import Receiver, Settings
from jkpi.journeys.reader import read_journeys
from jkpi.state.engine import outbox, state_session
from jkpi.warehouse.open import open_warehouse

NOW = datetime(2026, 3, 6, 6, tzinfo=UTC)


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def work(settings: Settings, minute: int, stage: str) -> None:
    """Evaluate and deliver, some minutes later by the clock of the machine."""
    if stage == "before commit":
        evaluation.replace_series_states = die  # type: ignore[assignment, attr-defined]
    if stage not in ("after send", "deliver"):
        with open_warehouse(settings, read_only=True) as warehouse:
            evaluation.evaluate_and_dispatch(settings, warehouse, read_journeys(settings.workspace))
    if stage == "after commit":
        die()
    if stage == "after send":
        delivery._mark_sent = die  # type: ignore[assignment]
    delivery.deliver(settings, lambda: NOW + timedelta(minutes=minute))


def forked(work: Callable[[], None], kill_after: float | None = None) -> int:
    """How the child ended: 0, or the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(sys.exc_info()[0] is not None)
    if kill_after is not None:
        time.sleep(kill_after)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def main(folder: Path, rounds: int, mode: str) -> None:
    chance = random.Random(1)
    for number in range(rounds):
        directory = folder / f"round{number}"
        directory.mkdir()
        shutil.copy(folder / "state.db", directory / "state.db")
        lead = Receiver("lead", "file", path=directory / "lead.txt")
        settings = Settings(
            folder, "made", f"duckdb:///{folder}/warehouse.duckdb", f"sqlite:///{directory}/state.db", folder, NOW,
            receivers={"lead": lead},
        )  # fmt: skip
        kills = 0
        for step, stage in enumerate(("before commit", "after commit", "after send")):
            if mode == "staged":
                ended = forked(partial(work, settings, 10 * step, stage))
                assert ended == -signal.SIGKILL, (stage, ended)
            else:
                ended = forked(partial(work, settings, 10 * step, ""), chance.uniform(0.0, 0.25))
                assert ended in (0, -signal.SIGKILL), ended
            kills += ended == -signal.SIGKILL
        assert forked(partial(work, settings, 60, "")) == 0
        assert forked(partial(work, settings, 120, "deliver")) == 0
        text = lead.path.read_text() if lead.path and lead.path.exists() else ""
        with state_session(settings.state_url) as connection:
            written = {row.notification_id: row.status for row in connection.execute(outbox.select())}
        sys.stdout.write(
            json.dumps({"kills": kills, "written": written, "arrived": Counter(re.findall(r"Message (\w+)\.", text))})
            + "\n"
        )
        shutil.rmtree(directory)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
