"""Write rows into monthly files with realistic faults: late, repeated, truncated and resent files, corrupt rows."""

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
    """Corrupt copies of valid rows. changes: column -> wrong value. reason: the reject reason that jkpi must give."""

    reason: str
    count: int
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class TruncatedFile:
    """A month whose file ends early. A second file has the rest, and repeats some rows."""

    month: str
    ends_before: date
    resent_from: date


@dataclass(frozen=True)
class Delivery:
    """How one folder is filled. second_month: month whose late rows are in a separate file.

    views: sources that read wide responses from the folder, each with its score columns; if empty, one source with the
    name of the folder reads it.
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
    """What one source reads, in events or responses: read = loaded + duplicates + rejected + ignored."""

    files: tuple[str, ...]
    rows: int
    read: int
    loaded: int
    duplicates: int
    rejected: Mapping[str, int]
    ignored: int
    late: int


def unmatched_id(original: str) -> str:
    """An id that no valid row has, so that a corrupt row does not conflict with its original."""
    return f"X{original}"


def delivery_times(rng: NumpyGenerator, occurred_at: TimeArray, late_rate: float = 0.03) -> tuple[TimeArray, BoolArray]:
    """Delivery times of events: within minutes, some one to two days late. Also returns which are late."""
    late = bernoulli(rng, late_rate, len(occurred_at))
    delay = np.where(
        late, rng.integers(DAY, 2 * DAY - HOUR, len(occurred_at)), rng.integers(MINUTE, 30 * MINUTE, len(occurred_at))
    )
    return np.where(occurred_at >= NEVER, NEVER, occurred_at + delay), late


def write_delivery(
    rng: NumpyGenerator, clock: ZoneClock, rows: SourceRows, plan: Delivery, folder: Path
) -> dict[str, SourceTally]:
    """Write all files of one delivery into `folder`. Returns a tally per source that reads them."""
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
    """Identical rows that are sent again up to three days later."""
    duplicated = rows.take(bernoulli(rng, rate, len(rows)))
    return duplicated.redelivered(uniform_delay(rng, duplicated.arrives_at, 0, 3 * DAY))


def _corrupted(rng: NumpyGenerator, rows: SourceRows, corruptions: tuple[Corruption, ...]) -> list[SourceRows]:
    """Corrupt copies of valid rows; the originals are kept."""
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
        # A copy that conflicts with its original must come after it.
        corrupted.append(copy.redelivered(copy.arrives_at + 2 * HOUR))
    return corrupted


def _with_file_names(clock: ZoneClock, rows: SourceRows, plan: Delivery) -> tuple[SourceRows, TextArray]:
    """Rows (resent ones twice) and the file name, without suffix, of each row."""
    months = clock.months(rows.arrives_at)
    base = np.char.add(f"{plan.source}_", months)
    names = np.where(rows.is_late & (months == plan.second_month), np.char.add(base, "_second"), base)
    truncated = plan.truncated_file
    if truncated is None:
        return rows, names
    day = clock.day(rows.arrives_at)
    in_month = months == truncated.month
    is_missing = in_month & (day >= clock.day_number(truncated.ends_before))
    sent_twice = in_month & ~is_missing & (day >= clock.day_number(truncated.resent_from)) & (rows.status == VALID_ROW)
    resent = f"{plan.source}_{truncated.month}_resent"
    first_file = rows.take(~is_missing)
    repeated = rows.take(sent_twice)
    resent_file = stacked([repeated.redelivered(repeated.arrives_at), rows.take(is_missing)])
    return stacked([first_file, resent_file]), np.concatenate([names[~is_missing], np.full(len(resent_file), resent)])


def _responses_in(rows: SourceRows, columns: tuple[str, ...]) -> SourceRows:
    """The rows as a source sees them that reads these columns: a row without any value has no answer."""
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
