"""The rows of one source on their way into files, and what is true of each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jkpi.synthetic.clock import NEVER, Clock, Mask, Times

SOUND = ""
UNWANTED = "unwanted"  # the source's map says null: known, and not loaded


@dataclass(frozen=True)
class Rows:
    """Columns as the source writes them, all of one length.

    `speaks_of` counts the events or answers of a row, `new` those of them that no earlier row spoke of. `fate` is
    SOUND, UNWANTED, or the reason for which the row must be rejected.
    """

    columns: Mapping[str, NDArray[Any]]
    arrives: Times
    late: Mask
    speaks_of: Times
    new: Times
    fate: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.arrives)

    def take(self, which: Mask | Times) -> Rows:
        """The chosen rows, in that order."""
        return Rows(
            {name: values[which] for name, values in self.columns.items()},
            self.arrives[which],
            self.late[which],
            self.speaks_of[which],
            self.new[which],
            self.fate[which],
        )

    def told_before(self, arrives: Times) -> Rows:
        """The same rows once more, at another time: nothing in them is new."""
        return replace(self, arrives=arrives, new=np.zeros_like(self.new))

    def with_columns(self, changes: Mapping[str, Any]) -> Rows:
        """Some columns replaced; a single value goes into every row."""
        columns = dict(self.columns)
        for name, value in changes.items():
            if np.ndim(value) > 0:
                columns[name] = np.asarray(value)
            elif columns[name].dtype.kind == "M" and value == "":
                columns[name] = np.full(len(self), np.datetime64("NaT"))
            else:
                columns[name] = np.full(len(self), value)
        return replace(self, columns=columns)

    def spoiled(self, reason: str) -> Rows:
        """Rows that must be rejected: each counts as one, for one thing is wrong in it."""
        one = np.ones_like(self.speaks_of)
        return replace(self, speaks_of=one, new=one * 0, fate=np.full(len(self), reason))


def long_rows(columns: Mapping[str, NDArray[Any]], arrives: Times, late: Mask, answers: Times | None = None) -> Rows:
    """Rows that speak of one event each, or of so many answers."""
    count = np.ones(len(arrives), dtype=np.int64) if answers is None else answers
    return Rows(columns, arrives, late, count, count, np.full(len(arrives), SOUND))


def snapshots(
    clock: Clock, milestones: Mapping[str, Times], delay: Times, late: Mask
) -> tuple[Times, dict[str, Times], Times, Times, Times]:
    """A wide table as it is exported at each month's end: every row that was touched, with what was known by then.

    `delay` is how long after it happened a row's milestone is known.

    Returns:
        index of the row, its milestones as known, when the snapshot arrives, how many milestones it shows, and how many
        of them are new.
    """
    known = {name: np.where(at >= NEVER, NEVER, at + delay) for name, at in milestones.items()}
    parts = []
    for month in month_names(clock):
        seen = {name: (clock.months(at) <= month) & (at <= clock.as_of) for name, at in known.items()}
        new = {name: seen[name] & (clock.months(known[name]) == month) for name in known}
        touched = np.flatnonzero(np.any(list(new.values()), axis=0))
        shown = {name: np.where(seen[name], at, NEVER)[touched] for name, at in milestones.items()}
        last = np.max([np.where(new[name], known[name], 0) for name in known], axis=0)[touched]
        count_shown = np.sum(list(seen.values()), axis=0)[touched]
        parts.append((touched, shown, last, count_shown, np.sum(list(new.values()), axis=0)[touched]))
    index, arrives, speaks_of, new_ones = (np.concatenate([part[n] for part in parts]) for n in (0, 2, 3, 4))
    columns = {name: np.concatenate([part[1][name] for part in parts]) for name in milestones}
    return index, columns, arrives, speaks_of, new_ones


def month_names(clock: Clock) -> list[str]:
    """The local months from the first day to the last."""
    return sorted({clock.date(day).strftime("%Y-%m") for day in range(clock.days)})


def stacked(parts: Sequence[Rows]) -> Rows:
    """All rows, one part after the other."""
    return Rows(
        {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns},
        np.concatenate([part.arrives for part in parts]),
        np.concatenate([part.late for part in parts]),
        np.concatenate([part.speaks_of for part in parts]),
        np.concatenate([part.new for part in parts]),
        np.concatenate([part.fate for part in parts]),
    )
