"""The message of a planned notification: its id, its threads, what it replies to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jkpi.alerts.dispatch.message import closed_threads, first_notification_ids, message_for
from jkpi.alerts.dispatch.plan import PlannedNotification
from jkpi.alerts.dispatch.schedule import NotificationState
from jkpi.alerts.notifications.compose import MAX_FULL_ITEMS
from jkpi.alerts.notifications.log_entries import DueNotification
from tests.alerts.builders import context, detection, sent, settings, stored_alert, transition

FIRST = DueNotification("a1", "lead", "first", (1,))
OPEN, RESOLVED = stored_alert(), stored_alert(status="resolved")
CONTEXTS = {"a1": context(transition("worsened", detection(), number=2))}


def test_the_same_content_has_the_same_id() -> None:
    planned, states = PlannedNotification("lead", (FIRST,)), {"a1": NotificationState(OPEN)}
    first = message_for(planned, CONTEXTS, states, settings())
    later = replace(settings(), now=settings().now.replace(hour=9))
    assert message_for(planned, CONTEXTS, states, later).notification.notification_id == (
        first.notification.notification_id
    )
    to_boss = PlannedNotification("boss", (replace(FIRST, receiver="boss"),))
    assert message_for(to_boss, CONTEXTS, states, settings()).notification.notification_id != (
        first.notification.notification_id
    )
    assert first.transition_ids == ("a1.2",)


def test_a_reminder_has_a_new_id_each_time() -> None:
    planned = PlannedNotification("lead", (DueNotification("a1", "lead", "reminder"),))
    states = {"a1": NotificationState(OPEN, (sent(),))}
    later = replace(settings(), now=settings().now.replace(hour=9))
    ids = {message_for(planned, CONTEXTS, states, at).notification.notification_id for at in (settings(), later)}
    assert len(ids) == 2


@pytest.mark.parametrize(("notified", "transition_type"), [((), "opened"), ((sent(),), "worsened")])
def test_a_receiver_that_is_new_gets_a_worsened_alert_as_opened(
    notified: tuple[object, ...], transition_type: str
) -> None:
    states = {"a1": NotificationState(OPEN, notified)}  # type: ignore[arg-type]
    message = message_for(PlannedNotification("lead", (FIRST,)), CONTEXTS, states, settings())
    assert message.notification.items[0].transition == transition_type


def test_a_message_replies_to_the_first_one_about_each_alert() -> None:
    states = {"a1": NotificationState(OPEN, (sent("boss", notification_id="m0"), sent(), sent(notification_id="m2")))}
    assert first_notification_ids(PlannedNotification("lead", (FIRST,)), states) == ("m1",)


def test_alerts_not_shown_in_full_share_the_thread_of_the_message() -> None:
    ids = [f"a{number:02}" for number in range(MAX_FULL_ITEMS + 2)]
    contexts = {alert_id: context(transition("opened", detection(), alert_id=alert_id)) for alert_id in ids}
    states = {alert_id: NotificationState(stored_alert(alert_id)) for alert_id in ids}
    planned = PlannedNotification("lead", tuple(DueNotification(alert_id, "lead", "first") for alert_id in ids))
    message = message_for(planned, contexts, states, settings())
    shared = [alert_id for alert_id, thread_id in message.thread_ids.items() if thread_id != alert_id]
    assert shared == ids[-2:]
    assert {message.thread_ids[alert_id] for alert_id in shared} == {message.notification.notification_id}


@pytest.mark.parametrize(
    ("states", "thread_ids", "closed"),
    [
        ({"a1": NotificationState(RESOLVED, (sent(),))}, {"a1": "a1"}, ("a1",)),
        ({"a1": NotificationState(OPEN, (sent(),))}, {"a1": "a1"}, ()),
        (
            # a2 is open in the same thread.
            {
                "a1": NotificationState(RESOLVED, (sent(thread_id="t"),)),
                "a2": NotificationState(stored_alert("a2"), (sent(alert_id="a2", thread_id="t"),)),
            },
            {"a1": "t"},
            (),
        ),
    ],
)
def test_a_thread_is_closed_when_no_alert_in_it_is_open(
    states: dict[str, NotificationState], thread_ids: dict[str, str], closed: tuple[str, ...]
) -> None:
    assert closed_threads("lead", thread_ids, states) == closed
