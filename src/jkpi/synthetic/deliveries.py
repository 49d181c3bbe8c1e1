"""Rows into monthly files, as deliveries really are: late, repeated, broken off and sent again, and with bad rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from jkpi.synthetic.clock import DAY, HOUR, MINUTE, NEVER, Clock, Mask, Texts, Times
from jkpi.synthetic.formats import RAGGED, Format, write
from jkpi.synthetic.random_streams import Generator, between, happens
from jkpi.synthetic.rows import SOUND, UNWANTED, Rows, stacked


@dataclass(frozen=True)
class Damage:
    """Copies of sound rows with something wrong in them: which columns hold what instead.

    `reason` is in the words in which `jkpi rejects` tells it.
    """

    reason: str
    count: int
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class BrokenOff:
    """A month whose file ends early; a second one brings the rest, and some of what was there already."""

    month: str
    ends_before: date
    sent_again_from: date


@dataclass(frozen=True)
class Delivery:
    """One folder's way of being filled. `second_month` has its late rows in a file of their own.

    `views` are the sources that read wide answers from it, each with its columns of scores; without any, the folder is
    read by one source, of its own name.
    """

    source: str
    how: Format
    second_month: str
    views: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    repeated: float = 0.004
    damages: tuple[Damage, ...] = ()
    broken_off: BrokenOff | None = None


@dataclass(frozen=True)
class Tally:
    """What one source reads, in events or answers: read = loaded + duplicates + rejected + unwanted."""

    files: tuple[str, ...]
    rows: int
    read: int
    loaded: int
    duplicates: int
    rejected: Mapping[str, int]
    unwanted: int
    late: int


def other_id(given: str) -> str:
    """An id that no sound row has: a bad row must not contradict the row it was copied from."""
    return f"X{given}"


def arrival(rng: Generator, at: Times, share_late: float = 0.03) -> tuple[Times, Mask]:
    """When what happened at `at` is delivered: within minutes, a share one to two days late. And which are late."""
    late = happens(rng, share_late, len(at))
    delay = np.where(late, rng.integers(DAY, 2 * DAY - HOUR, len(at)), rng.integers(MINUTE, 30 * MINUTE, len(at)))
    return np.where(at >= NEVER, NEVER, at + delay), late


def deliver(rng: Generator, clock: Clock, rows: Rows, plan: Delivery, folder: Path) -> dict[str, Tally]:
    """Write all files of one delivery into `folder`; a tally for each source that reads them."""
    arrived = rows.take(rows.arrives <= clock.as_of)
    rows = stacked([arrived, _repeats(rng, arrived, plan.repeated), *_damaged(rng, arrived, plan.damages)])
    rows = rows.take(rows.arrives <= clock.as_of)
    rows = rows.take(np.argsort(rows.arrives, kind="stable"))
    rows, names = _named(clock, rows, plan)
    files = []
    for name in sorted(set(names.tolist())):
        file = f"{name}{plan.how.suffix}"
        write(folder / file, rows.take(names == name), plan.how)
        files.append(file)
    if not plan.views:
        return {plan.source: _tally(rows, files)}
    return {source: _tally(_answers_in(rows, columns), files) for source, columns in plan.views.items()}


def _repeats(rng: Generator, rows: Rows, share: float) -> Rows:
    """Rows that are sent once more, the same to the letter, up to three days after."""
    chosen = rows.take(happens(rng, share, len(rows)))
    return chosen.told_before(between(rng, chosen.arrives, 0, 3 * DAY))


def _damaged(rng: Generator, rows: Rows, damages: tuple[Damage, ...]) -> list[Rows]:
    """Bad rows beside the sound ones, so that nothing true is lost with them."""
    found = []
    last = rows.arrives.max() - 3 * DAY
    candidates = np.flatnonzero((rows.fate == SOUND) & (rows.arrives < last))
    for damage in damages:
        chosen = rows.take(np.sort(rng.choice(candidates, damage.count, replace=False)))
        values = {
            name: np.array([change(old) for old in chosen.columns[name].tolist()]) if callable(change) else change
            for name, change in damage.changes.items()
        }
        copy = chosen.with_columns(values).spoiled(damage.reason)
        # A copy that contradicts its original has to come after it.
        found.append(copy.told_before(copy.arrives + 2 * HOUR))
    return found


def _named(clock: Clock, rows: Rows, plan: Delivery) -> tuple[Rows, Texts]:
    """Rows, some of them twice now, and the file (without its ending) that each is in."""
    months = clock.months(rows.arrives)
    base = np.char.add(f"{plan.source}_", months)
    names = np.where(rows.late & (months == plan.second_month), np.char.add(base, "_second"), base)
    broken = plan.broken_off
    if broken is None:
        return rows, names
    day = clock.day(rows.arrives)
    in_month = months == broken.month
    missed = in_month & (day >= clock.number(broken.ends_before))
    again = in_month & ~missed & (day >= clock.number(broken.sent_again_from)) & (rows.fate == SOUND)
    resent = f"{plan.source}_{broken.month}_resent"
    first = rows.take(~missed)
    repeated = rows.take(again)
    second = stacked([repeated.told_before(repeated.arrives), rows.take(missed)])
    return stacked([first, second]), np.concatenate([names[~missed], np.full(len(second), resent)])


def _answers_in(rows: Rows, columns: tuple[str, ...]) -> Rows:
    """The rows as a source sees them that reads these columns: where all are blank there is no answer in the row."""
    answers = np.sum([rows.columns[name] != "" for name in columns], axis=0)
    silent = (answers == 0) & (rows.fate != RAGGED)
    fate = np.where(silent, UNWANTED, rows.fate)
    speaks_of = np.where(fate == SOUND, answers, 1)
    return replace(rows, speaks_of=speaks_of, new=np.where(rows.new > 0, speaks_of, 0), fate=fate)


def _tally(rows: Rows, files: list[str]) -> Tally:
    sound = rows.fate == SOUND
    rejected = Counter(rows.fate[~sound & (rows.fate != UNWANTED)].tolist())
    return Tally(
        files=tuple(files),
        rows=len(rows),
        read=int(rows.speaks_of.sum()),
        loaded=int(rows.new[sound].sum()),
        duplicates=int((rows.speaks_of - rows.new)[sound].sum()),
        rejected=dict(sorted(rejected.items())),
        unwanted=int((rows.fate == UNWANTED).sum()),
        late=int((rows.late & sound & (rows.new > 0)).sum()),
    )
