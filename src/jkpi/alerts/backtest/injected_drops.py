"""How soon a fall would have been seen at a series' own volume: falls planted in its own past, and judged. Pure.

Each copy of the series keeps its past up to some day and loses good outcomes from then on: by chance, so many in a
hundred. The draw is seeded by the series' name, so that asking twice gives one answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar
from zlib import crc32

import numpy as np

from jkpi.alerts.detection.episodes import Track
from jkpi.alerts.detection.replay import Tried, replay_all
from jkpi.alerts.statistics import reading_matrix as marks
from jkpi.alerts.statistics.beta_binomial import Floats, Whole
from jkpi.alerts.statistics.reading_matrix import Grid
from jkpi.alerts.statistics.rules import Rule

TOLD_FALLS = (0.05, 0.10, 0.20)
"""Points that are told, as shares; the others find out the smallest fall that shows."""
FALLS = (0.01, 0.02, 0.03, 0.05, 0.07, 0.10, 0.15, 0.20, 0.30)
STARTS = 24
MOSTLY = 0.8
"""Of planted falls so many must be seen in time for their size to be called visible."""


@dataclass(frozen=True)
class Seen:
    """What was `planted` so often: `within` the share that was told in the first week (of a weekly series: after the
    first reading), `in_two` in the first two, `median` the readings until it was told, None where most never were in
    four weeks."""

    planted: int
    within: float
    in_two: float
    median: int | None


@dataclass(frozen=True)
class SeenFall(Seen):
    """`fall` as a rate."""

    fall: float


Of = TypeVar("Of", bound=Seen)


def plant(grid: Grid, row: int, rule: Rule, track: Track, name: str) -> list[SeenFall]:
    """One line for each fall, the smallest first; none where the past is too short to plant any."""
    starts = calm_starts(grid, row, rule, track)
    if not len(starts):
        return []
    falls = np.repeat(FALLS, len(starts))
    copies = _copies(grid, row, np.tile(starts, len(FALLS)), falls, rule.cadence.learning, name)
    tracks = replay_all(copies, [Tried(rule, number) for number in range(len(falls))])
    seen = [how_soon(grid, starts, islice(tracks, len(starts)), rule.cadence.cycle) for _ in FALLS]
    return [SeenFall(*one, fall) for fall, one in zip(FALLS, seen, strict=True) if one is not None]


def smallest(seen: Sequence[Of]) -> Of | None:
    """Of what was planted, the smallest first, that from which on at least four in five are told within a week."""
    visible = None
    for one in reversed(seen):
        if one.within < MOSTLY:
            break
        visible = one
    return visible


def how_soon(
    grid: Grid, starts: Whole, tracks: Iterable[Track], week: int
) -> tuple[int, float, float, int | None] | None:
    """What `Seen` says of copies of a series, into each of which something was planted at its start; None where none
    was free of alerts there."""
    delays = []
    for start, copy in zip(starts, tracks, strict=True):
        began = grid.day(int(start))
        if any(one.fired_on < began and (one.closed_on is None or one.closed_on >= began) for one in copy.breaches):
            continue
        told = [(one.fired_on - began).days // grid.step + 1 for one in copy.breaches if one.fired_on >= began]
        delays.append(min(told, default=np.inf))
    if not delays:
        return None
    found = np.array(delays)
    middle = float(np.quantile(found, 0.5, method="higher"))
    median = int(middle) if np.isfinite(middle) else None
    return len(found), float((found <= week).mean()), float((found <= 2 * week).mean()), median


def calm_starts(grid: Grid, row: int, rule: Rule, track: Track) -> Whole:
    """Columns with a reading, spread over what is past learning, outside of breaches and a month before the end."""
    month = rule.cadence.learning
    earliest = int(grid.begin[row]) + month + 2 * rule.cadence.gap
    columns = np.flatnonzero((grid.mark[:, row] == marks.READ) & (grid.n[:, row] > 0))
    columns = columns[(columns >= earliest) & (columns < int(grid.end[row]) - rule.cadence.cycle)]
    # A fall in a fall proves nothing.
    around = [(one.since, one.closed_on or grid.day(grid.length)) for one in track.breaches]
    calm = [column for column in columns if not any(first <= grid.day(int(column)) <= last for first, last in around)]
    starts: Whole = np.array(calm, dtype=np.intp)
    if len(starts) <= STARTS:
        return starts
    return starts[np.linspace(0, len(starts) - 1, STARTS).astype(np.intp)]


def _copies(grid: Grid, row: int, starts: Whole, falls: Floats, lasting: int, name: str) -> Grid:
    """The series so many times, each with its own fall, ending a month after it began."""
    number = len(starts)
    rng = np.random.default_rng(crc32(name.encode()))
    good, n, passive = (np.repeat(one[:, [row]], number, axis=1) for one in (grid.good, grid.n, grid.passive))
    column = np.arange(grid.length)[:, None]
    since, until = starts[None, :], np.minimum(starts + lasting, int(grid.end[row]))
    usual = good.sum(axis=0) / np.maximum(n.sum(axis=0), 1.0)
    lost = np.where(column >= since, np.minimum(falls / np.maximum(usual, 1e-9), 1.0), 0.0)
    # Halves are good as well: what is drawn is whole, and is taken from both in proportion.
    taken = np.minimum(rng.binomial(np.ceil(good).astype(np.int64), lost), good)
    left = 1.0 - taken / np.maximum(good, 1e-9)
    mark = np.where(column < until, grid.mark[:, [row]], marks.ABSENT).astype(np.int8)
    begin = np.full(number, int(grid.begin[row]))
    return Grid(grid.first, grid.step, good * left, n, passive * left, mark, begin, until.ravel())
