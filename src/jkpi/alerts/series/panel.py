"""Series of one moment of truth: mature readings from the marts, on one calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from jkpi.alerts.series.watched import ALL_CUSTOMERS, WatchedMoment
from jkpi.alerts.statistics import reading_grid
from jkpi.alerts.statistics.beta_binomial import Floats, Ints
from jkpi.alerts.statistics.reading_grid import ReadingGrid, write_readings
from jkpi.journeys.types import NO_SEGMENT_VALUE
from jkpi.warehouse.base import Warehouse

if TYPE_CHECKING:
    import pyarrow as pa


SeriesKey = tuple[str, str]
"""Segment and value."""


class MartRows:
    """Rows ordered by series and day, in Arrow batches. Texts are dictionary-encoded."""

    def __init__(self, batches: list[pa.RecordBatch]) -> None:
        self._batches = batches
        self._codes = {name: self._encoded(name) for name in ("segment", "segment_value", "definition")}

    def column(self, name: str) -> Any:
        """(N,): days since 1970, booleans, or floats with NaN for NULL."""
        return np.concatenate([to_numpy(batch.column(name)) for batch in self._batches] or [np.zeros(0)])

    def series_spans(self) -> dict[SeriesKey, slice]:
        """Rows of each series."""
        (segments, names), (values, labels) = self._codes["segment"], self._codes["segment_value"]
        changed = np.flatnonzero((np.diff(segments) != 0) | (np.diff(values) != 0)) + 1
        edges = [0, *changed.tolist(), len(segments)] if len(segments) else [0]
        return {(names[segments[start]], labels[values[start]]): slice(start, stop) for start, stop in pairwise(edges)}

    def since_definition_change(self, span: slice) -> slice:
        """Rows since the KPI definition last changed: a new definition is a new number, with a baseline of its own."""
        changed = np.flatnonzero(np.diff(self._codes["definition"][0][span]) != 0)
        return slice(span.start + int(changed[-1]) + 1, span.stop) if len(changed) else span

    def newest_definition(self, span: slice) -> str | None:
        """Definition of the newest row; None if there is no row."""
        codes, texts = self._codes["definition"]
        return texts[codes[span.stop - 1]] if span.stop > span.start else None

    def _encoded(self, name: str) -> tuple[Ints, list[Any]]:
        """(N,) codes, and the texts they encode."""
        import pyarrow as pa

        if not self._batches:
            return np.zeros(0, dtype=np.intp), []
        texts = pa.chunked_array([batch.column(name).cast(pa.string()) for batch in self._batches])
        encoded = texts.combine_chunks().dictionary_encode(null_encoding="encode")
        return encoded.indices.to_numpy(zero_copy_only=False).astype(np.intp), encoded.dictionary.to_pylist()


def to_numpy(array: Any) -> Any:
    """Arrow array as NumPy array; dates become days since 1970."""
    import pyarrow as pa

    if pa.types.is_date(array.type):
        return array.cast(pa.date32()).cast(pa.int32()).to_numpy(zero_copy_only=False)
    return array.to_numpy(zero_copy_only=False)


_EPOCH = date(1970, 1, 1)
_MATURE_SQL = """
select
    segment, segment_value, period_start, status = 'withheld' as is_withheld, is_suppressed, definition,
    cast(numerator as double precision) as numerator, cast(denominator as double precision) as denominator,
    cast({passives} as double precision) as passives
from marts.fct_kpi_readings as readings
where journey = :journey and kpi = :kpi and statistic = :statistic and period = :period
    and status in ('final', 'withheld') and segment in ({segments})
order by segment, segment_value, period_start
"""
_AGES_SQL = """
select
    'age' as segment, cast(age_seconds as varchar) as segment_value, cohort_date as period_start,
    status = 'withheld' as is_withheld, is_suppressed, definition,
    cast(numerator as double precision) as numerator, cast(denominator as double precision) as denominator,
    cast(0 as double precision) as passives
from marts.fct_early_readings
where journey = :journey and kpi = :kpi and segment = 'all' and status in ('final', 'withheld')
order by age_seconds, cohort_date
"""
_CLOSED_WITHIN_SQL = """
select
    'age' as segment, cast(:age as varchar) as segment_value, period_start,
    status = 'withheld' as is_withheld, is_suppressed, definition,
    cast(numerator as double precision) as numerator, cast(denominator as double precision) as denominator,
    cast(0 as double precision) as passives
from marts.fct_kpi_readings
where journey = :journey and kpi = :kpi and statistic = 'closed_within' and period = 'day' and segment = 'all'
    and status in ('final', 'withheld')
order by period_start
"""
_PASSIVES_SQL = """(
        select max(counts.numerator) from marts.fct_kpi_readings as counts
        where counts.journey = readings.journey and counts.kpi = readings.kpi and counts.statistic = 'passives'
            and counts.period = readings.period and counts.period_start = readings.period_start
            and counts.segment = readings.segment and counts.segment_value = readings.segment_value
    )"""


@dataclass(frozen=True, eq=False)
class Panel:
    """Series of a moment, all customers first. keys: (segment, value). grid: readings under the current definition.
    definitions: that definition. definition_since: first day of it, if readings under another one come before; else
    None."""

    keys: tuple[SeriesKey, ...]
    grid: ReadingGrid
    definition_since: tuple[date | None, ...]
    definitions: tuple[str | None, ...]

    def first_day(self, row: int) -> date | None:
        columns = self.read_columns(row)
        return self.grid.day(int(columns[0])) if len(columns) else None

    def last_day(self, row: int) -> date | None:
        columns = self.read_columns(row)
        return self.grid.day(int(columns[-1])) if len(columns) else None

    def suspended_days(self, row: int) -> frozenset[date]:
        columns = np.flatnonzero(self.grid.status[:, row] == reading_grid.SUSPENDED)
        return frozenset(self.grid.day(int(column)) for column in columns)

    def read_columns(self, row: int) -> Ints:
        """Columns of a series with a reading, final or withheld."""
        columns: Ints = np.flatnonzero(self.grid.status[:, row] != reading_grid.MISSING)
        return columns


def read_panel(warehouse: Warehouse, watched: WatchedMoment, until: date | None) -> Panel:
    """Final and withheld readings; provisional ones are left out. until: last day that should have a mature reading.

    A NULL numerator or denominator becomes an INVALID cell, which is reported as an error. Suppressed cells count as 0
    cases: what is too small to show is too small to evaluate. Segment value (none) is no series.
    """
    names = [ALL_CUSTOMERS[0], *watched.segment_names]
    sql = _MATURE_SQL.format(
        passives=_PASSIVES_SQL if watched.statistic == "nps" else "0",
        segments=", ".join(f":segment_{number}" for number in range(len(names))),
    )
    parameters: dict[str, Any] = {
        "journey": watched.journey,
        "kpi": watched.kpi,
        "statistic": watched.statistic,
        "period": watched.period,
        **{f"segment_{number}": name for number, name in enumerate(names)},
    }
    rows = MartRows(list(warehouse.batches(sql, parameters)))
    spans = rows.series_spans()
    spans.setdefault(ALL_CUSTOMERS, slice(0, 0))
    keys = [
        ALL_CUSTOMERS,
        *(key for key in spans if key != ALL_CUSTOMERS and NO_SEGMENT_VALUE not in key[1].split("+")),
    ]
    return _panel_from_rows(watched, rows, keys, spans, until, is_inverted=watched.direction == "lower")


def read_age_panel(warehouse: Warehouse, watched: WatchedMoment) -> Panel:
    """Share of each cohort of all customers that had progressed at each age; of promises, the share closed early. One
    series an age, higher is better. Keys are ("age", seconds)."""
    sql, parameters = _AGES_SQL, {"journey": watched.journey, "kpi": watched.kpi}
    if watched.is_promise:
        sql, parameters = _CLOSED_WITHIN_SQL, {**parameters, "age": str(watched.early_age // timedelta(seconds=1))}
    rows = MartRows(list(warehouse.batches(sql, parameters)))
    spans = rows.series_spans()
    return _panel_from_rows(watched, rows, list(spans), spans, None, is_inverted=False)


def _panel_from_rows(
    watched: WatchedMoment,
    rows: MartRows,
    keys: list[SeriesKey],
    spans: dict[SeriesKey, slice],
    until: date | None,
    is_inverted: bool,
) -> Panel:
    """Panel of these rows. is_inverted: the numerator counts bad outcomes."""
    current_spans = [rows.since_definition_change(spans[key]) for key in keys]
    days = rows.column("period_start").astype(np.int64)
    step = watched.evaluation_config.step_days
    starts = [int(days[span.start]) for span in current_spans if span.stop > span.start]
    first_number = min(starts, default=0)
    ends = [int(days[span.stop - 1]) for span in current_spans if span.stop > span.start]
    last_number = max([*ends, (until - _EPOCH).days if until and ends else first_number])
    length = (last_number - first_number) // step + 1 if ends else 0
    shape = (length, len(keys))
    begin, end = (np.zeros(len(keys), dtype=np.intp) for _ in range(2))
    successes, n, neutral = (np.zeros(shape) for _ in range(3))
    status = np.zeros(shape, dtype=np.int8)
    grid = ReadingGrid(_EPOCH + timedelta(days=first_number), step, successes, n, neutral, status, begin, end)
    counts, is_suspended = _counts(rows, is_inverted), rows.column("is_withheld").astype(bool)
    due_number = (until - _EPOCH).days if until else first_number
    for row, span in enumerate(current_spans):
        if span.stop > span.start:
            begin[row] = (days[span.start] - first_number) // step
            newest = int(days[span.stop - 1])
            # A day without a reading is missing for all customers only: a segment may have had no cases that day.
            end[row] = ((max(newest, due_number) if row == 0 else newest) - first_number) // step + 1
            write_readings(grid, row, (days[span] - first_number) // step, counts[span], is_suspended[span])
    definition_since = tuple(
        _EPOCH + timedelta(days=int(days[span.start])) if span.start > spans[key].start else None
        for key, span in zip(keys, current_spans, strict=True)
    )
    return Panel(tuple(keys), grid, definition_since, tuple(rows.newest_definition(span) for span in current_spans))


def _counts(rows: MartRows, is_inverted: bool) -> Floats:
    """(N, 3): successes, n, neutral."""
    is_shown = ~rows.column("is_suppressed").astype(bool)
    n = np.where(is_shown, rows.column("denominator").astype(float), 0.0)
    successes = np.where(is_shown, rows.column("numerator").astype(float), 0.0)
    successes = np.where(np.isnan(successes) & (n == 0), 0.0, successes)
    if is_inverted:
        successes = n - successes
    neutral = np.where(is_shown, np.nan_to_num(rows.column("passives").astype(float)), 0.0)
    return np.stack([successes, n, neutral], axis=1)
