"""Evaluate every series of every moment over its whole history: by readings, and by durations if it has them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from itertools import islice

from jkpi.alerts.detection.combine_lines import combine_results
from jkpi.alerts.detection.episodes import EMPTY_HISTORY, SeriesResult
from jkpi.alerts.detection.promise_breach import is_drop_from_kept_promise, separate_promise_breach
from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.series.duration_panel import DurationPanel, as_panel, read_duration_panel
from jkpi.alerts.series.panel import Panel, SeriesKey, read_panel
from jkpi.alerts.series.watched import ALL_CUSTOMERS, WatchedMoment
from jkpi.alerts.series.wave_panel import evaluate_waves, read_wave_panel
from jkpi.alerts.statistics.duration_histogram import DurationHistogram
from jkpi.alerts.statistics.reading_grid import ReadingGrid, concat_grids
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.holidays import most_common_timezone, read_holidays


def allocate_budget(
    watched: WatchedMoment, panel: Panel, moment_index: int, line_count: int = 1
) -> list[SeriesToEvaluate]:
    """Rules of the series of a moment, each with its own promise. All customers get half of the false-alarm budget, the
    segments share the other half.

    line_count: 2 if durations are tested in addition to the share within tolerance; each line then gets half.
    """
    segment_count = len(panel.keys) - 1
    fraction = (0.5 if segment_count else 1.0) / line_count
    total = SeriesToEvaluate(watched.rule_for(budget_share=fraction), 2 * moment_index)
    rules: dict[float | None, SeriesToEvaluate] = {}
    segments = []
    for key in panel.keys[1:]:
        promise = watched.promise_to(*key)
        if promise not in rules:
            rules[promise] = SeriesToEvaluate(watched.rule_for(segment_count, fraction, key), 2 * moment_index + 1)
        segments.append(rules[promise])
    return [total, *segments]


def for_sign_test(to_evaluate: Sequence[SeriesToEvaluate]) -> list[SeriesToEvaluate]:
    """The same budget and min_drop for the sign test, in points of the share within the usual median; without a
    promise."""
    return [
        replace(series, rule=replace(series.rule, promise=None, has_local_baseline=False)) for series in to_evaluate
    ]


NO_RESULT = SeriesResult(SeriesState.NO_DATA, None, (), None, None, EMPTY_HISTORY)


@dataclass(frozen=True, eq=False)
class MomentResult:
    """Series of a moment, all customers first: their readings, rules and results."""

    panel: Panel
    to_evaluate: tuple[SeriesToEvaluate, ...]
    results: tuple[SeriesResult, ...]


def evaluate_moments(
    warehouse: Warehouse, all_watched: Sequence[WatchedMoment], due_days: Mapping[WatchedMoment, date | None]
) -> dict[WatchedMoment, MomentResult]:
    """Results of all moments. Moments of one cadence are evaluated together, and so are their sign tests. Those by
    survey wave are evaluated one by one."""
    by_wave = {watched: _evaluate_by_wave(warehouse, watched) for watched in all_watched if watched.is_by_wave}
    all_watched = [watched for watched in all_watched if not watched.is_by_wave]
    panels = {
        watched: read_panel(warehouse, watched, due_days[watched]) for watched in all_watched if watched.has_share
    }
    duration_panels = {
        watched: read_duration_panel(warehouse, watched, panels[watched].keys if watched in panels else None)
        for watched in all_watched
    }
    panels |= {watched: as_panel(duration_panels[watched]) for watched in all_watched if not watched.has_share}
    holiday_dates = holidays_in_span(warehouse, [panel.grid for panel in panels.values()])
    moment_results: dict[WatchedMoment, MomentResult] = {}
    for config in {watched.evaluation_config for watched in all_watched}:
        same_config = [watched for watched in all_watched if watched.evaluation_config == config]
        to_evaluate = {
            watched: allocate_budget(
                watched,
                panels[watched],
                moment_index,
                line_count=2 if watched.has_share and duration_panels[watched].keys else 1,
            )
            for moment_index, watched in enumerate(same_config)
        }
        share_results = _evaluate_shares(
            {watched: panels[watched] for watched in same_config if watched.has_share}, to_evaluate, holiday_dates
        )
        sign_test_results = _run_sign_tests(
            {watched: duration_panels[watched] for watched in same_config if duration_panels[watched].keys},
            to_evaluate,
            holiday_dates,
        )
        for watched in same_config:
            moment_shares, moment_sign_tests = share_results.get(watched, {}), sign_test_results.get(watched, {})
            total, *segments = (
                _combined_result(moment_shares.get(key), moment_sign_tests.get(key)) for key in panels[watched].keys
            )
            grid, rules = panels[watched].grid, to_evaluate[watched]
            results = (
                total,
                *(
                    separate_promise_breach(segment, partial(is_drop_from_kept_promise, grid, row, rules[row].rule))
                    for row, segment in enumerate(segments, start=1)
                ),
            )
            moment_results[watched] = MomentResult(panels[watched], tuple(to_evaluate[watched]), results)
    return moment_results | by_wave


def _evaluate_by_wave(warehouse: Warehouse, watched: WatchedMoment) -> MomentResult:
    panel, names = read_wave_panel(warehouse, watched)
    to_evaluate = allocate_budget(watched, panel, 0)
    results = evaluate_waves(watched, panel, names, to_evaluate)
    return MomentResult(panel, tuple(to_evaluate), tuple(results[key] for key in panel.keys))


def _combined_result(share_result: SeriesResult | None, sign_test_result: SeriesResult | None) -> SeriesResult:
    if share_result is None or sign_test_result is None:
        return share_result or sign_test_result or NO_RESULT
    return combine_results(share_result, sign_test_result)


def holidays_in_span(warehouse: Warehouse, grids: Sequence[ReadingGrid]) -> frozenset[date]:
    """Holidays of the workspace from the day before the first day of these grids to a week after the last."""
    spans = [(grid.first_day, grid.day(grid.length)) for grid in grids if grid.length]
    if not spans or not warehouse.table_exists("raw", "map_journeys"):
        return frozenset()
    first, last = min(first for first, _ in spans), max(last for _, last in spans)
    zone = most_common_timezone(warehouse)
    return read_holidays(warehouse, zone, first - timedelta(days=1), last + timedelta(weeks=1))


def _evaluate_shares(
    panels: Mapping[WatchedMoment, Panel],
    to_evaluate: Mapping[WatchedMoment, Sequence[SeriesToEvaluate]],
    holiday_dates: Collection[date],
) -> dict[WatchedMoment, dict[SeriesKey, SeriesResult]]:
    """Moment -> series -> result of its readings."""
    if not panels:
        return {}
    horizons = [watched.horizon_days for watched, panel in panels.items() for _ in panel.keys]
    grid = concat_grids([panel.grid for panel in panels.values()]).with_holidays(holiday_dates, horizons)
    results = replay_grid(grid, [series for watched in panels for series in to_evaluate[watched]])
    return {
        watched: dict(zip(panel.keys, islice(results, len(panel.keys)), strict=True))
        for watched, panel in panels.items()
    }


def _run_sign_tests(
    duration_panels: Mapping[WatchedMoment, DurationPanel],
    to_evaluate: Mapping[WatchedMoment, Sequence[SeriesToEvaluate]],
    holiday_dates: Collection[date],
) -> dict[WatchedMoment, dict[SeriesKey, SeriesResult]]:
    """Moment -> series -> result of its sign test."""
    if not duration_panels:
        return {}
    grid, histograms = _concat_panels(list(duration_panels.values()))
    grid = grid.with_holidays(
        holiday_dates, [watched.horizon_days for watched, panel in duration_panels.items() for _ in panel.keys]
    )
    sign_test_series = [
        to_evaluate[watched][0 if key == ALL_CUSTOMERS else 1]
        for watched, panel in duration_panels.items()
        for key in panel.keys
    ]
    results = replay_grid(grid, for_sign_test(sign_test_series), histograms)
    return {
        watched: dict(zip(panel.keys, islice(results, len(panel.keys)), strict=True))
        for watched, panel in duration_panels.items()
    }


def _concat_panels(panels: Sequence[DurationPanel]) -> tuple[ReadingGrid, list[DurationHistogram]]:
    grid = concat_grids([panel.grid for panel in panels])
    shifted = [
        replace(
            histogram,
            start_column=histogram.start_column + (panel.grid.first_day - grid.first_day).days // grid.step_days,
        )
        for panel in panels
        for histogram in panel.histograms
    ]
    return grid, shifted
