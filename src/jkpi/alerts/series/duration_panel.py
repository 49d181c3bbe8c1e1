"""The durations of all series of one moment of truth, read from the marts and laid on a calendar."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from jkpi.alerts.series.panel import Key, Panel, Rows
from jkpi.alerts.series.watched import UNNAMED, WHOLE, Watched
from jkpi.alerts.statistics.beta_binomial import Whole
from jkpi.alerts.statistics.reading_matrix import Grid
from jkpi.alerts.statistics.sign_test import Durations, at_middle, blank, counted
from jkpi.warehouse.base import Warehouse

_EPOCH = date(1970, 1, 1)
_COUNTS = """
select
    segment, segment_value, period_start, definition, status = 'withheld' as is_held, decided_seconds,
    cast(coalesce(at_most_seconds, -1) as double precision) as at_most_seconds,
    cast(count_spells as double precision) as count_spells
from marts.fct_duration_counts
where journey = :journey and kpi = :kpi and period = :period and segment in ({segments})
order by segment, segment_value, period_start, at_most_seconds
"""
_READ = ("period_start", "at_most_seconds", "count_spells", "decided_seconds", "is_held")
_NOBODY = counted(0, np.zeros(0), np.zeros((0, 1)), np.zeros(0), np.zeros(0, dtype=bool))


@dataclass(frozen=True, eq=False)
class DurationPanel:
    """Series of a moment, the whole first; `grid` has their spans, and no counts yet: these depend on the edge.
    `defined` and `definitions` as in `Panel`."""

    keys: tuple[Key, ...]
    grid: Grid
    durations: tuple[Durations, ...]
    defined: tuple[date | None, ...]
    definitions: tuple[str | None, ...]


def read_durations(w: Warehouse, watched: Watched, among: Collection[Key] | None = None) -> DurationPanel:
    """Of these series of a moment, or of all that it has, those with durations; empty where its KPI is about none."""
    names = [WHOLE[0], *watched.by]
    sql = _COUNTS.format(segments=", ".join(f":segment_{number}" for number in range(len(names))))
    parameters: dict[str, Any] = {
        "journey": watched.journey, "kpi": watched.kpi, "period": watched.period,
        **{f"segment_{number}": name for number, name in enumerate(names)},
    }  # fmt: skip
    has_table = watched.is_duration and w.table_exists("marts", "fct_duration_counts")
    rows = Rows(list(w.batches(sql, parameters)) if has_table else [])
    columns = {name: rows.column(name) for name in _READ}
    series = rows.series()
    spans = {key: rows.newest(span) for key, span in series.items()}
    days, at_most = columns["period_start"].astype(np.int64), columns["at_most_seconds"]
    if among is None:
        named = sorted(key for key in spans if key != WHOLE and UNNAMED not in key[1].split("+"))
        among = [WHOLE, *named]
    keys = [key for key in among if key in spans and (at_most[spans[key]] >= 0).any()]
    step = watched.cadence.step
    first = min((int(days[spans[key]][0]) for key in keys), default=0)
    found = [
        _durations({name: one[spans[key]] for name, one in columns.items()}, (days[spans[key]] - first) // step)
        for key in keys
    ]
    defined = tuple(
        _EPOCH + timedelta(days=int(days[spans[key].start])) if spans[key].start > series[key].start else None
        for key in keys
    )
    definitions = tuple(rows.definition(spans[key]) for key in keys)
    grid = blank(_EPOCH + timedelta(days=first), step, found)
    return DurationPanel(tuple(keys), grid, tuple(found), defined, definitions)


def as_readings(panel: DurationPanel) -> Panel:
    """Of a moment that has nothing but durations: how many were done within the median of all its days."""
    if not panel.keys:
        return Panel((WHOLE,), blank(_EPOCH, 1, [_NOBODY]), (None,), (None,))
    grid = at_middle(panel.grid.first, panel.grid.step, panel.durations)
    return Panel(panel.keys, grid, panel.defined, panel.definitions)


def _durations(rows: dict[str, Any], columns: Whole) -> Durations:
    """One series of its rows: `columns` (N,) are those of their days."""
    at_most, count = rows["at_most_seconds"], rows["count_spells"]
    start = int(columns[0])
    own, over = columns - start, at_most >= 0
    edges, bins = np.unique(at_most[over], return_inverse=True)
    length = int(own[-1]) + 1
    counts, decided, held = np.zeros((length, len(edges) + 1)), np.zeros(length), np.zeros(length, dtype=bool)
    np.add.at(counts[:, -1], own[~over], count[~over])
    np.add.at(counts, (own[over], bins), count[over])
    decided[own] = rows["decided_seconds"]
    held[own] = rows["is_held"].astype(bool)
    return counted(start, edges, counts, decided, held)
