"""Rows into monthly files, as deliveries really are: late, repeated, broken off and sent again, and with bad rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from jkpi.synthetic.clock import DAY, HOUR, MINUTE, NEVER, BoolArray, TextArray, TimeArray, ZoneClock
from jkpi.synthetic.formats import RAGGED, OutputFormat, write_file
from jkpi.synthetic.random_streams import NumpyGenerator, bernoulli, uniform_delay
from jkpi.synthetic.rows import IGNORED_ROW, VALID_ROW, SourceRows, stacked


@dataclass(frozen=True)
class Corruption:
    """Copies of sound rows with something wrong in them: which columns hold what instead.

    `reason` is in the words in which `jkpi rejects` tells it.
    """

    reason: str
    count: int
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class TruncatedFile:
    """A month whose file ends early; a second one brings the rest, and some of what was there already."""

    month: str
    ends_before: date
    resent_from: date


@dataclass(frozen=True)
class Delivery:
    """One folder's way of being filled. `second_month` has its late rows in a file of their own.

    `views` are the sources that read wide answers from it, each with its columns of scores; without any, the folder is
    read by one source, of its own name.
    """

    source: str
    output_format: OutputFormat
    second_month: str
    views: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    duplicate_rate: float = 0.004
    corruptions: tuple[Corruption, ...] = ()
    truncated_file: TruncatedFile | None = None


@dataclass(frozen=True)
class SourceTally:
    """What one source reads, in events or answers: read = loaded + duplicates + rejected + unwanted."""

    files: tuple[str, ...]
    rows: int
    read: int
    loaded: int
    duplicates: int
    rejected: Mapping[str, int]
    ignored: int
    late: int


def unmatched_id(original: str) -> str:
    """An id that no sound row has: a bad row must not contradict the row it was copied from."""
    return f"X{original}"


def delivery_times(rng: NumpyGenerator, occurred_at: TimeArray, late_rate: float = 0.03) -> tuple[TimeArray, BoolArray]:
    """When what happened at `at` is delivered: within minutes, a share one to two days late. And which are late."""
    late = bernoulli(rng, late_rate, len(occurred_at))
    delay = np.where(
        late, rng.integers(DAY, 2 * DAY - HOUR, len(occurred_at)), rng.integers(MINUTE, 30 * MINUTE, len(occurred_at))
    )
    return np.where(occurred_at >= NEVER, NEVER, occurred_at + delay), late


def write_delivery(
    rng: NumpyGenerator, clock: ZoneClock, rows: SourceRows, plan: Delivery, folder: Path
) -> dict[str, SourceTally]:
    """Write all files of one delivery into `folder`; a tally for each source that reads them."""
    arrived = rows.take(rows.arrives_at <= clock.as_of)
    rows = stacked(
        [arrived, _duplicates(rng, arrived, plan.duplicate_rate), *_corrupted(rng, arrived, plan.corruptions)]
    )
    rows = rows.take(rows.arrives_at <= clock.as_of)
    rows = rows.take(np.argsort(rows.arrives_at, kind="stable"))
    rows, names = _with_file_names(clock, rows, plan)
    files = []
    for name in sorted(set(names.tolist())):
        file = f"{name}{plan.output_format.suffix}"
        write_file(folder / file, rows.take(names == name), plan.output_format)
        files.append(file)
    if not plan.views:
        return {plan.source: _count_rows(rows, files)}
    return {source: _count_rows(_responses_in(rows, columns), files) for source, columns in plan.views.items()}


def _duplicates(rng: NumpyGenerator, rows: SourceRows, rate: float) -> SourceRows:
    """Rows that are sent once more, the same to the letter, up to three days after."""
    duplicated = rows.take(bernoulli(rng, rate, len(rows)))
    return duplicated.redelivered(uniform_delay(rng, duplicated.arrives_at, 0, 3 * DAY))


def _corrupted(rng: NumpyGenerator, rows: SourceRows, corruptions: tuple[Corruption, ...]) -> list[SourceRows]:
    """Bad rows beside the sound ones, so that nothing true is lost with them."""
    corrupted = []
    last = rows.arrives_at.max() - 3 * DAY
    candidates = np.flatnonzero((rows.status == VALID_ROW) & (rows.arrives_at < last))
    for corruption in corruptions:
        chosen = rows.take(np.sort(rng.choice(candidates, corruption.count, replace=False)))
        values = {
            name: np.array([change(original) for original in chosen.columns[name].tolist()])
            if callable(change)
            else change
            for name, change in corruption.changes.items()
        }
        copy = chosen.with_columns(values).with_status(corruption.reason)
        # A copy that contradicts its original has to come after it.
        corrupted.append(copy.redelivered(copy.arrives_at + 2 * HOUR))
    return corrupted


def _with_file_names(clock: ZoneClock, rows: SourceRows, plan: Delivery) -> tuple[SourceRows, TextArray]:
    """Rows, some of them twice now, and the file (without its ending) that each is in."""
    months = clock.months(rows.arrives_at)
    base = np.char.add(f"{plan.source}_", months)
    names = np.where(rows.is_late & (months == plan.second_month), np.char.add(base, "_second"), base)
    truncated = plan.truncated_file
    if truncated is None:
        return rows, names
    day = clock.day(rows.arrives_at)
    in_month = months == truncated.month
    cut_off = in_month & (day >= clock.day_number(truncated.ends_before))
    sent_twice = in_month & ~cut_off & (day >= clock.day_number(truncated.resent_from)) & (rows.status == VALID_ROW)
    resent = f"{plan.source}_{truncated.month}_resent"
    first_file = rows.take(~cut_off)
    repeated = rows.take(sent_twice)
    resent_file = stacked([repeated.redelivered(repeated.arrives_at), rows.take(cut_off)])
    return stacked([first_file, resent_file]), np.concatenate([names[~cut_off], np.full(len(resent_file), resent)])


def _responses_in(rows: SourceRows, columns: tuple[str, ...]) -> SourceRows:
    """The rows as a source sees them that reads these columns: where all are blank there is no answer in the row."""
    responses = np.sum([rows.columns[name] != "" for name in columns], axis=0)
    is_empty = (responses == 0) & (rows.status != RAGGED)
    status = np.where(is_empty, IGNORED_ROW, rows.status)
    count_events = np.where(status == VALID_ROW, responses, 1)
    return replace(
        rows,
        count_events=count_events,
        count_new_events=np.where(rows.count_new_events > 0, count_events, 0),
        status=status,
    )


def _count_rows(rows: SourceRows, files: list[str]) -> SourceTally:
    is_valid = rows.status == VALID_ROW
    rejected = Counter(rows.status[~is_valid & (rows.status != IGNORED_ROW)].tolist())
    return SourceTally(
        files=tuple(files),
        rows=len(rows),
        read=int(rows.count_events.sum()),
        loaded=int(rows.count_new_events[is_valid].sum()),
        duplicates=int((rows.count_events - rows.count_new_events)[is_valid].sum()),
        rejected=dict(sorted(rejected.items())),
        ignored=int((rows.status == IGNORED_ROW).sum()),
        late=int((rows.is_late & is_valid & (rows.count_new_events > 0)).sum()),
    )
