"""Progress bars on a terminal, plain lines elsewhere; always on stderr, because stdout is for the result."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from jkpi.protocols import NO_PROGRESS, Progress


class Display:
    """Progress display of a verb; no bars if stderr is not a terminal."""

    def __init__(self) -> None:
        self._on_terminal = sys.stderr.isatty()

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """A bar for each task of the work inside."""
        if not self._on_terminal:
            yield NO_PROGRESS
            return
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        columns = (TextColumn("  {task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
            yield _Bars(bars)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step of a run, logged with its duration."""
        started = time.monotonic()
        if self._on_terminal:
            sys.stderr.write(f"  {name} ...\r")
            sys.stderr.flush()
        yield
        log(f"  {name:<14} {time.monotonic() - started:5.1f} s")


class _Bars:
    def __init__(self, bars: object) -> None:
        from rich.progress import Progress as Bars
        from rich.progress import TaskID

        assert isinstance(bars, Bars)
        self._bars = bars
        self._task: TaskID | None = None

    def start(self, description: str, total: float | None = None) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(description, total=total)

    def advance(self, amount: float = 1) -> None:
        if self._task is not None:
            self._bars.advance(self._task, amount)


def log(line: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
