"""Every problem of a map: its message, its line and column, and the nearest known name."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from jkpi.journeys.checks import KnownReceivers, journey_findings
from jkpi.journeys.model import Journey
from jkpi.journeys.rows import map_rows
from tests.journeys.small_map import OPENING_HOURS, SMALL, problems, spoiled, write, write_calendar

TIME = "{kpi: time_to_resolve, from: reported, to: arrived, tolerance: 4h}"
NPS = "{kpi: nps, survey: after_repair}"
CSAT = "{kpi: csat, survey: after_repair, target: 0.9}"
VOLUME = "{kpi: volume}"

# (old text, new text, parts of the message); the mark is at the expected position.
REFUSED = {
    "unknown key": (
        "window: 30d, session_gap",
        "window: 30d, «sesion_gap: 7d, session_gap",
        ["unknown key 'sesion_gap'", "did you mean 'session_gap'?"],
    ),
    "missing key": ("title: Getting it repaired\n", "", ["the key 'title' is missing"]),
    "wrong type": ("version: 1", "version: «one", ["'version': input should be a valid integer"]),
    "version zero": ("version: 1", "version: «0", ["greater than or equal to 1"]),
    "no name": ("stage: report", "stage: «Report it", ["'Report it' is not a name", "lower-case"]),
    "time zone": ("Europe/Paris", "«Europe/Pariss", ["not an IANA time zone", "did you mean 'Europe/Paris'?"]),
    "no stages": (SMALL[SMALL.index("stages:") :], "stages: «[]\n", ["at least 1 item"]),
    "evidence": ("{touchpoint: arrived,", "{touchpoint: arrived, confirmation: «maybe,", ["'hypothesis'"]),
    "stage twice": ("- stage: fix", "- stage: «report", ["the stage 'report' is defined twice"]),
    "touchpoint twice": ("touchpoint: running", "touchpoint: «reported", ["touchpoint 'reported' is defined twice"]),
    "segment twice": (
        "segments: [tier, region]",
        "segments: [tier, region, «tier]",
        ["segment 'tier' is defined twice"],
    ),
    "KPI twice": (NPS, "«{kpi: csat, survey: other}", ["the KPI 'fix.csat' is defined twice", "name:"]),
    "stage named journey": ("stage: report", "stage: «journey", ["reserved for the whole journey"]),
    "segment named all": ("segments: [tier, region]", "segments: [tier, region, «all]", ["reserved for all customers"]),
    "moment's KPI": ("fix.time_to_resolve", "«fix.time_to_resolv", ["no KPI", "did you mean 'fix.time_to_resolve'?"]),
    "KPI's of": (
        "repeat_contact, touchpoint: transferred",
        "repeat_contact, touchpoint: «transfered",
        ["no touchpoint 'transfered'", "did you mean 'transferred'?"],
    ),
    "KPI's from": ("from: reported", "from: «report", ["no touchpoint 'report'", "did you mean 'reported'?"]),
    "KPI's to": ("to: arrived", "to: «arive", ["no touchpoint 'arive'", "did you mean 'arrived'?"]),
    "from itself": ("to: arrived", "to: «reported", ["from 'reported' to itself"]),
    "starts with": ("starts_with: [reported]", "starts_with: [«call]", ["no touchpoint 'call'"]),
    "ends with": ("ends_with: [confirmed]", "ends_with: [«confirm]", ["did you mean 'confirmed'?"]),
    "ends where it starts": (
        "ends_with: [confirmed]",
        "ends_with: [«reported]",
        ["is in starts_with and in ends_with"],
    ),
    "by": ("segments: [region]", "segments: [«regions]", ["no segment 'regions'", "did you mean 'region'?"]),
    "viewpoint": ("segment: {tier: [gold]}", "segment: {teir: «[gold]}", ["no segment 'teir'", "did you mean 'tier'?"]),
    "session_gap": ("session_gap: 7d", "session_gap: «31d", ["31d, longer than the journey's window of 30d"]),
    "window": ("window: 2d", "window: «5w", ["the window of report.drop_off is 5w, longer than"]),
    "tolerance": ("tolerance: 4h", "tolerance: «31d", ["the tolerance of fix.time_to_resolve is 31d, longer than"]),
    "tolerance zero": ("tolerance: 4h", "tolerance: «0h", ["a duration must be longer than zero"]),
    "tolerance no duration": ("tolerance: 4h", "tolerance: «4 hrs", ["'4 hrs' is not a duration", "4h"]),
    "time in stage zero": ("{kpi: time_in_stage}", "{kpi: time_in_stage, tolerance: «0s}", ["longer than zero"]),
    "time in stage lower": (
        "{kpi: time_in_stage}",
        "{kpi: time_in_stage, direction: lower, tolerance: «2h}",
        ["a higher share is better"],
    ),
    "drop-off without window": ("{kpi: drop_off, window: 2d}", "«{kpi: drop_off}", ["the key 'window' is missing"]),
    "drop-off on the last stage": (VOLUME, "{kpi: «drop_off, window: 2d}", ["there is no later stage", "conversion"]),
    "drop-off of the journey": (
        "{kpi: conversion}",
        "{kpi: «drop_off, window: 2d}",
        ["belongs to a stage", "use conversion"],
    ),
    "stage time of the journey": ("{kpi: conversion}", "{kpi: «time_in_stage}", ["belongs to a stage", "move it"]),
    "conversion without window": (
        "{kpi: drop_off, window: 2d}",
        "«{kpi: conversion}",
        ["needs a window", "window: 7d"],
    ),
    "conversion on the last stage": (VOLUME, "{kpi: «conversion, window: 2d}", ["there is no later stage"]),
    "promise of a share": ("promise: 0.85", "promise: «85", ["a share from 0 to 1", "did you mean 0.85?"]),
    "promise below": ("promise: 0.85", "promise: «-0.1", ["the promise is -0.1; it must be a share from 0 to 1"]),
    "promise no number": ("promise: 0.85", "promise: «85%", ["'promise': input should be a valid number"]),
    "promise not finite": ("promise: 0.85", "promise: «.nan", ["'promise': input should be a finite number"]),
    "drop of nothing": ("min_drop: 0.05", "min_drop: «0", ["greater than 0"]),
    "drop below the scale": ("min_drop: 0.05", "min_drop: «0.9", ["ends at -0.05", "can never reach"]),
    "target": ("target: 0.9", "target: «90", ["the target of fix.csat is 90", "did you mean 0.9?"]),
    "target of a median": ("{kpi: time_in_stage}", "{kpi: time_in_stage, target: «0.9}", ["give it a tolerance"]),
    "moment on volume": (
        "kpi: fix.time_to_resolve",
        "kpi: «fix.volume",
        ["fix.volume cannot be promised", "it is a count"],
    ),
    "promise of a median": (
        "kpi: fix.time_to_resolve\n    promise: 0.85",
        "kpi: fix.time_in_stage\n    promise: «0.85",
        ["no share", "give the KPI a tolerance, or leave promise: out"],
    ),
    "promise of an unknown form": (
        "promise: 0.85",
        "promise: {by: «{}}",
        ["'by': dictionary should have at least 1 item"],
    ),
    "promise without segments": ("promise: 0.85", "promise: «{default: 0.85}", ["the key 'by' is missing"]),
    "promise by a misspelt key": (
        "promise: 0.85",
        "promise: {«defualt: 0.85, by: {region: {south: 0.9}}}",
        ["unknown key 'defualt'", "did you mean 'default'?"],
    ),
    "promise to a segment that is not evaluated": (
        "promise: 0.85",
        "promise: {by: {tier: «{gold: 0.9}}}",
        ["the moment does not evaluate the segment 'tier' that is promised", "known: region"],
    ),
    "promise to a segment out of range": (
        "promise: 0.85",
        "promise: {by: {region: {south: «95}}}",
        ["the promise to region = south is 95; it must be a share from 0 to 1", "did you mean 0.95?"],
    ),
    "promise to a segment that can never be missed": (
        "promise: 0.85\n    min_drop: 0.05",
        "promise: {by: {region: {south: 0.04}}}\n    min_drop: «0.05",
        ["a drop of 0.05 from the promise to region = south of 0.04 ends at -0.01"],
    ),
    "promise to those without a value": (
        "promise: 0.85",
        "promise: {by: {region: {(none): «0.9}}}",
        ["customers without a value of region are not evaluated"],
    ),
    "promise to a part of a combination": (
        "promise: 0.85",
        "promise: {by: {tier+region: {gold+south: 0.9, gold: «0.95}}}",
        ["'gold' is no value of the combination tier+region", "write it as VALUE_OF_TIER+VALUE_OF_REGION"],
    ),
    "moment on a time that may be long": (
        "kpi: fix.time_to_resolve\n    promise: 0.85",
        "kpi: «fix.time_in_stage",
        ["direction: higher"],
    ),
    "a drop that leaves nobody": (
        "kpi: fix.time_to_resolve\n    promise: 0.85\n    min_drop: 0.05",
        "kpi: fix.time_in_stage\n    min_drop: «0.6",
        ["min_drop is 0.6", "within the median of fix.time_in_stage"],
    ),
    "local baseline of a median": (
        "kpi: fix.time_to_resolve\n    promise: 0.85",
        "kpi: fix.time_in_stage\n    baseline: «local",
        ["baseline: local has no effect", "follows slow changes anyway", "leave baseline: out"],
    ),
    "local baseline of survey waves": (
        "kpi: fix.time_to_resolve\n    promise: 0.85",
        "kpi: fix.nps\n    period: wave\n    promise: 30\n    baseline: «local",
        ["baseline: local has no effect", "compared with the earlier waves", "leave baseline: out"],
    ),
    "emotion scored": (
        NPS,
        "{kpi: emotion, name: angry, touchpoint: reported, scale: «[1, 5]}",
        ["an emotion cannot be scored", "present or absent", "'scale'"],
    ),
    "feeling scored": ("feelings: [worried]", "feelings: [«{worried: 7}]", ["a feeling cannot be scored"]),
    "emotion of a weight": (NPS, "{kpi: emotion, name: angry, weight: «3}", ["cannot be scored", "'weight'"]),
    "emotion without name": (NPS, "«{kpi: emotion, survey: after_repair}", ["the key 'name' is missing"]),
    "emotion's target": (
        NPS,
        "{kpi: emotion, name: angry, target: «4}",
        ["the target of fix.angry is 4", "cannot be scored", "present or absent"],
    ),
    "emotion's on": (NPS, "{kpi: emotion, name: angry, touchpoint: «arived}", ["no touchpoint 'arived'", "'arrived'"]),
    "KPI's on": (NPS, "{kpi: csat_mean, survey: s, touchpoint: «runing}", ["no touchpoint 'runing'", "'running'"]),
    "first contact's of": (NPS, "{kpi: first_contact, touchpoint: «phone}", ["no touchpoint 'phone'"]),
    "mean's target": (NPS, "{kpi: csat_mean, survey: s, target: «8}", ["fix.csat_mean is 8", "the scale 1 to 5"]),
    "mean's scale": (NPS, "{kpi: csat_mean, survey: s, scale: «[7, 1]}", ["not from 7 to 1"]),
    "response rate without window": (NPS, "«{kpi: response_rate, survey: s}", ["the key 'window' is missing"]),
    "peak_end on a stage": (
        NPS,
        "{kpi: «peak_end}",
        ["belongs to the whole journey, not to a stage", "kpis: of the journey"],
    ),
    "peak_end's target": (
        "{kpi: conversion}",
        "{kpi: peak_end, target: «70}",
        ["the target of journey.peak_end is 70; it must be a score from 0 to 1"],
    ),
    "moment on a mean": ("kpi: fix.time_to_resolve", "kpi: «fix.mean", ["it is a mean, not a share", "Use csat"]),
    "moment on peak and end": ("kpi: fix.time_to_resolve", "kpi: «journey.peak_end", ["a mean of scores", "Use csat"]),
    "unknown calendar": ("tolerance: 4h}", "tolerance: 4h, calendar: «open_hours}", ["no calendar", "'opening_hours'"]),
    "promises with a tolerance": (
        "{kpi: time_in_stage}",
        "{kpi: promises_kept, from: reported, to: arrived, «tolerance: 4h}",
        ["tolerance"],
    ),
    "promises with a calendar": (
        "{kpi: time_in_stage}",
        "{kpi: promises_kept, from: reported, to: arrived, «calendar: opening_hours}",
        ["calendar"],
    ),
    "promises of an unknown touchpoint": (
        "{kpi: time_in_stage}",
        "{kpi: promises_kept, from: reported, to: «arived}",
        ["no touchpoint 'arived'", "arrived"],
    ),
    "promises to itself": (
        "{kpi: time_in_stage}",
        "{kpi: promises_kept, from: reported, to: «reported}",
        ["measures from 'reported' to itself"],
    ),
    "combination twice": (
        "segments: [tier, region]",
        "segments: [tier, region, [tier, region], «[region, tier]]",
        ["the segment 'region+tier' is defined twice", "in any order of its parts"],
    ),
    "combination of one": ("segments: [tier, region]", "segments: [tier, region, «[tier]]", ["at least two segments"]),
    "combination with itself": ("segments: [tier, region]", "segments: [tier, region, «[tier, tier]]", ["twice"]),
    "combination of all": (
        "segments: [tier, region]",
        "segments: [tier, region, «[all, tier]]",
        ["reserved for all customers"],
    ),
    "combination of no name": ("segments: [tier, region]", "segments: [tier, region, «[tier, 3]]", ["3 is not a name"]),
    "combination not declared": ("segments: [region]", "segments: [«tier+region]", ["no segment 'tier+region'"]),
    "min_cell_size": ("segments: [tier, region]", "segments: [tier, region]\nmin_cell_size: «0", ["equal to 1"]),
    "valid_from": ("version: 1\n", "version: 1\nvalid_from: «2026-02-30\n", ["is not a day", "2026-05-01"]),
    "viewpoint of nobody": ("segment: {tier: [gold]}", "segment: {tier: «[]}", ["at least 1 item"]),
    "no such kind": (NPS, "{kpi: «npss, survey: s}", ["no KPI kind 'npss'", "did you mean 'nps'?"]),
    "no kind at all": (NPS, "{kpi: «[nps], survey: s}", ["no KPI kind \"['nps']\""]),
    "nps scale": (NPS, "{kpi: nps, survey: s, scale: «[1, 5]}", ["0 to 10 only", "Use csat"]),
    "nps direction": (NPS, "{kpi: nps, survey: s, direction: «lower}", ["'direction': input should be 'higher'"]),
    "scale upside down": (CSAT, "{kpi: csat, survey: s, scale: «[5, 1]}", ["not from 5 to 1"]),
    "box too large": (CSAT, "{kpi: csat, survey: s, box: «5}", ["contains every score from 1 to 5"]),
    "default box too large": (CSAT, "«{kpi: csat, survey: s, scale: [0, 1]}", ["a box of 2 contains every score"]),
    "easy box too large": ("polarity: low_is_easy", "polarity: low_is_easy, box: «7", ["every score from 1 to 7"]),
    "no polarity": (
        "{kpi: ces, survey: after_call, polarity: low_is_easy}",
        "«{kpi: ces, survey: after_call}",
        ["the key 'polarity' is missing"],
    ),
    "repeated once": (
        "repeat_contact, touchpoint: transferred}",
        "repeat_contact, touchpoint: transferred, at_least: «1}",
        ["greater than or equal to 2"],
    ),
    "notify": ("notify: [lead]", "notify: [«leed]", ["jkpi.yml has no receiver 'leed'", "did you mean 'lead'?"]),
    "escalate": ("to: [boss]", "to: [«bos]", ["jkpi.yml has no receiver 'bos'", "did you mean 'boss'?"]),
    "nobody notified": ("  - moment: on_site\n", "  - «moment: on_site\n", ["nobody is notified"]),
    "moment twice": (
        "moments_of_truth:\n",
        "moments_of_truth:\n"
        "  - {moment: on_site, kpi: fix.csat, promise: 0.8, min_drop: 0.1, owner: o, notify: [lead]}\n",
        ["the moment 'on_site' is defined twice"],
    ),
}

MORE_CHANGES = {
    "promise to a part of a combination": [
        ("segments: [tier, region]", "segments: [tier, [tier, region]]"),
        ("    segments: [region]", "    segments: [tier+region]"),
    ],
    "moment on a mean": [(NPS, "{kpi: csat_mean, name: mean, survey: s}")],
    "moment on peak and end": [("{kpi: conversion}", "{kpi: peak_end}")],
    "nobody notified": [("    notify: [lead]\n", "")],
    "moment on a time that may be long": [("{kpi: time_in_stage}", "{kpi: time_in_stage, direction: higher}")],
    "moment twice": [("  - moment: on_site\n", "  - moment: «on_site\n")],
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_invalid_map_is_reported_with_its_position(case: str, tmp_path: Path) -> None:
    old, new, messages = REFUSED[case]
    text, places = spoiled((old, new), *MORE_CHANGES.get(case, []))
    write(tmp_path, map=text)
    write_calendar(tmp_path, OPENING_HOURS)
    (problem,) = problems(tmp_path)
    assert problem.file == "journeys/map.yml"
    assert [(problem.line, problem.column)] == (places or [(1, 1)])
    for words in messages:
        assert words in f"{problem.message} {problem.hint}"


def test_a_time_to_resolve_without_a_tolerance_has_no_share_to_promise(tmp_path: Path) -> None:
    text, ((line, column),) = spoiled((", tolerance: 4h}", "}"), ("promise: 0.85", "promise: «0.85"))
    write(tmp_path, map=text)
    (problem,) = problems(tmp_path)
    assert (problem.line, problem.column) == (line, column)
    assert "fix.time_to_resolve is a median and has no share" in problem.message
    write(tmp_path, map=text.replace("    promise: 0.85\n", ""))
    assert problems(tmp_path) == ()


def test_small_map_has_no_problems(tmp_path: Path) -> None:
    write(tmp_path, map=SMALL)
    assert problems(tmp_path) == ()


def test_points_are_promised_from_minus_100_to_100(tmp_path: Path) -> None:
    on_nps = ("kpi: fix.time_to_resolve", "kpi: fix.nps")
    right, _ = spoiled(on_nps, ("promise: 0.85", "promise: -20"), ("min_drop: 0.05", "min_drop: 5"))
    write(tmp_path, map=right)
    assert problems(tmp_path) == ()
    wrong, places = spoiled(on_nps, ("promise: 0.85", "promise: «130"))
    write(tmp_path, map=wrong)
    (problem,) = problems(tmp_path)
    assert (problem.line, problem.column) == places[0]
    assert problem.message == "the promise is 130; it must be points from -100 to 100"


def test_drop_of_a_lower_is_better_kpi_goes_upward(tmp_path: Path) -> None:
    on_drop_off = ("kpi: fix.time_to_resolve", "kpi: report.drop_off")
    right, _ = spoiled(on_drop_off, ("promise: 0.85", "promise: 0.02"))
    write(tmp_path, map=right)
    assert problems(tmp_path) == ()
    wrong, places = spoiled(on_drop_off, ("promise: 0.85", "promise: 0.97"), ("min_drop: 0.05", "min_drop: «0.05"))
    write(tmp_path, map=wrong)
    (problem,) = problems(tmp_path)
    assert (problem.line, problem.column) == places[0]
    assert "ends at 1.02" in problem.message


def test_all_problems_of_all_files_at_once(tmp_path: Path) -> None:
    first, in_first = spoiled(
        ("version: 1", "version: «one"),
        ("timezone: Europe/Paris", "timezone: «Mars/Crater"),
        ("window: 2d", "window: 2d, «windw: 3d"),
        ("from: reported", "from: «report"),
        ("tolerance: 4h", "tolerance: «0h"),
        ("kpi: fix.time_to_resolve", "kpi: «fix.time"),
        ("notify: [lead]", "notify: [«nobody]"),
    )
    second, in_second = spoiled(("journey: repair", "journey: «repair"), ("segments: [region]", "segments: [«area]"))
    write(tmp_path, a=first, b=second, c="«: [", d="")
    found = problems(tmp_path)
    by_file = {name: [(p.line, p.column) for p in found if p.file == f"journeys/{name}.yml"] for name in "abcd"}
    assert by_file["a"] == in_first
    assert by_file["b"] == in_second
    assert len(by_file["c"]) == len(by_file["d"]) == 1
    assert "the journey 'repair' is also defined in journeys/a.yml" in next(
        p.message for p in found if p.file.endswith("b.yml")
    )


def test_a_broken_name_does_not_make_its_references_wrong(tmp_path: Path) -> None:
    text, places = spoiled(("{touchpoint: arrived,", "{«touchpont: arrived,"), (NPS, "{kpi: «npss, survey: s}"))
    write(tmp_path, map=text)
    found = problems(tmp_path)
    assert all("arrived" not in problem.message for problem in found)
    assert [(p.line, p.column) for p in found if "unknown key" in p.message] == places[:1]


UNSTAFFED = tuple(
    (f"{{touchpoint: {name}, channel: {channel}}}", f"{{touchpoint: {name}, channel: web}}")
    for name, channel in (
        ("reported", "phone"),
        ("transferred", "phone"),
        ("arrived", "field"),
        ("running", "field"),
        ("confirmed", "email"),
    )
)
STAFFED = (("{touchpoint: confirmed, channel: email}", "{touchpoint: confirmed, channel: phone}"),)


@pytest.mark.parametrize(
    ("kpi", "changes", "messages"),
    [
        ("{kpi: «self_service}", UNSTAFFED, "self_service needs a staffed touchpoint, and this map has none"),
        ("{kpi: «self_service}", STAFFED, "self_service needs a touchpoint without staff, and this map has none"),
        ("{kpi: «first_contact}", UNSTAFFED, "first_contact needs a staffed touchpoint, and this map has none"),
        ("{kpi: first_contact, touchpoint: transferred}", UNSTAFFED, None),
        ("{kpi: first_contact}", STAFFED, None),
        ("{kpi: self_service}", (), None),
    ],
)
def test_contact_kpis_need_staffed_and_unstaffed_touchpoints(
    kpi: str, changes: tuple[tuple[str, str], ...], messages: str | None, tmp_path: Path
) -> None:
    text, places = spoiled((VOLUME, kpi), *changes)
    write(tmp_path, map=text)
    found = problems(tmp_path)
    assert [problem.message for problem in found] == ([messages] if messages else [])
    assert [(problem.line, problem.column) for problem in found] == places


def test_unreadable_staffing_is_not_checked(tmp_path: Path) -> None:
    text, _ = spoiled((VOLUME, "{kpi: self_service}"), *UNSTAFFED[1:], (UNSTAFFED[0][0], "{touchpoint: reported}"))
    write(tmp_path, map=text)
    (problem,) = problems(tmp_path)
    assert problem.message == "the key 'channel' is missing"


def test_more_touchpoints_than_can_be_put_in_order(tmp_path: Path) -> None:
    def with_touchpoints(count: int) -> str:
        more = "".join(f"      - {{touchpoint: page_{number}, channel: web}}\n" for number in range(count - 5))
        return SMALL.replace("      - {touchpoint: arrived", f"{more}      - {{touchpoint: arrived")

    write(tmp_path, map=with_touchpoints(1001))
    (problem,) = problems(tmp_path)
    assert "this map has 1,001 touchpoints; at most 1,000" in problem.message
    write(tmp_path, map=with_touchpoints(1000))
    assert problems(tmp_path) == ()


def test_a_calendar_that_cannot_be_read_does_not_make_its_kpis_wrong(tmp_path: Path) -> None:
    text, _ = spoiled(("tolerance: 4h}", "tolerance: 4h, calendar: opening_hours}"))
    write(tmp_path, map=text)
    (problem,) = problems(tmp_path)
    assert problem.hint == "define it in calendars/opening_hours.yml"
    write_calendar(tmp_path, OPENING_HOURS)
    assert problems(tmp_path) == ()
    write_calendar(tmp_path, "calendar: [")
    assert problems(tmp_path) == ()


def test_documented_kpi_kinds_are_valid(tmp_path: Path) -> None:
    text, _ = spoiled(
        (NPS, "{kpi: emotion, name: angry, touchpoint: arrived, target: 0.1}"),
        ("{kpi: time_in_stage}", "{kpi: response_rate, survey: s, window: 90d}"),
        (
            VOLUME,
            "{kpi: csat_mean, survey: s, touchpoint: running, scale: [0, 10], target: 8}\n      - {kpi: first_contact}",
        ),
        ("{kpi: conversion}", "{kpi: self_service}\n  - {kpi: peak_end, target: 0.7, window: 90d}"),
        ("kpi: fix.time_to_resolve", "kpi: fix.angry"),
        ("promise: 0.85", "promise: 0.15"),
        ("segments: [tier, region]", "segments: [[tier, country], [tier, region]]\nmin_cell_size: 5"),
        ("segments: [region]", "segments: [tier+region]"),
    )
    write(tmp_path, map=text)
    assert problems(tmp_path) == ()


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats()
    | st.sampled_from(["", "all", "journey", "4h", "csat"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["kpi", "stage", "touchpoint"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(junk=JUNK, data=st.data())
def test_any_invalid_value_is_reported_without_a_crash(junk: object, data: st.DataObject) -> None:
    spoilt = yaml.safe_load(SMALL)
    part = spoilt
    while True:
        key = data.draw(st.sampled_from(list(part) if isinstance(part, dict) else list(range(len(part)))))
        inner = part[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        part = inner
    part[key] = junk
    found = list(journey_findings(spoilt, KnownReceivers(("lead", "boss"), has_default=False)))
    try:
        Journey.model_validate(spoilt)
    except ValidationError as error:
        assert error.error_count() > 0
    else:
        assert found or map_rows([Journey.model_validate(spoilt)], datetime(2026, 6, 30, tzinfo=UTC))


def test_a_map_that_is_no_mapping(tmp_path: Path) -> None:
    write(tmp_path, map="- just\n- a list\n")
    (problem,) = problems(tmp_path)
    assert (problem.line, problem.column) == (1, 1)


def test_workspace_without_maps_has_a_hint(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path)
    assert "no journey map" in problem.message
    assert "jkpi init" in problem.hint


def test_unknown_receivers_are_not_checked(tmp_path: Path) -> None:
    text, _ = spoiled(("notify: [lead]", "notify: [whoever]"))
    write(tmp_path, map=text)
    assert problems(tmp_path, receivers=None) == ()


def test_a_default_receiver_covers_moments_without_notify(tmp_path: Path) -> None:
    text, _ = spoiled(("    notify: [lead]\n", ""))
    write(tmp_path, map=text)
    assert problems(tmp_path, default="lead") == ()
