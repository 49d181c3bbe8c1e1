"""Durations of all series of one moment of truth, from the marts, on one calendar."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from jkpi.alerts.series.panel import MartRows, Panel, SeriesKey
from jkpi.alerts.series.watched import ALL_CUSTOMERS, WatchedMoment
from jkpi.alerts.statistics.beta_binomial import Ints
from jkpi.alerts.statistics.duration_histogram import (
    DurationHistogram,
    empty_grid,
    grid_at_median,
    histogram_from_counts,
)
from jkpi.alerts.statistics.reading_grid import ReadingGrid
from jkpi.journeys.types import NO_SEGMENT_VALUE
from jkpi.warehouse.base import Warehouse

_EPOCH = date(1970, 1, 1)
_COUNTS_SQL = """
select
    segment, segment_value, period_start, definition, status = 'withheld' as is_withheld, decided_seconds,
    cast(coalesce(at_most_seconds, -1) as double precision) as at_most_seconds,
    cast(count_spells as double precision) as count_spells
from marts.fct_duration_counts
where journey = :journey and kpi = :kpi and period = :period and segment in ({segments})
order by segment, segment_value, period_start, at_most_seconds
"""
_COLUMNS = ("period_start", "at_most_seconds", "count_spells", "decided_seconds", "is_withheld")
_EMPTY_HISTOGRAM = histogram_from_counts(0, np.zeros(0), np.zeros((0, 1)), np.zeros(0), np.zeros(0, dtype=bool))


@dataclass(frozen=True, eq=False)
class DurationPanel:
    """Series of a moment, all customers first. grid: spans without counts, which depend on the edge. definition_since,
    definitions: as in Panel."""

    keys: tuple[SeriesKey, ...]
    grid: ReadingGrid
    histograms: tuple[DurationHistogram, ...]
    definition_since: tuple[date | None, ...]
    definitions: tuple[str | None, ...]


def read_duration_panel(
    warehouse: Warehouse, watched: WatchedMoment, wanted_keys: Collection[SeriesKey] | None = None
) -> DurationPanel:
    """Series of a moment that have durations, among wanted_keys or all. Empty if its KPI is no duration."""
    names = [ALL_CUSTOMERS[0], *watched.segment_names]
    sql = _COUNTS_SQL.format(segments=", ".join(f":segment_{number}" for number in range(len(names))))
    parameters: dict[str, Any] = {
        "journey": watched.journey,
        "kpi": watched.kpi,
        "period": watched.period,
        **{f"segment_{number}": name for number, name in enumerate(names)},
    }
    has_table = watched.is_duration and warehouse.table_exists("marts", "fct_duration_counts")
    rows = MartRows(list(warehouse.batches(sql, parameters)) if has_table else [])
    columns = {name: rows.column(name) for name in _COLUMNS}
    series = rows.series_spans()
    spans = {key: rows.since_definition_change(span) for key, span in series.items()}
    days, at_most_seconds = columns["period_start"].astype(np.int64), columns["at_most_seconds"]
    if wanted_keys is None:
        named = sorted(key for key in spans if key != ALL_CUSTOMERS and NO_SEGMENT_VALUE not in key[1].split("+"))
        wanted_keys = [ALL_CUSTOMERS, *named]
    keys = [key for key in wanted_keys if key in spans and (at_most_seconds[spans[key]] >= 0).any()]
    step = watched.evaluation_config.step_days
    first_number = min((int(days[spans[key]][0]) for key in keys), default=0)
    histograms = [
        _histogram(
            {name: values[spans[key]] for name, values in columns.items()}, (days[spans[key]] - first_number) // step
        )
        for key in keys
    ]
    definition_since = tuple(
        _EPOCH + timedelta(days=int(days[spans[key].start])) if spans[key].start > series[key].start else None
        for key in keys
    )
    definitions = tuple(rows.newest_definition(spans[key]) for key in keys)
    grid = empty_grid(_EPOCH + timedelta(days=first_number), step, histograms)
    return DurationPanel(tuple(keys), grid, tuple(histograms), definition_since, definitions)


def as_panel(panel: DurationPanel) -> Panel:
    """Panel of a moment that has durations only: cases within the median over all its days."""
    if not panel.keys:
        return Panel((ALL_CUSTOMERS,), empty_grid(_EPOCH, 1, [_EMPTY_HISTOGRAM]), (None,), (None,))
    grid = grid_at_median(panel.grid.first_day, panel.grid.step_days, panel.histograms)
    return Panel(panel.keys, grid, panel.definition_since, panel.definitions)


def _histogram(rows: dict[str, Any], columns: Ints) -> DurationHistogram:
    """Histogram of one series. columns (N,): columns of the days of its rows."""
    at_most_seconds, count = rows["at_most_seconds"], rows["count_spells"]
    start_column = int(columns[0])
    offsets, is_bounded = columns - start_column, at_most_seconds >= 0
    edges, bins = np.unique(at_most_seconds[is_bounded], return_inverse=True)
    length = int(offsets[-1]) + 1
    counts, decided_seconds, is_suspended = (
        np.zeros((length, len(edges) + 1)),
        np.zeros(length),
        np.zeros(length, dtype=bool),
    )
    np.add.at(counts[:, -1], offsets[~is_bounded], count[~is_bounded])
    np.add.at(counts, (offsets[is_bounded], bins), count[is_bounded])
    decided_seconds[offsets] = rows["decided_seconds"]
    is_suspended[offsets] = rows["is_withheld"].astype(bool)
    return histogram_from_counts(start_column, edges, counts, decided_seconds, is_suspended)
