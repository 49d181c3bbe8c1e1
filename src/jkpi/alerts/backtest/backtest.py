"""Backtest: alerts that would have fired, the false-alarm rate, and detection rates of injected drops and slowdowns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from jkpi.alerts.backtest.chart import backtest_chart
from jkpi.alerts.backtest.injected_drops import DropDetectionRate, inject_drops, minimum_detectable
from jkpi.alerts.backtest.injected_slowdowns import SlowdownDetectionRate, inject_slowdowns
from jkpi.alerts.backtest.next_wave import NextWave, next_wave
from jkpi.alerts.detection.episodes import Detection, Episode, SeriesResult
from jkpi.alerts.detection.replay import SeriesToEvaluate
from jkpi.alerts.notifications.headline import expected_rate
from jkpi.alerts.notifications.wave_text import against_text
from jkpi.alerts.series.due_days import due_day
from jkpi.alerts.series.duration_panel import read_duration_panel
from jkpi.alerts.series.evaluate import evaluate_moments, for_sign_test
from jkpi.alerts.series.moment_context import configured_moments
from jkpi.alerts.series.panel import Panel
from jkpi.alerts.series.time_until_final import TimeUntilFinal, declared_time, with_observed_times
from jkpi.alerts.series.watched import ALL_CUSTOMERS, Series, WatchedMoment
from jkpi.alerts.series.wave_panel import wave_readings
from jkpi.alerts.transitions.inhibition import same_episode
from jkpi.config.settings import Settings
from jkpi.documents.validation_errors import did_you_mean
from jkpi.errors import InputError, SystemFailure
from jkpi.journeys.calendars.reader import read_calendars
from jkpi.journeys.model import Journey
from jkpi.warehouse.base import Warehouse


@dataclass(frozen=True)
class PastAlert:
    """An alert that would have fired, with the figures of that day; rates are higher-is-better. inhibited_by_total: a
    segment that dropped with all customers, reported as one alert."""

    series_id: str
    onset: date
    fired_on: date
    closed_on: date | None
    reasons: tuple[str, ...]
    rate: float
    baseline: float
    n: float
    inhibited_by_total: bool = False


@dataclass(frozen=True)
class BacktestResult:
    """Backtest of one moment of truth.

    target_false_alarm_every, false_alarm_every: in days, as configured, and to expect for all customers; the second is
    at most the first, and None if the history is too short.
    detection_rates, minimum_detectable_drop: for drops of all customers, as rates; empty if the KPI is no proportion.
    slowdown_detection_rates, minimum_detectable_slowdown: as factors; empty if the KPI is no duration.
    time_until_final: as the history shows. segments_below_promise: those that are below it now without a drop, such as
    "region = south"; no alerts, but listed monthly. next_wave: of a moment by survey wave, where no drops are injected.
    """

    watched: WatchedMoment
    first_day: date | None
    last_day: date | None
    series_count: int
    alerts: tuple[PastAlert, ...]
    target_false_alarm_every: float
    false_alarm_every: float | None
    mean_n: float
    detection_rates: tuple[DropDetectionRate, ...]
    minimum_detectable_drop: float | None
    slowdown_detection_rates: tuple[SlowdownDetectionRate, ...]
    minimum_detectable_slowdown: float | None
    chart_path: Path
    time_until_final: TimeUntilFinal
    segments_below_promise: tuple[str, ...] = ()
    next_wave: NextWave | None = None


def backtest(
    settings: Settings, warehouse: Warehouse, journeys: Sequence[Journey], moment: str | None
) -> list[BacktestResult]:
    """Replay the history of one moment of truth, or of all. Nothing is notified or stored.

    Raises:
      InputError: no map has that moment.
      SystemFailure: nothing has been measured.
    """
    all_watched = configured_moments(journeys, settings)
    moment_ids = sorted({watched.moment for watched in all_watched})
    if moment is not None and moment not in moment_ids:
        raise InputError(f"no map has a moment of truth named {moment!r}", hint=did_you_mean(moment, moment_ids))
    if not warehouse.table_exists("marts", "fct_kpi_readings"):
        raise SystemFailure("there are no readings to evaluate", hint="run jkpi measure first")
    chosen = [watched for watched in all_watched if moment in (None, watched.moment)]
    results = []
    calendars = read_calendars(settings.workspace)
    journey_of = {journey.journey: journey for journey in journeys}
    for watched in chosen:
        journey = journey_of[watched.journey]
        kpi = next(kpi for kpi_id, kpi, _, _ in journey.all_kpis() if kpi_id == watched.kpi)
        # The history has the lateness of the sources in it.
        declared = declared_time(kpi, journey, watched.moment, watched.period, calendars, timedelta(0))
        until_final = with_observed_times(declared, warehouse, watched, journey.timezone)
        result, chart = _backtest_moment(settings, warehouse, watched, until_final)
        result.chart_path.parent.mkdir(parents=True, exist_ok=True)
        result.chart_path.write_text(chart, encoding="utf-8")
        results.append(result)
    return results


def _backtest_moment(
    settings: Settings, warehouse: Warehouse, watched: WatchedMoment, until_final: TimeUntilFinal
) -> tuple[BacktestResult, str]:
    """Result and chart of one moment."""
    moment_result = evaluate_moments(warehouse, [watched], {watched: due_day(warehouse, watched, settings.now)})[
        watched
    ]
    panel, results = moment_result.panel, moment_result.results
    total_result = results[0]
    # Drops are injected into one series, which keeps its share of the budget of the moment.
    to_evaluate = moment_result.to_evaluate[0]
    drop_rates = (
        inject_drops(panel.grid, 0, to_evaluate.rule, total_result, Series(watched).series_id)
        if watched.has_share and not watched.is_by_wave
        else []
    )
    slowdown_rates = _slowdown_rates(warehouse, watched, to_evaluate, total_result)
    minimum_drop, minimum_slowdown = minimum_detectable(drop_rates), minimum_detectable(slowdown_rates)
    sample_sizes = panel.grid.n[:, 0][panel.grid.n[:, 0] > 0]
    backtest_result = BacktestResult(
        watched,
        panel.first_day(0),
        panel.last_day(0),
        len(panel.keys),
        tuple(_past_alerts(watched, panel, results)),
        watched.false_alarm_every,
        total_result.false_alarm_every,
        float(sample_sizes.mean()) if len(sample_sizes) else 0.0,
        tuple(drop_rates),
        minimum_drop.drop if minimum_drop else None,
        tuple(slowdown_rates),
        minimum_slowdown.factor if minimum_slowdown else None,
        settings.site_dir / "backtest" / f"{watched.journey}.{watched.moment}.svg",
        until_final,
        tuple(
            f"{segment} = {value}"
            for (segment, value), result in zip(panel.keys, results, strict=True)
            if result.promise_breach is not None and result.open_episode is None
        ),
        _next_wave(watched, panel, total_result, to_evaluate) if watched.is_by_wave else None,
    )
    return backtest_result, backtest_chart(watched, panel.grid, total_result, drop_rates, slowdown_rates)


def _next_wave(
    watched: WatchedMoment, panel: Panel, total_result: SeriesResult, to_evaluate: SeriesToEvaluate
) -> NextWave | None:
    waves = wave_readings(watched, panel, 0, dict(total_result.waves))
    return next_wave(waves, total_result, to_evaluate.rule)


def _slowdown_rates(
    warehouse: Warehouse, watched: WatchedMoment, to_evaluate: SeriesToEvaluate, total_result: SeriesResult
) -> list[SlowdownDetectionRate]:
    """Detection rates of slowdowns injected into the durations of all customers."""
    duration_panel = read_duration_panel(warehouse, replace(watched, segment_names=()), [ALL_CUSTOMERS])
    if not duration_panel.keys:
        return []
    (histogram,), (sign_test_series,) = duration_panel.histograms, for_sign_test([to_evaluate])
    tolerance = np.inf if watched.tolerance is None else watched.tolerance
    return inject_slowdowns(histogram, duration_panel.grid.first_day, sign_test_series.rule, total_result, tolerance)


def _past_alerts(watched: WatchedMoment, panel: Panel, results: Sequence[SeriesResult]) -> list[PastAlert]:
    past_alerts = [
        PastAlert(
            Series(watched, *key).series_id,
            episode.onset,
            episode.fired_on,
            episode.closed_on,
            tuple(f"{detection.line}: {_reason(detection)}" for detection in episode.detections),
            sample.rate,
            expected_rate(Series(watched, *key), replace(first_detection, drop=sample)),
            sample.n,
            key != ALL_CUSTOMERS
            and any(_is_same_episode(first_detection, episode, total_episode) for total_episode in results[0].episodes),
        )
        for key, result in zip(panel.keys, results, strict=True)
        for episode in result.episodes
        for first_detection in [min(episode.detections, key=lambda detection: detection.fired_on)]
        for sample in [first_detection.initial_drop or first_detection.drop]
    ]
    return sorted(past_alerts, key=lambda alert: (alert.fired_on, alert.series_id))


def _reason(detection: Detection) -> str:
    return detection.reason if detection.comparison is None else against_text(detection.comparison)


def _is_same_episode(first_detection: Detection, episode: Episode, total_episode: Episode) -> bool:
    """Whether an episode of a segment belongs to one of all customers that had fired by then."""
    is_known = total_episode.fired_on <= first_detection.fired_on and total_episode.overlaps(
        episode.onset, episode.fired_on
    )
    return is_known and any(
        same_episode(first_detection, total_detection) for total_detection in total_episode.detections
    )
