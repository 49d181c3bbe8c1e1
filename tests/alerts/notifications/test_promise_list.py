"""The monthly list of segments below their promise, as data and in each form in which it is sent."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from jkpi.alerts.notifications.model import Notification, notification_from_json
from jkpi.alerts.notifications.promise_list import compose_promise_list, month_of, promise_breach, promise_list_id
from jkpi.alerts.receivers.cards import slack_payload, teams_payload
from jkpi.alerts.receivers.html_mail import render_html
from jkpi.alerts.receivers.plain_text import no_link, render_text
from jkpi.alerts.receivers.webhook import payload
from jkpi.alerts.series.watched import Series, WatchedMoment
from jkpi.alerts.transitions.model import EvaluatedSeries
from jkpi.state.alert_records import PromiseBreach
from tests.alerts.transitions.records import WATCHED, detection, result

NOW = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)
NORTH = PromiseBreach("region", "north", date(2026, 1, 3), 0.81, 0.78, 0.84, 640.0, 0.925)
SOUTH = PromiseBreach("region", "<south>", date(2026, 2, 1), 0.62, 0.55, 0.69, 1200.0, 0.9)


def composed(*breaches: PromiseBreach, watched: WatchedMoment = WATCHED) -> Notification:
    return compose_promise_list(watched, breaches, "id", "work", NOW, is_synthetic=False)


def test_the_furthest_from_its_promise_comes_first() -> None:
    notification = composed(NORTH, SOUTH)
    assert (notification.title, notification.severity) == (
        "Technician on site: 2 segments below their promise",
        "warning",
    )
    (table,) = notification.tables
    assert table.columns == ("Segment", "On site in time", "95 % interval", "n", "Promise", "Since")
    assert table.rows == (
        ("region = <south>", "62 %", "55 to 69 %", "1,200", "90 %", "Sunday 1 February 2026"),
        ("region = north", "81 %", "78 to 84 %", "640", "92.5 %", "Saturday 3 January 2026"),
    )
    assert notification_from_json(json.loads(json.dumps(notification.to_json()))) == notification


def test_where_less_is_better_a_broken_promise_is_above_it() -> None:
    watched = replace(WATCHED, direction="lower", promise=0.1)
    assert composed(replace(NORTH, promise=0.1), watched=watched).title.endswith("1 segment above its promise")


def test_a_long_list_is_cut_and_says_so() -> None:
    notification = composed(*[replace(NORTH, segment_value=f"r{number}") for number in range(130)])
    assert len(notification.tables[0].rows) == 100
    assert notification.sections[0][1][0] == "And 30 more segments."


def test_every_receiver_shows_the_table() -> None:
    notification = composed(NORTH, SOUTH)
    text = render_text(notification)
    assert "  region = <south>  62 %             55 to 69 %     1,200  90 %     Sunday 1 February 2026" in text
    assert "<td" in render_html(notification, no_link) and "region = &lt;south&gt;" in render_html(
        notification, no_link
    )
    assert "region = &lt;south&gt;, On site in time 62 %" in slack_payload(notification, no_link).decode()
    assert "region = north, On site in time 81 %" in teams_payload(notification, no_link).decode()
    document = json.loads(payload(notification, no_link))
    assert document["type"] == "promises.monthly"
    assert document["data"]["tables"][0]["rows"][1][0] == "region = north"


def test_one_list_a_calendar_month_of_the_journey() -> None:
    assert (month_of(NOW, "UTC"), month_of(NOW, "Europe/Istanbul")) == ("2026-03", "2026-04")
    ids = {
        promise_list_id("work", WATCHED, name, month) for name in ("lead", "boss") for month in ("2026-03", "2026-04")
    }
    assert len(ids) == 4


@pytest.mark.parametrize(
    ("evaluated", "is_listed"),
    [
        (EvaluatedSeries(Series(WATCHED, "region", "south"), replace(result(), promise_breach=detection(2, 10))), True),
        (EvaluatedSeries(Series(WATCHED, "region", "south"), result()), False),
        (
            EvaluatedSeries(
                Series(WATCHED, "region", "south"), replace(result(detection(50, 52)), promise_breach=detection(2, 10))
            ),
            False,
        ),
        (
            EvaluatedSeries(
                Series(WATCHED, "region", "south"), replace(result(), promise_breach=detection(2, 10)), is_stale=True
            ),
            False,
        ),
    ],
    ids=["breach", "no breach", "breach and drop", "no readings any more"],
)
def test_what_is_listed(evaluated: EvaluatedSeries, is_listed: bool) -> None:
    assert (promise_breach(evaluated) is not None) is is_listed
