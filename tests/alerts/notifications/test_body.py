"""The rows below the headline."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from jkpi.alerts.detection.episodes import Detection, EarlyWarning
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.evidence.contributions import Contribution
from jkpi.alerts.evidence.mix_and_rate import MixRateDecomposition
from jkpi.alerts.notifications.body import body_rows, next_step
from jkpi.alerts.series.moment_context import MomentContext
from jkpi.alerts.series.watched import WatchedMoment
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

BASELINE = "92 % on the same days of the week, in the weeks before"


def rows(*detections: Detection, transition_type: str = "opened", **fields: Any) -> dict[str, str]:
    """Label -> text; rows without a label are joined to the one above."""
    names = ("kind", "evaluated", "stored_alert", "series_missing", "watched")
    of = {name: fields.pop(name) for name in names if name in fields}
    found: dict[str, str] = {}
    label = ""
    for name, text in body_rows(context(transition(transition_type, *detections, **of), **fields)):
        label = name or label
        found[label] = f"{found[label]} {text}" if label in found else text
    return found


def test_a_drop() -> None:
    found = rows(detection(fired_on=date(2026, 3, 3)))
    assert list(found) == [
        "Where", "Now", "Baseline", "Promise", "Since", "Why", "False alarms", "Driven by", "Data", "Owner", "Alert",
    ]  # fmt: skip
    assert found["Where"] == "Repair > Fix > Time; all customers"
    assert found["Now"] == "82 % (78 to 85 % with 95 % confidence, n = 400; 4 days, 2 to 5 March 2026)"
    assert (found["Baseline"], found["Promise"]) == (BASELINE, "90 %, broken below 85 %")
    assert found["Since"] == "Monday 2 March 2026, certain since Tuesday 3 March 2026"
    assert found["Driven by"] == "no segment more than others"


@pytest.mark.parametrize(
    ("found", "watched", "why"),
    [
        (
            detection(reason="collapse", fired_on=date(2026, 3, 3)),
            WATCHED,
            "one day, Tuesday 3 March 2026, is far below the baseline; 10 points below it since then.",
        ),
        (detection(reason="collapse"), WATCHED, "one day is far below the baseline; 10 points below it since then."),
        (
            detection(reason="sustained"),
            WATCHED,
            "each of four weeks is below the baseline; 10 points below it since then.",
        ),
        (
            detection(reason="run"),
            WATCHED,
            "three days in a row are clearly below the baseline; 10 points below it since then.",
        ),
        (
            detection(0.75, 0.92),
            LOWER,
            "3 days taken together are clearly above the baseline; 17 points above it since then.",
        ),
        (
            detection(0.82, 0.9, line="promise"),
            WATCHED,
            "3 days taken together are clearly below the level at which the promise is broken; 8 points below the"
            " promise since then.",
        ),
    ],
)
def test_why(found: Detection, watched: WatchedMoment, why: str) -> None:
    assert rows(found, watched=watched)["Why"].startswith(why)


def test_points_carry_signs() -> None:
    found = rows(detection(0.48, 0.66), watched=POINTS)
    assert found["Now"].startswith("-4 (-14 to +6 with 95 % confidence")
    assert found["Promise"] == "+30, broken below +20"


def test_a_slowdown_beside_a_drop() -> None:
    slow = detection(0.31, 0.51, line="median", within_seconds=11_280.0)
    assert rows(detection(), slow)["Slower"] == (
        "51 % used to be done within 3 h 8 min; since Monday 2 March 2026 only 31 % are (n = 400)."
    )
    alone = rows(slow)
    assert alone["Now"].startswith("31 % are done within 3 h 8 min (")
    assert alone["Promise"].endswith("; it is kept, but cases take longer")


@pytest.mark.parametrize(
    ("past_interval", "text"),
    [
        (
            None,
            "target: at most one in 1.5 years for this moment; this series has too little history to confirm it.",
        ),
        (
            547.5,
            "target: at most one in 1.5 years for this moment; the threshold follows from how this series varied"
            " before.",
        ),
        (
            365.25,
            "target: at most one in 1.5 years for this moment; this series varies too much to be held to it: expect"
            " one in a year.",
        ),
    ],
)
def test_false_alarms(past_interval: float | None, text: str) -> None:
    series = evaluated(SeriesState.FIRING, detection(), false_alarm_every=past_interval)
    assert rows(detection(), evaluated=series)["False alarms"] == text


def test_what_drives_a_drop_and_what_to_check_first() -> None:
    south = Contribution("region", "south", 0.57, 0.89, 323.0, 0.93)
    west = Contribution("region", "west", 0.8, 0.9, 100.0, 0.4)
    stage = MomentContext(("lead",), touchpoints=tuple(f"T{number}" for number in range(7)), pain_points=("late",))
    found = rows(detection(), contributions=(south, west), moment_context=stage)
    assert found["Driven by"] == (
        "region = south: from 89 % to 57 %, n = 323; nearly all of the drop"
        " region = west: from 90 % to 80 %, n = 100; 40 % of the drop"
    )
    assert found["Check first"] == (
        "region = south where it happens: T0, T1, T2, T3, T4 and 2 more known pain points: late"
    )


@pytest.mark.parametrize(
    ("rate_effect", "mix_effect", "text"),
    [
        (-0.01, -0.09, "mix: the customer mix changed, by age group; that accounts for 9 points of 10 points."),
        (-0.05, -0.05, "both: 5 points because the groups do worse, 5 points because the mix changed, by age group."),
        (-0.1, 0.0, "rate: the same groups of customers do worse; the customer mix explains little."),
        (-0.15, 0.05, "rate: the same groups of customers do worse; the mix offsets 5 points, by age group."),
        (0.1, -0.05, None),
    ],
)
def test_mix_or_rate(rate_effect: float, mix_effect: float, text: str | None) -> None:
    effects = (MixRateDecomposition("age_group", rate_effect, mix_effect), MixRateDecomposition("other", -0.1, 0.0))
    expected = text or "rate: the same groups of customers do worse; the customer mix explains little."
    assert rows(detection(), effects=effects if text else effects[1:])["Mix or rate"] == expected
    if text is None:
        assert "Mix or rate" not in rows(detection(), effects=effects[:1])


def test_a_resolved_alert() -> None:
    closed = detection(
        closed_on=date(2026, 3, 8), drop=sample(0.82, 0.92, 700.0, days=7),
        recovery=sample(0.93, 0.92, 300.0, date(2026, 3, 6), 3),
    )  # fmt: skip
    found = rows(closed, transition_type="resolved")
    assert found["Now"].startswith("93 % (")
    assert found["Before"] == "74 %, 2 to 5 March 2026"
    assert (found["Expected"], found["Resolved"]) == ("92 %", "Sunday 8 March 2026, after 7 days")


@pytest.mark.parametrize(
    ("fields", "label", "text"),
    [
        ({"transition_type": "corrected"}, "Why", "Late data show that it was a false alarm."),
        (
            {"transition_type": "corrected", "stored_alert": stored_alert()},
            "Why",
            "Late data show that the days up to Monday 2 March 2026 are not unusual.",
        ),
        (
            {"transition_type": "superseded"},
            "Why",
            "The map no longer declares this series, or its rule was changed after the alert was sent.",
        ),
        (
            {"transition_type": "resolved"},
            "Why",
            "The days of the alert can no longer be evaluated as before; the days since are not low.",
        ),
        (
            {"transition_type": "superseded", "series_missing": True, "evaluated": None},
            "Why",
            "The data have had no rows of it for four weeks. Was it renamed?",
        ),
        (
            {"transition_type": "superseded", "series_missing": True},
            "Why",
            "The data had no rows of it for four weeks, so the alert was closed. Now there are rows again.",
        ),
        (
            {"kind": "data_gap"},
            "Since",
            "Monday 2 March 2026: its readings are withheld and not evaluated, because a quality check failed.",
        ),
        ({"kind": "data_gap", "data_gaps": ("visits: no rows",)}, "Missing data", "visits: no rows"),
        (
            {"kind": "data_gap", "transition_type": "ended"},
            "Since",
            "it began Monday 2 March 2026; its readings can be evaluated again.",
        ),
        (
            {"kind": "error"},
            "Since",
            "Monday 2 March 2026: its counts are impossible and cannot be evaluated.",
        ),
        (
            {"kind": "early_warning", "transition_type": "ended"},
            "Early warning",
            "the undecided cohorts are no longer behind.",
        ),
    ],
)
def test_other_transitions(fields: dict[str, Any], label: str, text: str) -> None:
    assert rows(**fields)[label] == text


def test_an_early_warning() -> None:
    early_warning = EarlyWarning(timedelta(hours=4), ONSET, detection(0.6, 0.8))
    found = rows(kind="early_warning", evaluated=evaluated(early_warning=early_warning))
    progress = "after 4 hours 60 % of the customers of these days had progressed or completed"
    assert found["Early warning"].startswith(f"{progress} (55 % to 65 % with 95 % confidence, n = 400;")
    assert found["Baseline"].startswith("80 % after 4 hours, on the same days of the week")


@pytest.mark.parametrize(
    ("every", "end"),
    [
        (None, "late data show that it was a false alarm."),
        (timedelta(days=7), "Until it is acknowledged, you get a reminder once a week."),
        (timedelta(days=14), "Until it is acknowledged, you get a reminder every 14 days."),
    ],
)
def test_the_next_step_says_how_often_there_are_reminders(every: timedelta | None, end: str) -> None:
    assert next_step("opened", "drop", every).endswith(end)


@pytest.mark.parametrize(
    ("transition_type", "kind"),
    [("resolved", "drop"), ("corrected", "drop"), ("superseded", "drop"), ("opened", "data_gap")],
)
def test_nothing_follows_a_closed_alert_or_another_kind(transition_type: Any, kind: str) -> None:
    assert next_step(transition_type, kind, timedelta(days=7)) == ""


def test_an_alert_without_an_owner_says_nobody() -> None:
    assert rows(detection(), owner="")["Owner"] == "nobody"
