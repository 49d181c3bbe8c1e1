"""The competitor: what an expert in this data and in DuckDB would write by hand to be as fast as possible.

It makes what jkpi measure makes (journey instances, stage visits, scored responses, transitions, readings with
intervals and statuses) from the same raw tables, for this one workspace: no quality check, no map versions, no
calendar, no second engine. As a program it prints one JSON object a step, with seconds of wall and CPU.

    python -m benchmarks.measure.by_hand WAREHOUSE OUTPUT AS_OF [MEMORY_LIMIT]
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure.by_hand_constants import constants
from benchmarks.measure.by_hand_ranks import Z, ranks, t_quantiles
from benchmarks.measure.maps import IDLE, WINDOW, microseconds

if TYPE_CHECKING:
    import duckdb

FOLDER = Path(__file__).parent / "by_hand_sql"


def _values(as_of: datetime) -> dict[str, str | int]:
    """Values of the placeholders in the SQL. Touchpoints are given as the low five bits of a timestamp: stage * 4 +
    position."""
    return {
        "as_of": f"timestamp '{as_of}'",
        "as_of_us": microseconds(as_of),
        "idle": microseconds(IDLE),
        "window": microseconds(WINDOW),
        "start": 4,
        "finish": 20,
        "repeated": 5,
        "occurring": 6,
        "clock_from": 12,
        "clock_to": 16,
        "late_by": "interval 1 day",
        "z": repr(Z),
    }


def steps() -> Iterator[tuple[str, str]]:
    """Name and SQL of each step, in order."""
    for file in sorted(FOLDER.glob("*.sql")):
        parts = re.split(r"^-- step: (.*)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
        yield from zip(parts[1::2], parts[2::2], strict=True)


def count_by_hand(
    warehouse: Path, output: Path, as_of: datetime, memory_limit: str | None = None
) -> Iterator[dict[str, float | str]]:
    """Count everything from warehouse, which is only read, into a new file. Yields a row a step."""
    import duckdb

    output.unlink(missing_ok=True)
    values = _values(as_of)
    hooks: dict[str, Callable[[duckdb.DuckDBPyConnection], None]] = {"order statistics": ranks, "readings": t_quantiles}
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
        connection.execute(f"set temp_directory = '{output}.tmp'")
        if memory_limit:
            connection.execute(f"set memory_limit = '{memory_limit}'")
        connection.execute(f"attach '{warehouse}' as src (read_only); attach '{output}' as out")
        clock = _Clock()
        constants(connection)
        yield clock.lap("constants")
        for name, sql in steps():
            if name in hooks:
                hooks[name](connection)
            connection.execute(re.sub(r"\{(\w+)\}", lambda match: str(values[match[1]]), sql))
            if name == "split instances":
                _assert_sorted(connection)
            yield clock.lap(name)
        connection.execute("checkpoint out")
        yield clock.lap("checkpoint")


def _assert_sorted(connection: duckdb.DuckDBPyConnection) -> None:
    """Window functions without partition rely on the order of the table. Every step keeps it; this asserts it."""
    sql = "select count(*) from (select pid, o, lag(pid) over () as p, lag(o) over () as q from steps) where pid < p"
    (wrong,) = connection.execute(f"{sql} or (pid = p and o < q)").fetchone() or (1,)
    assert not wrong, f"{wrong} steps out of order"


class _Clock:
    """Wall and CPU seconds of this process since the last lap."""

    def __init__(self) -> None:
        self._last = self._now()

    def lap(self, name: str) -> dict[str, float | str]:
        before, self._last = self._last, self._now()
        return {"step": name, "wall": self._last[0] - before[0], "cpu": self._last[1] - before[1]}

    @staticmethod
    def _now() -> tuple[float, float]:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return time.perf_counter(), used.ru_utime + used.ru_stime


if __name__ == "__main__":
    for lap in count_by_hand(Path(sys.argv[1]), Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3]), *sys.argv[4:5]):
        print(json.dumps(lap), flush=True)
