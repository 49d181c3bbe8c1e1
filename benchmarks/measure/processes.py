"""Cost of a command: wall time, CPU of all its processes, memory, and bytes spilled to disk."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

_EVERY_SECONDS = 0.1


@dataclass(frozen=True)
class Cost:
    """Seconds of wall and CPU; peak megabytes of memory (all processes together) and of spilled files."""

    wall: float
    cpu: float
    memory: float
    spill: float
    output: str = ""

    def without(self, other: Cost) -> Cost:
        """Times after subtracting those of another run."""
        return replace(self, wall=self.wall - other.wall, cpu=self.cpu - other.cpu)

    def __str__(self) -> str:
        spilled = f", {self.spill:6,.0f} MB spilled" if self.spill >= 1 else ""
        return f"{self.wall:7.1f} s   CPU {self.cpu:7.1f} s   {self.memory:6,.0f} MB{spilled}"


def run(command: Sequence[str], spills: Sequence[Path] = ()) -> Cost:
    """Run a command to its end. spills: folders with spilled files.

    Exits this program with the output of the command if it fails.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, env={**os.environ, "DO_NOT_TRACK": "1"})
        watch = _Watch(process.pid, spills)
        code = process.wait()
        wall = time.perf_counter() - started
        memory, spill = watch.end()
        out.seek(0)
        err.seek(0)
        output = out.read()
        if code:
            sys.exit(f"{' '.join(command)} ended with {code}:\n{output[-2000:]}\n{err.read()[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, memory, spill, output)


class _Watch:
    """Samples the memory of a process tree and the size of folders until end() is called."""

    def __init__(self, pid: int, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._memory = self._spill = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, args=(pid,), daemon=True)
        self._thread.start()

    def end(self) -> tuple[float, float]:
        """Peak megabytes of memory and of spilled files."""
        self._over.set()
        self._thread.join()
        return self._memory / 1e6, self._spill / 1e6

    def _look(self, pid: int) -> None:
        while not self._over.wait(_EVERY_SECONDS):
            resident = 0
            with suppress(psutil.Error):
                first = psutil.Process(pid)
                for process in (first, *first.children(recursive=True)):
                    with suppress(psutil.Error):
                        resident += process.memory_info().rss
            self._memory = max(self._memory, resident)
            self._spill = max(self._spill, sum(map(_size, self._folders)))


def _size(folder: Path) -> int:
    total = 0
    with suppress(OSError):  # files come and go while they are counted
        for entry in os.scandir(folder):
            with suppress(OSError):
                total += entry.stat().st_blocks * 512
    return total
