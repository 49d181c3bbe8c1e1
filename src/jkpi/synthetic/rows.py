"""The rows of one source before they are written, and the truth about each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jkpi.synthetic.clock import NEVER, BoolArray, TimeArray, ZoneClock

VALID_ROW = ""
IGNORED_ROW = "unwanted"  # the source's YAML maps the value to null: skipped


@dataclass(frozen=True)
class SourceRows:
    """Columns as the source writes them, all of one length.

    count_events: events or responses of a row; count_new_events: those that no earlier row contains.
    status: VALID_ROW, IGNORED_ROW, or the reason for which the row must be rejected.
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
        """The selected rows, in that order."""
        return SourceRows(
            {name: values[which] for name, values in self.columns.items()},
            self.arrives_at[which],
            self.is_late[which],
            self.count_events[which],
            self.count_new_events[which],
            self.status[which],
        )

    def redelivered(self, arrives_at: TimeArray) -> SourceRows:
        """The same rows delivered again at another time, without new events."""
        return replace(self, arrives_at=arrives_at, count_new_events=np.zeros_like(self.count_new_events))

    def with_columns(self, changes: Mapping[str, Any]) -> SourceRows:
        """Rows with replaced columns; a single value applies to every row."""
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
        """Rows that must be rejected for `status`; each counts as one event."""
        ones = np.ones_like(self.count_events)
        return replace(self, count_events=ones, count_new_events=ones * 0, status=np.full(len(self), status))


def long_rows(
    columns: Mapping[str, NDArray[Any]],
    arrives_at: TimeArray,
    late: BoolArray,
    count_responses: TimeArray | None = None,
) -> SourceRows:
    """Rows with one event each, or with `count_responses` responses."""
    count = np.ones(len(arrives_at), dtype=np.int64) if count_responses is None else count_responses
    return SourceRows(columns, arrives_at, late, count, count, np.full(len(arrives_at), VALID_ROW))


def monthly_snapshots(
    clock: ZoneClock, milestones: Mapping[str, TimeArray], delay: TimeArray, late: BoolArray
) -> tuple[TimeArray, dict[str, TimeArray], TimeArray, TimeArray, TimeArray]:
    """Monthly exports of a wide table: every row that changed in the month, with the milestones known by then.

    delay: time from a milestone until it is known.

    Returns:
        Index of the row, its known milestones, arrival time of the snapshot, number of milestones, number of new ones.
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
    """All parts as one, in order."""
    return SourceRows(
        {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns},
        np.concatenate([part.arrives_at for part in parts]),
        np.concatenate([part.is_late for part in parts]),
        np.concatenate([part.count_events for part in parts]),
        np.concatenate([part.count_new_events for part in parts]),
        np.concatenate([part.status for part in parts]),
    )
