"""The rows below the headline."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from jkpi.alerts.detection.episodes import Detection, EarlyWarning
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.evidence.alert_context import IncludedDrop
from jkpi.alerts.evidence.contributions import Contribution, DropBreakdown, MixChange
from jkpi.alerts.notifications.body import body_rows, next_step
from jkpi.alerts.series.moment_context import MomentContext
from jkpi.alerts.series.watched import Series, WatchedMoment
from jkpi.alerts.statistics.effect_size import EffectSize
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
        "Where", "Drop", "Now", "Baseline", "Promise", "Since", "Why", "False alarms", "Data", "Owner", "Alert",
    ]  # fmt: skip
    assert found["Where"] == "Repair > Fix > Time; all customers"
    assert found["Now"] == "82 % (78 to 85 % with 95 % confidence, n = 400; 4 days, 2 to 5 March 2026)"
    assert (found["Baseline"], found["Promise"]) == (BASELINE, "90 %, broken below 85 %")
    assert found["Since"] == "Monday 2 March 2026, certain since Tuesday 3 March 2026"
    assert found["Drop"] == "about 10 points (6 to 13 with 95 % confidence), from 92 % to about 82 %"


@pytest.mark.parametrize(
    ("found", "watched", "why"),
    [
        (
            detection(reason="collapse", fired_on=date(2026, 3, 3)),
            WATCHED,
            "one day, Tuesday 3 March 2026, is far below the baseline.",
        ),
        (detection(reason="collapse"), WATCHED, "one day is far below the baseline."),
        (
            detection(reason="sustained"),
            WATCHED,
            "each of four weeks is below the baseline.",
        ),
        (
            detection(reason="run"),
            WATCHED,
            "three days in a row are clearly below the baseline.",
        ),
        (
            detection(0.75, 0.92),
            LOWER,
            "3 days taken together are clearly above the baseline.",
        ),
        (
            detection(0.82, 0.9, line="promise"),
            WATCHED,
            "3 days taken together are clearly below the level at which the promise is broken.",
        ),
    ],
)
def test_why(found: Detection, watched: WatchedMoment, why: str) -> None:
    assert rows(found, watched=watched)["Why"].startswith(why)


def test_a_promise_is_not_rounded() -> None:
    watched = replace(WATCHED, promise=0.925)
    assert rows(detection(0.48, 0.66), watched=watched)["Promise"] == "92.5 %, broken below 87.5 %"


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


def test_the_days_that_opened_an_alert_are_shrunk() -> None:
    """The estimate comes first, then the counts; the days after the opening are taken as they are."""
    first = sample(0.75, 0.9, 40.0, days=2)
    assert rows(detection(0.75, 0.9, drop=first, initial_drop=first))["Drop"] == (
        "about 10 points (0 to 28 with 95 % confidence), from 90 % to about 80 % 15 points as counted; the days that"
        " open an alert are low partly by chance"
    )
    later = rows(detection(0.82, 0.9, drop=sample(0.82, 0.9, 1200.0, days=20), initial_drop=first))
    assert later["Drop"].startswith("about 8 points (")
    assert rows(detection(0.75, 0.92), watched=LOWER)["Rise"].startswith("about 17 points (")
    assert rows(detection(0.82, 0.85, line="promise"))["Level"].startswith(
        "about 84 % (76 to 85 % with 95 % confidence)"
    )


def test_what_drives_a_drop_and_what_to_check_first() -> None:
    south = Contribution("region", "south", 0.57, 0.89, 323.0, 0.634)
    west = Contribution("region", "west", 0.8, 0.9, 100.0, 0.304)
    stage = MomentContext(("lead",), touchpoints=tuple(f"T{number}" for number in range(7)), pain_points=("late",))
    breakdown = DropBreakdown("region", (south, west), 0.094, -0.032)
    found = rows(detection(), breakdown=breakdown, moment_context=stage)
    assert found["Driven by"] == (
        "region = south: from 89 % to 57 %, n = 323; 63 % of the drop"
        " region = west: from 90 % to 80 %, n = 100; 30 % of the drop"
        " the rest: 10 % other values of region, -3 % the changed mix of region"
    )
    assert found["Check first"] == (
        "region = south where it happens: T0, T1, T2, T3, T4 and 2 more known pain points: late"
    )


@pytest.mark.parametrize(
    ("breakdown", "text"),
    [
        (
            DropBreakdown("stock", (), 0.04, 0.96, mix_change=MixChange("stock", "out", 0.1, 0.3)),
            "mix: stock = out grew from 10 % to 30 % of the cases; the changed mix is 96 % of the drop"
            " the rest: 4 % changed rates within stock",
        ),
        (
            DropBreakdown(
                "age_group+tier",
                (),
                0.0,
                1.0,
                (("age_group", 0.8), ("tier", 0.2)),
                MixChange("age_group+tier", "old+gold", 0.3, 0.1),
            ),
            "mix: age_group+tier = old+gold fell from 30 % to 10 % of the cases; the changed mix is 100 % of the drop"
            " (age group 80 %, tier 20 %) the rest: 0 % changed rates within age group+tier",
        ),
        (
            DropBreakdown(None, (), 0.98, 0.02, not_standing_out=("age_group", "tier")),
            "no age group or tier stands out; the changed mix is 2 % of the drop",
        ),
        (
            DropBreakdown(None, (), 0.98, 0.02, not_standing_out=("tier",), too_small=("region",)),
            "no tier stands out; the changed mix is 2 % of the drop; by region the numbers are too small to tell",
        ),
        (
            DropBreakdown(None, (), 1.0, 0.0, too_small=("region", "tier")),
            "by region and tier the numbers are too small to tell",
        ),
    ],
)
def test_what_drives_a_drop_if_no_group_does(breakdown: DropBreakdown, text: str) -> None:
    assert rows(detection(), breakdown=breakdown)["Driven by"] == text


def test_nothing_is_said_of_segments_where_there_are_none() -> None:
    assert "Driven by" not in rows(detection())


def test_drops_that_are_part_of_the_alert_are_named() -> None:
    south = Series(WATCHED, "region", "south")
    late = detection(0.6, 0.9, fired_on=date(2026, 3, 5))
    broken = IncludedDrop(Series(WATCHED, "region", "west"), detection(0.7, 0.85, line="promise"), None)
    found = rows(
        detection(), included=(IncludedDrop(south, late, EffectSize(0.28, 0.2, 0.34, 0.3, 0.9)), *[broken] * 6)
    )
    assert found["Includes"].startswith(
        "region = south, certain since Thursday 5 March 2026: about 28 points (20 to 34), from 90 % to about 62 %"
        " region = west, certain since Monday 2 March 2026"
    )
    assert found["Includes"].endswith("and 2 more")


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
