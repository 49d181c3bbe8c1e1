"""One message from many alerts: its title, its order, its limits."""

from __future__ import annotations

from typing import Any

import pytest

from jkpi.alerts.notifications.compose import MessageMetadata, NotificationItem, by_urgency, compose_notification
from jkpi.alerts.notifications.model import notification_from_json
from tests.alerts.builders import NOW, context, detection, evaluated, transition

METADATA = MessageMetadata("m1", "made", NOW)


def item(transition_type: str = "opened", kind: str = "drop", notification_type: Any = "first", **fields: Any) -> Any:
    detections = (detection(),) if kind == "drop" and transition_type in ("opened", "reopened", "worsened") else ()
    thread_id = fields.pop("thread_id", None)
    return NotificationItem(
        context(transition(transition_type, *detections, kind=kind, **fields)), notification_type, thread_id
    )


@pytest.mark.parametrize(
    ("items", "title", "severity"),
    [
        ([item()], "On site: dropped by about 10 points (6 to 13), from 92 % to about 82 %", "failure"),
        (
            [item(notification_type="reminder")],
            "Reminder: On site: dropped by about 10 points (6 to 13), from 92 % to about 82 %",
            "failure",
        ),
        (
            [item(notification_type="escalation")],
            "Not acknowledged: On site: dropped by about 10 points (6 to 13), from 92 % to about 82 %",
            "failure",
        ),
        ([item(), item(), item("reopened")], "Moments of truth: 2 dropped, 1 dropped again", "failure"),
        ([item("worsened"), item("resolved")], "Moments of truth: 1 worsened, 1 recovered", "failure"),
        ([item("corrected"), item("superseded")], "Moments of truth: 1 corrected, 1 closed", "info"),
        ([item("resolved"), item("ended", "data_gap")], "Moments of truth: 1 recovered, 1 ended", "success"),
        ([item(kind="data_gap"), item(kind="data_gap")], "Moments of truth: 2 data gaps", "warning"),
        (
            [item(kind="early_warning"), item(kind="error")],
            "Moments of truth: 1 early warning, 1 cannot be evaluated",
            "warning",
        ),
        (
            [item(kind="no_events"), item(kind="unmapped")],
            "Moments of truth: 1 without events, 1 not on a map",
            "warning",
        ),
        ([item(kind="silent"), item(kind="missing")], "Moments of truth: 1 silent, 1 missing rows", "warning"),
        (
            [item(kind="volume"), item(kind="volume"), item("resolved", kind="volume")],
            "Moments of truth: 2 volume drops, 1 recovered",
            "warning",
        ),
        ([item("resolved", kind="volume"), item("resolved")], "Moments of truth: 2 recovered", "success"),
        (
            [item(notification_type="reminder"), item(notification_type="escalation")],
            "Moments of truth: 1 not acknowledged, 1 still open",
            "failure",
        ),
    ],
)
def test_titles(items: list[NotificationItem], title: str, severity: str) -> None:
    notification = compose_notification(items, METADATA)
    assert (notification.title, notification.severity) == (title, severity)


def test_a_watch_list_alone() -> None:
    notification = compose_notification([], METADATA, ["one", "two"])
    assert (notification.title, notification.severity) == ("Moments of truth: 2 on the watch list", "info")


def test_the_most_urgent_comes_first() -> None:
    south = item(evaluated=evaluated(segment="region", segment_value="south"))
    ordered = [
        item(), south, item("worsened"), item("corrected"), item("resolved"), item(kind="data_gap"),
        item(notification_type="escalation"), item(notification_type="reminder"),
    ]  # fmt: skip
    assert by_urgency(list(reversed(ordered))) == ordered


def test_a_storm_is_cut() -> None:
    items = [item(alert_id=f"a{number:03}") for number in range(150)]
    notification = compose_notification(items, METADATA)
    assert (len(notification.items), len(notification.summaries), notification.omitted_count) == (12, 100, 38)
    assert notification.new_summarised_count == 138
    known = [item(alert_id=f"a{number:03}", thread_id="t") for number in range(150)]
    assert compose_notification(known, METADATA).new_summarised_count == 0


def test_next_stands_before_owner_and_alert() -> None:
    (shown,) = compose_notification([item()], METADATA).items
    assert [label for label, _ in shown.rows][-3:] == ["Next", "Owner", "Alert"]


def test_a_synthetic_workspace_is_marked() -> None:
    metadata = MessageMetadata("m1", "made", NOW, is_synthetic=True)
    assert compose_notification([item()], metadata).title.startswith("[synthetic data] ")


def test_a_notification_survives_json() -> None:
    notification = compose_notification([item(), item("resolved")], METADATA, ["a line"])
    assert notification_from_json(notification.to_json()) == notification
