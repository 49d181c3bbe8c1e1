"""Headlines of notifications and lines of the watch list."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from jkpi.alerts.detection.episodes import EarlyWarning
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.evidence.alert_context import AlertContext
from jkpi.alerts.notifications.headline import alert_headline, watch_list_line
from tests.alerts.builders import (
    LOWER,
    ONSET,
    POINTS,
    WATCHED,
    context,
    detection,
    evaluated,
    sample,
    stored_alert,
    transition,
)

SLOW = detection(0.31, 0.51, line="median", within_seconds=11_280.0)
PROMISE = detection(0.82, 0.9, line="promise")
EARLY = EarlyWarning(timedelta(days=1), ONSET, detection(0.6, 0.8))


def mentioned(line: str) -> Any:
    return stored_alert(mentioned_lines=((1, line),))


@pytest.mark.parametrize(
    ("alert", "text"),
    [
        (context(transition("opened", detection())), "dropped by about 10 points (6 to 13), from 92 % to about 82 %"),
        (
            context(transition("opened", detection(0.75, 0.92), watched=LOWER)),
            "Drop-off rose by about 17 points (14 to 20), from 8 % to about 25 %",
        ),
        (
            context(transition("opened", detection(0.48, 0.66), watched=POINTS)),
            "NPS dropped by about 36 points (24 to 48), from +32 to about -4",
        ),
        (context(transition("opened", PROMISE)), "down to about 82 %, promised 90 %"),
        (
            context(transition("opened", detection(0.7, 0.9, line="promise"), watched=LOWER)),
            "Drop-off up to about 30 %, promised 10 %",
        ),
        (context(transition("opened", SLOW)), "slower, about 31 % done within 3 h 8 min, baseline 51 %"),
        (
            context(transition("reopened", detection(), number=3, stored_alert=mentioned("baseline"))),
            "dropped again, by about 10 points (6 to 13), from 92 % to about 82 %",
        ),
        (
            context(transition("worsened", detection(), number=3, stored_alert=mentioned("baseline"))),
            "dropped further, by about 10 points (6 to 13), from 92 % to about 82 %",
        ),
        (
            context(transition("worsened", PROMISE, number=3, stored_alert=mentioned("promise"))),
            "further down to about 82 %, promised 90 %",
        ),
        (
            context(transition("worsened", detection(), SLOW, number=3, stored_alert=mentioned("median"))),
            "also dropped by about 10 points (6 to 13), from 92 % to about 82 %",
        ),
        (
            context(transition("worsened", SLOW, PROMISE, number=3, stored_alert=mentioned("promise"))),
            "further down to about 82 %, promised 90 %",
        ),
        (
            context(transition("resolved", detection(closed_on=ONSET, recovery=sample(0.95, 0.92)))),
            "back at 95 %",
        ),
        (
            context(transition("resolved", replace(SLOW, closed_on=ONSET, recovery=sample(0.5, 0.51)))),
            "back at 50 % within 3 h 8 min",
        ),
        (context(transition("resolved")), "resolved, nothing low since"),
        (context(transition("corrected")), "corrected: it was a false alarm"),
        (context(transition("superseded")), "closed, the map has changed"),
        (context(transition("superseded", series_missing=True)), "closed, no longer in the data"),
        (context(transition("ended", kind="data_gap")), "ended"),
        (context(transition("opened", kind="data_gap")), "data gap"),
        (context(transition("opened", kind="error")), "cannot be evaluated"),
        (
            context(transition("opened", kind="early_warning", evaluated=evaluated(early_warning=EARLY))),
            "early warning: after 1 day 60 % have completed, baseline 80 %",
        ),
        (
            context(transition("opened", number=2, stored_alert=stored_alert())),
            "still open; its readings are not available today",
        ),
    ],
)
def test_headlines(alert: AlertContext, text: str) -> None:
    assert alert_headline(alert) == f"On site: {text}"


def test_a_segment_is_named() -> None:
    south = evaluated(SeriesState.FIRING, detection(), segment="region", segment_value="south\nbank")
    headline = alert_headline(context(transition("opened", detection(), evaluated=south)))
    assert headline == "On site (region south bank): dropped by about 10 points (6 to 13), from 92 % to about 82 %"


WEEKLY = replace(WATCHED, period="week")


@pytest.mark.parametrize(
    ("series", "text"),
    [
        (evaluated(SeriesState.WATCH, rate=0.84, n=100.0), "one bad day, Monday 2 March 2026: 84 %, n = 100"),
        (
            evaluated(SeriesState.PATTERN, rate=0.91, n=100.0, watched=LOWER),
            "bad days in a row, not enough to be sure, the last one Monday 2 March 2026: Drop-off 9 %, n = 100",
        ),
        (
            evaluated(SeriesState.WATCH, rate=0.84, n=1200.0, watched=WEEKLY),
            "one bad week, 2 to 8 March 2026: 84 %, n = 1,200",
        ),
        (evaluated(SeriesState.WATCH, rate=0.84, n=9.0, is_slowdown=True), "one slow day, Monday 2 March 2026"),
        (evaluated(SeriesState.WATCH), "one bad day, Monday 2 March 2026"),
    ],
)
def test_watch_list_lines(series: Any, text: str) -> None:
    assert watch_list_line(series.series, series.result, names_journey=False) == f"On site: {text}"


def test_a_watch_list_line_names_the_journey_where_two_share_a_title() -> None:
    series = evaluated(SeriesState.WATCH, segment="region", segment_value="south")
    line = watch_list_line(series.series, series.result, names_journey=True)
    assert line.startswith("On site (Repair) (region south): one bad day")
