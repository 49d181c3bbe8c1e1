"""Records of alerts built directly, for table tests of pure modules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from jkpi.alerts.detection.episodes import Detection, Episode, SeriesResult, StateHistory
from jkpi.alerts.detection.state_machine import STATES, SeriesState
from jkpi.alerts.evidence.alert_context import AlertContext
from jkpi.alerts.notifications.log_entries import SentNotification
from jkpi.alerts.series.watched import Series, WatchedMoment
from jkpi.alerts.statistics.running_sums import PooledSample
from jkpi.alerts.transitions.model import EvaluatedSeries, StoredAlert, Transition
from jkpi.config.receivers import AlertingConfig, AlertOptions, MuteInterval
from jkpi.config.settings import Receiver, Settings

NOW = datetime(2026, 3, 6, 6, tzinfo=UTC)
ONSET = date(2026, 3, 2)
WATCHED = WatchedMoment(
    journey="repair",
    journey_title="Repair",
    moment="on_site",
    title="On site",
    kpi="fix.time_to_resolve",
    kpi_title="Time",
    stage_title="Fix",
    statistic="share_within",
    unit="share",
    direction="higher",
    promise=0.9,
    min_drop=0.05,
    owner="field-service",
    receivers=("lead",),
    segment_names=("region",),
)
LOWER = replace(WATCHED, statistic="drop_off", direction="lower", promise=0.1, kpi_title="Drop-off")
POINTS = replace(WATCHED, statistic="nps", unit="points", promise=30.0, min_drop=10.0, kpi_title="NPS")


def settings(
    receivers: Mapping[str, str] | None = None, mute_intervals: tuple[MuteInterval, ...] = (), **options: Any
) -> Settings:
    """receivers: name -> kind."""
    kinds: dict[str, Any] = dict(receivers or {"lead": "console", "boss": "console", "program": "webhook"})
    return Settings(
        Path("workspace"), "made", "duckdb:///none", "sqlite:///none", Path("site"), NOW,
        receivers={name: Receiver(name, kind) for name, kind in kinds.items()},
        alerting=AlertingConfig({}, mute_intervals, AlertOptions(**options)),
    )  # fmt: skip


def sample(rate: float, baseline: float, n: float = 400.0, first: date = ONSET, days: int = 4) -> PooledSample:
    """Pooled days with this rate (higher is better) and this reference rate."""
    last = first + timedelta(days=days - 1)
    return PooledSample(first, last, days, rate * n, n, baseline * n, baseline * n, n)


def detection(rate: float = 0.82, baseline: float = 0.92, **fields: Any) -> Detection:
    values = {
        "line": "baseline", "onset": ONSET, "fired_on": ONSET, "closed_on": None, "reason": "cusum",
        "drop": sample(rate, baseline), "recovery": None, "readings_used": 3,
    }  # fmt: skip
    return Detection(**{**values, **fields})


def evaluated(
    state: SeriesState = SeriesState.OK, *detections: Detection, watched: WatchedMoment = WATCHED, **fields: Any
) -> EvaluatedSeries:
    """An evaluated series. segment and segment_value belong to its series; rate, n and the like to its result."""
    series = Series(watched, fields.pop("segment", "all"), fields.pop("segment_value", "all"))
    history = StateHistory(ONSET, 1, bytes([STATES.index(state)]))
    result_fields = {
        name: fields.pop(name) for name in ("rate", "n", "is_slowdown", "false_alarm_every") if name in fields
    }
    episodes = (Episode(detections),) if detections else ()
    result = SeriesResult(state, ONSET, episodes, None, ONSET, history, **result_fields)
    return EvaluatedSeries(series, result, **fields)


def stored_alert(alert_id: str = "a1", status: str = "open", kind: Any = "drop", **fields: Any) -> StoredAlert:
    values = {
        "series_id": "repair/on_site", "journey": "repair", "moment": "on_site",
        "segment": "all", "segment_value": "all",
        "onset": ONSET, "fired_on": ONSET, "closed_on": None, "number": 1, "rule_at_firing": {}, "title": "On site",
        "owner": "field-service", "receivers": ("lead",),
    }  # fmt: skip
    return StoredAlert(alert_id=alert_id, status=status, kind=kind, **{**values, **fields})


def transition(transition_type: Any = "opened", *detections: Detection, **fields: Any) -> Transition:
    watched = fields.pop("watched", WATCHED)
    values = {
        "alert_id": "a1", "number": 1, "kind": "drop", "onset": ONSET, "happened_on": ONSET,
        "evaluated": evaluated(SeriesState.FIRING, *detections, watched=watched),
        "episode": Episode(detections) if detections else None,
    }  # fmt: skip
    return Transition(transition_type=transition_type, **{**values, **fields})


def context(of: Transition, **fields: Any) -> AlertContext:
    return AlertContext(of, **{"title": "On site", "owner": "field-service", "receivers": ("lead",), **fields})


def sent(receiver: str = "lead", notification_type: Any = "first", **fields: Any) -> SentNotification:
    values = {"alert_id": "a1", "number": 1, "thread_id": "a1", "notification_id": "m1", "notified_at": NOW}
    return SentNotification(receiver=receiver, notification_type=notification_type, **{**values, **fields})
