"""Evaluate every watched series, and queue the notifications of what changed.

Reading the stored alerts, comparing, and writing alerts, transitions and messages are one serialised transaction. So
two runs, one after the other or at the same time, never queue a notification twice, and a killed run leaves nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from jkpi.alerts.detection.episodes import SeriesResult
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.dispatch.dispatch import dispatch
from jkpi.alerts.dispatch.plan import EvaluationOutcome
from jkpi.alerts.dispatch.record import write_transition
from jkpi.alerts.evidence.alert_context import AlertContext, included_drops, with_included
from jkpi.alerts.evidence.build_context import build_context
from jkpi.alerts.evidence.causes import explaining_segments
from jkpi.alerts.evidence.reading_cache import ReadingCache
from jkpi.alerts.map_health.condition import MAP_CONDITION_KINDS, MapCondition
from jkpi.alerts.map_health.map_conditions import map_conditions
from jkpi.alerts.notifications.headline import alert_headline
from jkpi.alerts.notifications.silences import suppression_reason
from jkpi.alerts.series.due_days import due_day, has_provisional
from jkpi.alerts.series.early_warnings import early_warnings, while_undecided
from jkpi.alerts.series.evaluate import evaluate_moments
from jkpi.alerts.series.moment_context import MomentContext, MomentKey, configured_moments, moment_contexts
from jkpi.alerts.series.panel import Panel
from jkpi.alerts.series.watched import CONSOLE, Series, WatchedMoment
from jkpi.alerts.statistics.rules import AlertRule
from jkpi.alerts.store.alerts import last_evaluated_at, read_alerts, replace_series_states
from jkpi.alerts.store.notification_log import read_active_silences
from jkpi.alerts.transitions.inhibition import inhibit_by_causes, inhibit_children
from jkpi.alerts.transitions.model import (
    STALE_AFTER,
    AlertKind,
    EvaluatedSeries,
    StoredAlert,
    Transition,
    TransitionType,
)
from jkpi.alerts.transitions.reconcile import reconcile, reconcile_map
from jkpi.config.settings import Settings
from jkpi.errors import InputError, SystemFailure
from jkpi.journeys.model import Journey
from jkpi.state.alert_reader import read_moment_states
from jkpi.state.alert_records import MomentState
from jkpi.state.engine import migrated_engine, write_transaction
from jkpi.warehouse.base import Warehouse

MAX_CLOCK_SKEW = timedelta(days=1)


@dataclass(frozen=True)
class ReportedTransition:
    """One transition of an alert, as a report shows it."""

    alert_id: str
    transition: TransitionType
    kind: AlertKind
    series_id: str
    headline: str
    owner: str


@dataclass(frozen=True)
class AlertReport:
    """What one evaluation changed, and the state of each moment after it."""

    transitions: tuple[ReportedTransition, ...]
    states: tuple[MomentState, ...]
    series_evaluated: int
    messages_queued: int

    def _of(self, *types: TransitionType, kind: AlertKind = "drop") -> tuple[ReportedTransition, ...]:
        return tuple(
            transition for transition in self.transitions if transition.transition in types and transition.kind == kind
        )

    @property
    def opened(self) -> tuple[ReportedTransition, ...]:
        """Drops that opened, reopened or worsened."""
        return self._of("opened", "reopened", "worsened")

    @property
    def resolved(self) -> tuple[ReportedTransition, ...]:
        return self._of("resolved")

    @property
    def corrected(self) -> tuple[ReportedTransition, ...]:
        return self._of("corrected", "superseded")

    @property
    def data_gaps(self) -> tuple[ReportedTransition, ...]:
        return self._of("opened", kind="data_gap") + self._of("opened", kind="error")

    @property
    def early_warnings(self) -> tuple[ReportedTransition, ...]:
        """Early warnings that opened."""
        return self._of("opened", kind="early_warning")

    @property
    def map_conditions(self) -> tuple[ReportedTransition, ...]:
        """New problems of the map or its sources: no events, unmapped events, silent sources, missing rows, and drops
        of volume."""
        return tuple(
            transition
            for transition in self.transitions
            if transition.transition == "opened" and transition.kind in MAP_CONDITION_KINDS
        )


def evaluate_and_dispatch(settings: Settings, warehouse: Warehouse, journeys: Sequence[Journey]) -> AlertReport:
    """Evaluate every series of every moment of truth, and queue notifications of what changed since the last run.

    Raises:
        SystemFailure: nothing was measured, or the state database is locked or cannot be reached.
        InputError: `now` is before the last evaluation.
    """
    with migrated_engine(settings.state_url) as engine:
        contexts = moment_contexts(journeys, settings)
        watched_moments = [_with_receivers(watched, contexts) for watched in configured_moments(journeys, settings)]
        evaluated = evaluate_series(warehouse, watched_moments, settings)
        conditions_now = map_conditions(warehouse, journeys, settings)
        with write_transaction(engine) as connection:
            previous_run_at = _refuse_earlier_now(connection, settings)
            stored_alerts = read_alerts(connection)
            open_drops = {
                alert.series_id: alert.alert_id for alert in stored_alerts if alert.kind == "drop" and alert.is_open
            }
            suppressed = _suppressed_series(connection, evaluated, open_drops, contexts, settings)
            evaluated = inhibit_children(evaluated, suppressed, open_drops)
            causes = explaining_segments(warehouse, evaluated, stored_alerts, suppressed)
            evaluated = inhibit_by_causes(evaluated, causes, open_drops)
            included = included_drops(evaluated)
            alert_contexts = [
                with_included(context, included)
                for context in _contexts(warehouse, reconcile(evaluated, stored_alerts), contexts, settings)
            ]
            alert_contexts += _map_contexts(conditions_now, stored_alerts, settings.now)
            for context in alert_contexts:
                write_transition(connection, context, settings.now)
            outcome = EvaluationOutcome(
                tuple(evaluated),
                tuple(condition for condition in conditions_now if condition.ending is None),
                contexts,
                tuple(alert_contexts),
                previous_run_at,
            )
            messages_queued = dispatch(connection, warehouse, outcome, settings)
            replace_series_states(connection, evaluated, settings.now)
            states = read_moment_states(connection)
    transitions = tuple(_reported(context) for context in alert_contexts)
    return AlertReport(transitions, tuple(states), len(evaluated), messages_queued)


def _with_receivers(watched: WatchedMoment, contexts: Mapping[MomentKey, MomentContext]) -> WatchedMoment:
    return dataclasses.replace(watched, receivers=contexts[watched.journey, watched.moment].receivers)


def evaluate_series(
    warehouse: Warehouse, all_watched: Sequence[WatchedMoment], settings: Settings
) -> list[EvaluatedSeries]:
    """Evaluate the series of all moments. The series of a moment come in order, all customers first.

    Raises:
        SystemFailure: nothing has been measured.
    """
    if not warehouse.table_exists("marts", "fct_kpi_readings"):
        raise SystemFailure("there are no readings to evaluate", hint="measure first: jkpi measure")
    due_days = {watched: due_day(warehouse, watched, settings.now) for watched in all_watched}
    results = evaluate_moments(warehouse, all_watched, due_days)
    warnings_by_moment = early_warnings(warehouse, all_watched)
    evaluated: list[EvaluatedSeries] = []
    for watched in all_watched:
        panel, (total, *segments) = results[watched].panel, results[watched].results
        rules = [series_evaluated.rule for series_evaluated in results[watched].to_evaluate]
        if panel.first_day(0) is None and has_provisional(warehouse, watched):
            total = dataclasses.replace(total, state=SeriesState.LEARNING)
        for row, (key, result) in enumerate(zip(panel.keys, (total, *segments), strict=True)):
            series_evaluated = _evaluated_series(
                Series(watched, *key), result, panel, row, rules[row], due_days[watched]
            )
            early_warning = while_undecided(warnings_by_moment.get(watched), watched, total) if row == 0 else None
            evaluated.append(dataclasses.replace(series_evaluated, early_warning=early_warning))
    return evaluated


def _evaluated_series(
    series: Series, result: SeriesResult, panel: Panel, row: int, rule: AlertRule, due_day: date | None = None
) -> EvaluatedSeries:
    """One row of a panel with its result. due_day: the last day whose reading should be mature, None if unknown."""
    last_day = panel.last_day(row)
    is_stale = last_day is not None and due_day is not None and due_day - last_day > STALE_AFTER
    return EvaluatedSeries(
        series, result, first_day=panel.first_day(row), suspended_days=panel.suspended_days(row), is_stale=is_stale,
        definition_since=panel.definition_since[row], definition=panel.definitions[row], rule=rule,
    )  # fmt: skip


def _refuse_earlier_now(connection: Connection, settings: Settings) -> datetime | None:
    """Time of the previous evaluation, None for the first.

    An evaluation as of an earlier time is refused: it would correct all later alerts, as if they had never been.
    """
    previous_run_at = last_evaluated_at(connection)
    if previous_run_at is not None and settings.now < previous_run_at - MAX_CLOCK_SKEW:
        raise InputError(
            f"alerts were already evaluated as of {previous_run_at:%Y-%m-%d %H:%M} UTC;"
            f" this run is as of {settings.now:%Y-%m-%d %H:%M}",
            hint="to evaluate an earlier day, use a workspace with another `state`",
        )
    return previous_run_at


def _suppressed_series(
    connection: Connection,
    all_evaluated: Iterable[EvaluatedSeries],
    open_drops: Mapping[str, str],
    contexts: Mapping[MomentKey, MomentContext],
    settings: Settings,
) -> set[str]:
    """Ids of the series that are silenced or muted now: they inhibit no other series. open_drops: series -> alert."""
    silences, mute_intervals = read_active_silences(connection, settings.now), settings.alerting.mute_intervals
    suppressed = set()
    for evaluated in all_evaluated if silences or mute_intervals else ():
        series_id, watched = evaluated.series.series_id, evaluated.series.watched
        timezone = contexts[watched.journey, watched.moment].timezone
        if (
            suppression_reason(series_id, open_drops.get(series_id), settings.now, timezone, silences, mute_intervals)
            is not None
        ):
            suppressed.add(series_id)
    return suppressed


def _contexts(
    warehouse: Warehouse,
    transitions: Sequence[Transition],
    contexts: Mapping[MomentKey, MomentContext],
    settings: Settings,
) -> list[AlertContext]:
    cache = ReadingCache(warehouse, transitions)
    alert_contexts = []
    for transition in transitions:
        series = transition.evaluated.series if transition.evaluated else None
        moment_context = contexts.get((series.watched.journey, series.watched.moment)) if series else None
        context = build_context(warehouse, transition, moment_context, cache, settings.alerting.options.max_comments)
        if transition.kind == "error":
            context = dataclasses.replace(context, receivers=(settings.default_receiver or CONSOLE,))
        alert_contexts.append(context)
    return alert_contexts


def _map_contexts(
    conditions: Sequence[MapCondition], stored_alerts: Sequence[StoredAlert], now: datetime
) -> list[AlertContext]:
    """Conditions of the map and its sources that began or ended."""
    contexts = []
    for transition, condition in reconcile_map(conditions, stored_alerts, now.date()):
        if condition is not None:
            addressing = condition.title, condition.owner, condition.receivers
        else:
            alert = transition.stored_alert
            addressing = (alert.title, alert.owner, alert.receivers) if alert else ("", "", ())
        contexts.append(AlertContext(transition, *addressing, condition=condition))
    return contexts


def _reported(context: AlertContext) -> ReportedTransition:
    transition = context.transition
    return ReportedTransition(
        transition.alert_id,
        transition.transition_type,
        transition.kind,
        context.series_id,
        alert_headline(context),
        context.owner,
    )
