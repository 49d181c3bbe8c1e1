"""All series of one moment of truth as the judge wants them: the mature readings of the marts, laid on a calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from jkpi.alerts.series.watched import UNNAMED, WHOLE, Watched
from jkpi.alerts.statistics import reading_matrix as marks
from jkpi.alerts.statistics.beta_binomial import Floats, Whole
from jkpi.alerts.statistics.reading_matrix import Grid, place
from jkpi.warehouse.base import Warehouse

if TYPE_CHECKING:
    import pyarrow as pa


Key = tuple[str, str]
"""Segment and value."""


class Rows:
    """Rows in order of their series and day, as Arrow brought them; texts only as often as they differ."""

    def __init__(self, batches: list[pa.RecordBatch]) -> None:
        self._batches = batches
        self._codes = {name: self._encoded(name) for name in ("segment", "segment_value", "definition")}

    def column(self, name: str) -> Any:
        """(N,): days since 1970, booleans, or floats with NaN where there is nothing."""
        return np.concatenate([plain(batch.column(name)) for batch in self._batches] or [np.zeros(0)])

    def series(self) -> dict[Key, slice]:
        """Where each series lies."""
        (segments, names), (values, labels) = self._codes["segment"], self._codes["segment_value"]
        changed = np.flatnonzero((np.diff(segments) != 0) | (np.diff(values) != 0)) + 1
        edges = [0, *changed.tolist(), len(segments)] if len(segments) else [0]
        return {(names[segments[start]], labels[values[start]]): slice(start, stop) for start, stop in pairwise(edges)}

    def newest(self, span: slice) -> slice:
        """The rows since the definition last changed: another one is another number, with a baseline of its own."""
        changed = np.flatnonzero(np.diff(self._codes["definition"][0][span]) != 0)
        return slice(span.start + int(changed[-1]) + 1, span.stop) if len(changed) else span

    def definition(self, span: slice) -> str | None:
        """That of the newest row; None where there is none."""
        codes, texts = self._codes["definition"]
        return texts[codes[span.stop - 1]] if span.stop > span.start else None

    def _encoded(self, name: str) -> tuple[Whole, list[Any]]:
        """(N,) codes, and the texts that they stand for."""
        import pyarrow as pa

        if not self._batches:
            return np.zeros(0, dtype=np.intp), []
        texts = pa.chunked_array([batch.column(name).cast(pa.string()) for batch in self._batches])
        encoded = texts.combine_chunks().dictionary_encode(null_encoding="encode")
        return encoded.indices.to_numpy(zero_copy_only=False).astype(np.intp), encoded.dictionary.to_pylist()


def plain(array: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_date(array.type):
        return array.cast(pa.date32()).cast(pa.int32()).to_numpy(zero_copy_only=False)
    return array.to_numpy(zero_copy_only=False)


_EPOCH = date(1970, 1, 1)
_MATURE = """
select
    segment, segment_value, period_start, status = 'withheld' as is_held, is_suppressed, definition,
    cast(numerator as double precision) as numerator, cast(denominator as double precision) as denominator,
    cast({passives} as double precision) as passives
from marts.fct_kpi_readings as readings
where journey = :journey and kpi = :kpi and statistic = :statistic and period = :period
    and status in ('final', 'withheld') and segment in ({segments})
order by segment, segment_value, period_start
"""
_AGES = """
select
    'age' as segment, cast(age_seconds as varchar) as segment_value, cohort_date as period_start,
    status = 'withheld' as is_held, is_suppressed, definition,
    cast(numerator as double precision) as numerator, cast(denominator as double precision) as denominator,
    cast(0 as double precision) as passives
from marts.fct_early_readings
where journey = :journey and kpi = :kpi and segment = 'all' and status in ('final', 'withheld')
order by age_seconds, cohort_date
"""
_PASSIVES = """(
        select max(counts.numerator) from marts.fct_kpi_readings as counts
        where counts.journey = readings.journey and counts.kpi = readings.kpi and counts.statistic = 'passives'
            and counts.period = readings.period and counts.period_start = readings.period_start
            and counts.segment = readings.segment and counts.segment_value = readings.segment_value
    )"""


@dataclass(frozen=True, eq=False)
class Panel:
    """Series of a moment, the whole first: `keys` are (segment, value), `grid` holds their readings of today's
    definition, `definitions`; `defined` the day from which it counts, where readings of another one lie before."""

    keys: tuple[Key, ...]
    grid: Grid
    defined: tuple[date | None, ...]
    definitions: tuple[str | None, ...]

    def first_day(self, row: int) -> date | None:
        read = self._read(row)
        return self.grid.day(int(read[0])) if len(read) else None

    def last_day(self, row: int) -> date | None:
        read = self._read(row)
        return self.grid.day(int(read[-1])) if len(read) else None

    def held_days(self, row: int) -> frozenset[date]:
        held = np.flatnonzero(self.grid.mark[:, row] == marks.HELD)
        return frozenset(self.grid.day(int(column)) for column in held)

    def _read(self, row: int) -> Whole:
        read: Whole = np.flatnonzero(self.grid.mark[:, row] != marks.ABSENT)
        return read


def read_panel(w: Warehouse, watched: Watched, until: date | None) -> Panel:
    """Final readings, and withheld ones as held; provisional ones are not there yet. `until`: the last day that ought
    to have a mature one.

    A missing numerator or denominator is no proportion, which the judge reports as an error. What is too small to be
    shown is too small to be judged: nobody was counted. A value of a segment that nobody named is not a series.
    """
    names = [WHOLE[0], *watched.by]
    sql = _MATURE.format(
        passives=_PASSIVES if watched.statistic == "nps" else "0",
        segments=", ".join(f":segment_{number}" for number in range(len(names))),
    )
    parameters: dict[str, Any] = {
        "journey": watched.journey, "kpi": watched.kpi, "statistic": watched.statistic, "period": watched.period,
        **{f"segment_{number}": name for number, name in enumerate(names)},
    }  # fmt: skip
    rows = Rows(list(w.batches(sql, parameters)))
    spans = rows.series()
    spans.setdefault(WHOLE, slice(0, 0))
    keys = [WHOLE, *(key for key in spans if key != WHOLE and UNNAMED not in key[1].split("+"))]
    return _laid(watched, rows, keys, spans, until, turned=watched.direction == "lower")


def read_ages(w: Warehouse, watched: Watched) -> Panel:
    """What share of each cohort of all customers had moved on at each age: a series an age, more is better. Keys are
    ("age", its seconds)."""
    rows = Rows(list(w.batches(_AGES, {"journey": watched.journey, "kpi": watched.kpi})))
    spans = rows.series()
    return _laid(watched, rows, list(spans), spans, None, turned=False)


def _laid(
    watched: Watched,
    rows: Rows,
    keys: list[Key],
    spans: dict[Key, slice],
    until: date | None,
    turned: bool,
) -> Panel:
    """`turned`: what is counted is bad."""
    kept = [rows.newest(spans[key]) for key in keys]
    days = rows.column("period_start").astype(np.int64)
    step = watched.cadence.step
    starts = [int(days[one.start]) for one in kept if one.stop > one.start]
    first = min(starts, default=0)
    ends = [int(days[one.stop - 1]) for one in kept if one.stop > one.start]
    last = max([*ends, (until - _EPOCH).days if until and ends else first])
    length = (last - first) // step + 1 if ends else 0
    shape = (length, len(keys))
    begin, end = (np.zeros(len(keys), dtype=np.intp) for _ in range(2))
    good, n, passive = (np.zeros(shape) for _ in range(3))
    mark = np.zeros(shape, dtype=np.int8)
    grid = Grid(_EPOCH + timedelta(days=first), step, good, n, passive, mark, begin, end)
    counts, held = _counts(rows, turned), rows.column("is_held").astype(bool)
    due = (until - _EPOCH).days if until else first
    for row, one in enumerate(kept):
        if one.stop > one.start:
            begin[row] = (days[one.start] - first) // step
            newest = int(days[one.stop - 1])
            # Only the whole is missed when it brings nothing: of a segment there may have been nobody.
            end[row] = ((max(newest, due) if row == 0 else newest) - first) // step + 1
            place(grid, row, (days[one] - first) // step, counts[one], held[one])
    defined = tuple(
        _EPOCH + timedelta(days=int(days[one.start])) if one.start > spans[key].start else None
        for key, one in zip(keys, kept, strict=True)
    )
    return Panel(tuple(keys), grid, defined, tuple(rows.definition(one) for one in kept))


def _counts(rows: Rows, turned: bool) -> Floats:
    """(N, 3): good, n and passive."""
    shown = ~rows.column("is_suppressed").astype(bool)
    n = np.where(shown, rows.column("denominator").astype(float), 0.0)
    good = np.where(shown, rows.column("numerator").astype(float), 0.0)
    good = np.where(np.isnan(good) & (n == 0), 0.0, good)
    if turned:
        good = n - good
    passive = np.where(shown, np.nan_to_num(rows.column("passives").astype(float)), 0.0)
    return np.stack([good, n, passive], axis=1)
