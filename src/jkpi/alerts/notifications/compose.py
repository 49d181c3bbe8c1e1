"""Compose one message for one receiver and run. Pure: alert contexts in, a notification out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from jkpi.alerts.detection.episodes import Detection, WaveComparison
from jkpi.alerts.evidence.alert_context import AlertContext, main_detection
from jkpi.alerts.notifications.body import body_rows, next_step
from jkpi.alerts.notifications.figures import KpiFormatter
from jkpi.alerts.notifications.headline import alert_headline
from jkpi.alerts.notifications.model import (
    SYNTHETIC_MARK,
    AlertItem,
    ChartDay,
    Notification,
    NotificationType,
    ReadingsChart,
)
from jkpi.alerts.series.watched import Series, WatchedMoment
from jkpi.alerts.statistics.effect_size import EffectSize
from jkpi.alerts.transitions.model import ALERTING_TRANSITIONS, AlertKind, Transition, TransitionType
from jkpi.formatting.numbers import pluralize, sanitize

MAX_FULL_ITEMS = 12
MAX_SUMMARIES = 100
_MAX_CHART_DAYS = 42
_CLOSING_TRANSITIONS: frozenset[TransitionType] = frozenset({"resolved", "corrected", "superseded", "ended"})


@dataclass(frozen=True)
class NotificationItem:
    """An alert in a message to one receiver. thread_id: joins all messages about it; None in the first one."""

    context: AlertContext
    notification_type: NotificationType = "first"
    thread_id: str | None = None

    @property
    def headline(self) -> str:
        prefix = {"reminder": "Reminder: ", "escalation": "Not acknowledged: "}.get(self.notification_type, "")
        return prefix + alert_headline(self.context)

    @property
    def dedup_key(self) -> str:
        return f"{self.context.transition.transition_id}.{self.notification_type}"


@dataclass(frozen=True)
class MessageMetadata:
    """What a message needs besides its alerts. repeat_every: time between reminders until an alert is acknowledged."""

    notification_id: str
    workspace: str
    as_of: datetime
    is_synthetic: bool = False
    replies_to: tuple[str, ...] = ()
    closed_threads: tuple[str, ...] = ()
    repeat_every: timedelta | None = None


def by_urgency(items: Sequence[NotificationItem]) -> list[NotificationItem]:
    """The most urgent first."""
    return sorted(items, key=_urgency)


def compose_notification(
    items: Sequence[NotificationItem], metadata: MessageMetadata, watch_list: Sequence[str] = ()
) -> Notification:
    """The most urgent alerts in full, the next ones in one line each, the rest as a count; then the watch list."""
    ordered = by_urgency(items)
    full_items, summarised = ordered[:MAX_FULL_ITEMS], ordered[MAX_FULL_ITEMS : MAX_FULL_ITEMS + MAX_SUMMARIES]
    if len(ordered) == 1:
        title = ordered[0].headline
    else:
        title = _title_of_many(ordered) if ordered else f"Moments of truth: {len(watch_list)} on the watch list"
    return Notification(
        notification_id=metadata.notification_id,
        workspace=metadata.workspace,
        as_of=f"{metadata.as_of:%Y-%m-%d %H:%M}",
        is_synthetic=metadata.is_synthetic,
        title=(f"{SYNTHETIC_MARK} " if metadata.is_synthetic else "") + title,
        severity=_severity(ordered),
        items=tuple(alert_item(item, metadata.repeat_every) for item in full_items),
        summaries=tuple((item.context.transition.alert_id, item.headline) for item in summarised),
        omitted_count=max(0, len(ordered) - MAX_FULL_ITEMS - MAX_SUMMARIES),
        new_summarised_count=sum(
            item.thread_id is None and item.context.transition.transition_type not in _CLOSING_TRANSITIONS
            for item in ordered[MAX_FULL_ITEMS:]
        ),
        watch_list=tuple(watch_list),
        replies_to=metadata.replies_to,
        closed_threads=metadata.closed_threads,
    )


def alert_item(item: NotificationItem, repeat_every: timedelta | None) -> AlertItem:
    """One alert in full."""
    context, transition = item.context, item.context.transition
    body = list(body_rows(context))
    is_by_wave = context.series is not None and context.series.watched.is_by_wave
    next_text = next_step(transition.transition_type, transition.kind, repeat_every, is_by_wave)
    if next_text:
        body.insert(len(body) - 2, ("Next", next_text))
    queries = [("Query of the value", context.value_sql), ("Query of the readings", context.readings_sql)]
    if context.condition is not None:
        queries = [("Query", context.condition.sql)]
    return AlertItem(
        alert_id=transition.alert_id,
        number=transition.number,
        notification_type=item.notification_type,
        transition=transition.transition_type,
        kind=transition.kind,
        series_id=context.series_id,
        headline=item.headline,
        owner=context.owner,
        severity=_severity([item]),
        thread_id=item.thread_id or transition.alert_id,
        is_closed=is_closing(transition),
        rows=tuple(body),
        queries=tuple(query for query in queries if query[1]),
        comments=tuple(sanitize(comment, 300) for comment in context.comments),
        chart=_chart(context),
        figures=figures_of(context),
    )


def figures_of(context: AlertContext) -> Mapping[str, Any]:
    """The figures of an alert for programs, in the unit and direction of the KPI; days as ISO dates."""
    transition, series = context.transition, context.series
    figures: dict[str, Any] = {"onset": transition.onset.isoformat(), "happened_on": transition.happened_on.isoformat()}
    if context.condition is not None:
        return {**figures, **context.condition.figures}
    if series is None or transition.episode is None:
        return figures
    watched, detection = series.watched, main_detection(transition.episode, transition.transition_type)
    sample = detection.recovery if transition.transition_type == "resolved" and detection.recovery else detection.drop
    low, high = sorted(watched.to_value(edge) for edge in sample.interval)
    return {
        **figures,
        "journey": watched.journey,
        "moment": watched.moment,
        "kpi": watched.kpi,
        "statistic": watched.statistic,
        "period": watched.period,
        "unit": watched.unit,
        "segment": series.segment,
        "segment_value": sanitize(series.segment_value),
        "line": detection.line,
        "within_seconds": detection.within_seconds,
        "fired_on": detection.fired_on.isoformat(),
        "first_day": sample.first_day.isoformat(),
        "last_day": watched.period_end(sample.last_day).isoformat(),
        "value": watched.to_value(sample.rate),
        "ci_low": low,
        "ci_high": high,
        "n": sample.n,
        "current_value": watched.to_value(detection.newest_week.rate) if detection.newest_week else None,
        "current_n": detection.newest_week.n if detection.newest_week else None,
        "expected": watched.to_value(sample.reference),
        "promise": series.promise,
        "tail_probability": sample.tail,
        "suspended_days": context.suspended_count,
        "effect_size": _effect_figures(series, detection, context.effect),
        "includes": [
            {
                "series_id": drop.series.series_id,
                "segment": drop.series.segment,
                "segment_value": sanitize(drop.series.segment_value),
                "onset": drop.detection.onset.isoformat(),
                "fired_on": drop.detection.fired_on.isoformat(),
                "effect_size": _effect_figures(drop.series, drop.detection, drop.effect),
            }
            for drop in context.included
        ],
        **_wave_figures(watched, detection.comparison),
        **_breakdown_figures(context),
    }


def _effect_figures(series: Series, detection: Detection, effect: EffectSize | None) -> dict[str, Any] | None:
    """The drop as estimated, a positive number in points of the KPI or in shares. None where there is no drop.

    text: as messages write it; of a broken promise, the level. measured: the drop of the counts as they are. value,
    ci_low, ci_high: the level that the KPI dropped to."""
    if effect is None:
        return None
    watched, formatter = series.watched, KpiFormatter(series.watched)
    scale = abs(watched.to_value(1.0) - watched.to_value(0.0))
    low, high = sorted(watched.to_value(effect.reference - bound) for bound in (effect.low, effect.high))
    return {
        "text": formatter.level_text(effect) if detection.line == "promise" else formatter.effect_text(effect),
        "drop": scale * effect.size,
        "drop_low": scale * effect.low,
        "drop_high": scale * effect.high,
        "measured": scale * effect.raw,
        "value": watched.to_value(effect.rate),
        "ci_low": low,
        "ci_high": high,
    }


def _breakdown_figures(context: AlertContext) -> dict[str, Any]:
    """What drives the drop; proportions are of the drop, and those of driven_by, others and mix add up to 1."""
    breakdown, series = context.breakdown, context.series
    if breakdown is None or series is None:
        return {"driven_by": [], "breakdown": None}
    to_value, mix = series.watched.to_value, breakdown.mix_change
    return {
        "driven_by": [
            {
                "segment": contribution.segment,
                "segment_value": sanitize(contribution.segment_value),
                "value": to_value(contribution.rate),
                "baseline": to_value(contribution.baseline),
                "n": contribution.n,
                "proportion": contribution.loss_share,
            }
            for contribution in breakdown.contributions
        ],
        "breakdown": {
            "segment": breakdown.segment,
            "others": breakdown.other_share,
            "mix": breakdown.mix_share,
            "mix_by_segment": dict(breakdown.mix_shares),
            "mix_change": None
            if mix is None
            else {
                "segment": mix.segment,
                "segment_value": sanitize(mix.segment_value),
                "share_before": mix.weight_before,
                "share": mix.weight,
            },
            "not_standing_out": list(breakdown.not_standing_out),
            "too_small": list(breakdown.too_small),
        },
    }


def _wave_figures(watched: WatchedMoment, comparison: WaveComparison | None) -> dict[str, Any]:
    """Figures of a survey wave; the difference in the unit and direction of the KPI."""
    if comparison is None:
        return {}
    unit = (200.0 if watched.statistic == "nps" else 1.0) * (-1.0 if watched.direction == "lower" else 1.0)
    low, high = sorted(unit * edge for edge in (comparison.low, comparison.high))
    return {
        "waves": [sanitize(name) for name in comparison.waves],
        "reference_waves": [sanitize(name) for name in comparison.reference],
        "recovery_wave": None if comparison.recovery_wave is None else sanitize(comparison.recovery_wave),
        "difference": unit * comparison.difference,
        "difference_low": low,
        "difference_high": high,
        "alpha": comparison.alpha,
    }


def _chart(context: AlertContext) -> ReadingsChart | None:
    series, episode = context.series, context.transition.episode
    if series is None or episode is None or context.period is None or not context.daily_readings:
        return None
    detection = main_detection(episode, context.transition.transition_type)
    first, last = context.period
    chart_days = tuple(
        ChartDay(
            reading.period_start.isoformat(),
            reading.value,
            reading.ci_low,
            reading.ci_high,
            reading.denominator or 0.0,
            first <= reading.period_start <= last and reading.status == "final",
        )
        for reading in context.daily_readings[-_MAX_CHART_DAYS:]
        if reading.status != "withheld"
    )
    baseline = series.watched.to_value(detection.drop.reference) if detection.line != "promise" else None
    promise = series.promise if detection.line != "median" else None
    return ReadingsChart(chart_days, baseline, promise, series.watched.unit)


def _urgency(item: NotificationItem) -> tuple[int, int, bool, str]:
    context, transition = item.context, item.context.transition
    transition_order: tuple[TransitionType, ...] = (
        "opened",
        "reopened",
        "worsened",
        "corrected",
        "resolved",
        "superseded",
        "ended",
    )
    rank = transition_order.index(transition.transition_type) if transition.kind == "drop" else len(transition_order)
    type_order: tuple[NotificationType, ...] = ("first", "escalation", "reminder")
    is_segment = context.series is not None and not context.series.is_total
    return type_order.index(item.notification_type), rank, is_segment, transition.alert_id


_TRANSITION_WORDS: dict[TransitionType, str] = {
    "opened": "dropped",
    "reopened": "dropped again",
    "worsened": "worsened",
    "resolved": "recovered",
    "corrected": "corrected",
    "superseded": "closed",
    "ended": "ended",
}
_KIND_NOUNS: dict[AlertKind, str] = {
    "early_warning": "early warning",
    "data_gap": "data gap",
    "volume": "volume drop",
}
_KIND_WORDS: dict[AlertKind, str] = {
    "error": "cannot be evaluated",
    "no_events": "without events",
    "unmapped": "not on a map",
    "wrong_order": "in the wrong order",
    "silent": "silent",
    "missing": "missing rows",
}
_TYPE_WORDS: dict[NotificationType, str] = {"reminder": "still open", "escalation": "not acknowledged"}


def _title_of_many(items: Sequence[NotificationItem]) -> str:
    """Such as "Moments of truth: 2 dropped, 1 recovered, 3 data gaps"."""
    counts = Counter(_title_word(item) for item in items)
    subject = "The map" if all(item.context.condition for item in items) else "Moments of truth"
    nouns = _KIND_NOUNS.values()
    parts = (pluralize(count, word) if word in nouns else f"{count} {word}" for word, count in counts.items())
    return f"{subject}: " + ", ".join(parts)


def _title_word(item: NotificationItem) -> str:
    transition = item.context.transition
    if item.notification_type in _TYPE_WORDS:
        return _TYPE_WORDS[item.notification_type]
    word = _TRANSITION_WORDS[transition.transition_type]
    if transition.transition_type == "ended" or (transition.kind == "volume" and is_closing(transition)):
        return word
    return _KIND_NOUNS.get(transition.kind) or _KIND_WORDS.get(transition.kind) or word


def is_closing(transition: Transition) -> bool:
    """Whether this transition closes its alert."""
    return transition.transition_type in _CLOSING_TRANSITIONS


def _severity(items: Sequence[NotificationItem]) -> str:
    transitions = [item.context.transition for item in items]
    if any(
        transition.kind == "drop" and transition.transition_type in ALERTING_TRANSITIONS for transition in transitions
    ):
        return "failure"
    if any(
        transition.kind != "drop"
        and transition.transition_type != "ended"
        and not (transition.kind == "volume" and is_closing(transition))
        for transition in transitions
    ):
        return "warning"
    return (
        "success" if any(transition.transition_type in ("resolved", "ended") for transition in transitions) else "info"
    )
