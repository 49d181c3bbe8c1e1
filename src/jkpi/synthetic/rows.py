"""The rows of one source on their way into files, and what is true of each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jkpi.synthetic.clock import NEVER, BoolArray, TimeArray, ZoneClock

VALID_ROW = ""
IGNORED_ROW = "unwanted"  # the source's map says null: known, and not loaded


@dataclass(frozen=True)
class SourceRows:
    """Columns as the source writes them, all of one length.

    `speaks_of` counts the events or answers of a row, `new` those of them that no earlier row spoke of. `fate` is
    SOUND, UNWANTED, or the reason for which the row must be rejected.
    """

    columns: Mapping[str, NDArray[Any]]
    arrives_at: TimeArray
    is_late: BoolArray
    count_events: TimeArray
    count_new_events: TimeArray
    status: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.arrives_at)

    def take(self, which: BoolArray | TimeArray) -> SourceRows:
        """The chosen rows, in that order."""
        return SourceRows(
            {name: values[which] for name, values in self.columns.items()},
            self.arrives_at[which],
            self.is_late[which],
            self.count_events[which],
            self.count_new_events[which],
            self.status[which],
        )

    def redelivered(self, arrives_at: TimeArray) -> SourceRows:
        """The same rows once more, at another time: nothing in them is new."""
        return replace(self, arrives_at=arrives_at, count_new_events=np.zeros_like(self.count_new_events))

    def with_columns(self, changes: Mapping[str, Any]) -> SourceRows:
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

    def with_status(self, status: str) -> SourceRows:
        """Rows that must be rejected: each counts as one, for one thing is wrong in it."""
        ones = np.ones_like(self.count_events)
        return replace(self, count_events=ones, count_new_events=ones * 0, status=np.full(len(self), status))


def long_rows(
    columns: Mapping[str, NDArray[Any]],
    arrives_at: TimeArray,
    late: BoolArray,
    count_responses: TimeArray | None = None,
) -> SourceRows:
    """Rows that speak of one event each, or of so many answers."""
    count = np.ones(len(arrives_at), dtype=np.int64) if count_responses is None else count_responses
    return SourceRows(columns, arrives_at, late, count, count, np.full(len(arrives_at), VALID_ROW))


def monthly_snapshots(
    clock: ZoneClock, milestones: Mapping[str, TimeArray], delay: TimeArray, late: BoolArray
) -> tuple[TimeArray, dict[str, TimeArray], TimeArray, TimeArray, TimeArray]:
    """A wide table as it is exported at each month's end: every row that was touched, with what was known by then.

    `delay` is how long after it happened a row's milestone is known.

    Returns:
        index of the row, its milestones as known, when the snapshot arrives, how many milestones it shows, and how many
        of them are new.
    """
    known_at = {name: np.where(at >= NEVER, NEVER, at + delay) for name, at in milestones.items()}
    parts = []
    for month in month_names(clock):
        is_visible = {name: (clock.months(at) <= month) & (at <= clock.as_of) for name, at in known_at.items()}
        is_new = {name: is_visible[name] & (clock.months(known_at[name]) == month) for name in known_at}
        changed = np.flatnonzero(np.any(list(is_new.values()), axis=0))
        visible_milestones = {name: np.where(is_visible[name], at, NEVER)[changed] for name, at in milestones.items()}
        arrives_in_month = np.max([np.where(is_new[name], known_at[name], 0) for name in known_at], axis=0)[changed]
        count_visible = np.sum(list(is_visible.values()), axis=0)[changed]
        parts.append(
            (
                changed,
                visible_milestones,
                arrives_in_month,
                count_visible,
                np.sum(list(is_new.values()), axis=0)[changed],
            )
        )
    index, arrives, count_events, count_new_events = (np.concatenate([part[n] for part in parts]) for n in (0, 2, 3, 4))
    columns = {name: np.concatenate([part[1][name] for part in parts]) for name in milestones}
    return index, columns, arrives, count_events, count_new_events


def month_names(clock: ZoneClock) -> list[str]:
    """The local months from the first day to the last."""
    return sorted({clock.date(day).strftime("%Y-%m") for day in range(clock.days)})


def stacked(parts: Sequence[SourceRows]) -> SourceRows:
    """All rows, one part after the other."""
    return SourceRows(
        {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns},
        np.concatenate([part.arrives_at for part in parts]),
        np.concatenate([part.is_late for part in parts]),
        np.concatenate([part.count_events for part in parts]),
        np.concatenate([part.count_new_events for part in parts]),
        np.concatenate([part.status for part in parts]),
    )
