"""Transitions: stored alerts compared with evaluated series, as tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from jkpi.alerts.detection.episodes import EarlyWarning
from jkpi.alerts.map_health.condition import MapCondition
from jkpi.alerts.transitions.model import EvaluatedSeries, StoredAlert
from jkpi.alerts.transitions.reconcile import reconcile, reconcile_map
from tests.alerts.transitions.records import day, detection, evaluated, result, stored

OPEN = detection(60, 63)
SOUTH = ("region", "south")
WARNING = EarlyWarning(timedelta(days=1), day(65), detection(65, 67))
DATA_GAP = replace(result(), data_gap_since=day(66))
NO_GAP = result()


def transitions(series: EvaluatedSeries, *alerts: StoredAlert) -> list[tuple[str, str]]:
    return [(found.kind, found.transition_type) for found in reconcile([series], alerts)]


@pytest.mark.parametrize(
    ("series", "alerts", "expected"),
    [
        # no alert yet
        (evaluated(result(OPEN)), [], ["opened"]),
        (evaluated(result(detection(20, 23, 30))), [], []),
        (evaluated(result(OPEN), is_inhibited=True), [], []),
        (evaluated(result(OPEN), is_stale=True), [], []),
        # an open alert
        (evaluated(result(OPEN)), [stored()], []),
        (evaluated(result(OPEN), is_inhibited=True), [stored()], []),
        (evaluated(result(detection(62, 63))), [stored()], []),
        (evaluated(result(detection(60, 63, 67))), [stored()], ["resolved"]),
        (evaluated(result(detection(60, 63, 66), detection(67, 69))), [stored()], ["worsened"]),
        (evaluated(result(detection(60, 63, 66), detection(81, 83))), [stored()], ["resolved", "opened"]),
        (evaluated(result()), [stored()], ["corrected"]),
        (evaluated(result(states="o" * 62 + "." * 8)), [stored()], []),
        (
            evaluated(result(detection(71, 73), states="o" * 60 + "...." + "o" * 7 + "fff")),
            [stored()],
            ["ended", "opened"],
        ),
        # it worsens
        (evaluated(result(OPEN, detection(67, 69))), [stored()], ["worsened"]),
        (evaluated(result(OPEN, detection(66, 69, line="median"))), [stored()], []),
        (evaluated(result(OPEN, detection(60, 65, line="promise"))), [stored()], []),
        (
            evaluated(result(detection(40, 43, line="promise"), detection(60, 63))),
            [stored(40, 43, lines=[("promise", 40)])],
            ["worsened"],
        ),
        (
            evaluated(result(detection(40, 43, line="promise"), detection(60, 63, line="median"))),
            [stored(40, 43, lines=[("promise", 40)])],
            ["worsened"],
        ),
        (
            evaluated(result(detection(60, 62, line="median"), detection(60, 65))),
            [stored(60, 62, lines=[("median", 60)])],
            ["worsened"],
        ),
        # a closed alert
        (evaluated(result(OPEN)), [stored(closed=66)], ["reopened"]),
        (evaluated(result(OPEN, states="o" * 64 + ".." + "o" * 4)), [stored(closed=66)], []),
        (evaluated(result(detection(67, 69))), [stored(closed=66)], ["opened"]),
        (evaluated(result(detection(60, 63, 66), detection(80, 82))), [stored(closed=66)], ["reopened"]),
        (evaluated(result(detection(60, 63, 66), detection(81, 83))), [stored(closed=66)], ["opened"]),
        (
            evaluated(result(detection(60, 63, 66), detection(80, 82, line="promise"))),
            [stored(closed=66)],
            ["opened"],
        ),
    ],
)
def test_drop_alerts(series: EvaluatedSeries, alerts: list[StoredAlert], expected: list[str]) -> None:
    assert transitions(series, *alerts) == [("drop", name) for name in expected]


@pytest.mark.parametrize(
    ("series", "alerts", "expected"),
    [
        (evaluated(DATA_GAP), [], [("data_gap", "opened")]),
        (evaluated(DATA_GAP), [stored(66, 66, kind="data_gap")], []),
        (evaluated(DATA_GAP), [stored(66, 66, 67, kind="data_gap")], []),
        (evaluated(DATA_GAP), [stored(50, 50, 52, kind="data_gap")], [("data_gap", "opened")]),
        (evaluated(NO_GAP), [stored(66, 66, kind="data_gap")], [("data_gap", "ended")]),
        (evaluated(DATA_GAP, SOUTH), [], []),
        (evaluated(replace(result(), error_since=day(66))), [], [("error", "opened")]),
        (evaluated(early_warning=WARNING), [], [("early_warning", "opened")]),
        (evaluated(early_warning=WARNING, is_inhibited=True), [], []),
        (
            evaluated(result(detection(66, 69)), early_warning=WARNING),
            [stored(65, 67, kind="early_warning")],
            [("drop", "opened"), ("early_warning", "ended")],
        ),
        (
            evaluated(result(detection(40, 43, line="promise")), early_warning=WARNING),
            [stored(40, 43, lines=[("promise", 40)])],
            [("early_warning", "opened")],
        ),
    ],
)
def test_data_gaps_errors_and_early_warnings(
    series: EvaluatedSeries, alerts: list[StoredAlert], expected: list[tuple[str, str]]
) -> None:
    assert transitions(series, *alerts) == expected


@pytest.mark.parametrize(
    ("alert", "days", "expected"),
    [
        (stored(segment=SOUTH, last_day=day(63)), 92, []),
        (stored(segment=SOUTH, last_day=day(63)), 93, [("superseded", True)]),
        (stored(segment=("channel", "web")), 70, [("superseded", False)]),
        (replace(stored(), moment="other", series_id="repair/other"), 70, [("superseded", False)]),
    ],
)
def test_alerts_without_their_series(alert: StoredAlert, days: int, expected: list[tuple[str, bool]]) -> None:
    """A segment missing from the data is superseded after four weeks, one that is not declared at once."""
    found = reconcile([evaluated(result(states="o" * days))], [alert])
    assert [(transition.transition_type, transition.series_missing) for transition in found] == expected


def test_a_relapse_keeps_the_onset_of_its_alert_and_has_its_own_firing_day() -> None:
    (reopened,) = reconcile([evaluated(result(detection(60, 63, 66), detection(70, 72)))], [stored(closed=66)])
    assert (reopened.alert_id, reopened.onset, reopened.happened_on) == ("alert-60", day(60), day(72))


def test_a_transition_follows_the_alert_it_changes() -> None:
    (reopened,) = reconcile([evaluated(result(detection(61, 63)))], [stored(closed=66)])
    assert (reopened.alert_id, reopened.number, reopened.onset) == ("alert-60", 3, day(61))
    (opened,) = reconcile([evaluated(result(OPEN))], [])
    assert (opened.number, opened.onset, opened.happened_on, len(opened.alert_id)) == (1, day(60), day(63), 12)


LOW = MapCondition(
    "volume", "source/web", "", "source", "web", "Web", "Web: volume dropped", "data-team", ("lead",), day(60), (), ""
)
KNOWN = replace(stored(), series_id="source/web", kind="volume", onset=day(60), fired_on=day(64))
BACK = replace(LOW, ending="resolved", closed_on=day(80))


@pytest.mark.parametrize(
    ("condition", "alerts", "expected"),
    [
        (LOW, [], [("opened", True)]),
        (LOW, [KNOWN], []),
        (replace(LOW, is_inhibited=True), [], []),
        (replace(LOW, is_inhibited=True), [KNOWN], []),
        (BACK, [], []),
        (BACK, [KNOWN], [("resolved", True)]),
        (replace(LOW, ending="ended", closed_on=day(80)), [KNOWN], [("ended", False)]),
        (replace(LOW, ending="corrected"), [KNOWN], [("corrected", False)]),
        (replace(LOW, ending="resolved", onset=day(10), closed_on=day(30)), [KNOWN], [("corrected", False)]),
        (None, [KNOWN], [("ended", False)]),
    ],
    ids=[
        "new", "open", "inhibited", "inhibited but open", "back, never reported", "back", "the baseline now",
        "late data", "only an older drop is left", "no longer evaluated",
    ],
)  # fmt: skip
def test_a_drop_of_volume_opens_and_ends(
    condition: MapCondition | None, alerts: list[StoredAlert], expected: list[tuple[str, bool]]
) -> None:
    conditions = [condition] if condition is not None else []
    found = reconcile_map(conditions, alerts, day(90))
    assert [(change.transition_type, shown is not None) for change, shown in found] == expected
