"""Every problem of a calendar: its message, and its line and column."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from jkpi.errors import Problem, WorkspaceError
from jkpi.journeys.calendars.hours import OpenInterval, parse_hours, weekday_numbers
from jkpi.journeys.calendars.model import Calendar, calendar_schema
from jkpi.journeys.calendars.reader import calendar_names, read_calendars
from tests.journeys.small_map import OPENING_HOURS, spoiled, write_calendar

WEEK = '{mon-fri: ["08:00-18:00"]}'
SATURDAY = 'sat: ["10:00-14:00"]'

REFUSED = {
    "unknown key": ("holidays:", "«holydays:", ["unknown key 'holydays'", "did you mean 'holidays'?"]),
    "time zone": ("Europe/Paris", "«Europe/Pariss", ["not an IANA time zone", "did you mean 'Europe/Paris'?"]),
    "no hours": ('"10:00-14:00"', '«"10 to 14"', ["'10 to 14' is not an interval of hours", "09:00-12:30"]),
    "hour 25": ('"10:00-14:00"', '«"10:00-25:00"', ["is not an interval of hours"]),
    "empty hours": ('"10:00-14:00"', '«"10:00-10:00"', ["is empty", "00:00-24:00"]),
    "from midnight's end": ('"10:00-14:00"', '«"24:00-02:00"', ["is empty"]),
    "no hours at all": (SATURDAY, "sat: «[]", ["at least 1 item"]),
    "overlap": (SATURDAY, 'sat: «["10:00-14:00", "13:59-15:00"]', ["10:00-14:00 and 13:59-15:00 overlap"]),
    "overlap over midnight": (
        WEEK,
        '«{mon-fri: ["00:30-02:00", "22:00-01:00"]}',
        ["hours of mon that go past midnight overlap the hours of tue"],
    ),
    "a day twice": (SATURDAY, 'fri: ["10:00-14:00"]', ["fri has hours under 'mon-fri' and under 'fri'"]),
    "no such day": (SATURDAY, '«sunday: ["10:00-14:00"]', ["'sunday' is not a weekday"]),
    "empty week": (WEEK, "«{}", ["at least 1 item"]),
    "no versions": (OPENING_HOURS[OPENING_HOURS.index("versions:") :], "versions: «[]\n", ["at least 1 item"]),
    "first version from": (
        "- hours: {mon",
        "- from: 2020-01-01\n    hours: {mon",
        ["the first version is valid from the beginning"],
    ),
    "second version from ever": ("- from: 2026-04-01\n    hours", "- hours", ["version 2 needs from:"]),
    "no day": ("from: 2026-04-01", "from: «2026-04-31", ["'2026-04-31' is not a day"]),
    "holiday twice": ("[2026-01-01, 2026-05-01]", "«[2026-01-01, 2026-01-01]", ["2026-01-01 is listed twice"]),
    "no such country": ("[2026-01-01, 2026-05-01]", "«Frankreich", ["'Frankreich' is no holiday", "BR-SP"]),
    "no such subdivision": ("[2026-01-01, 2026-05-01]", "[2026-01-01, «BR-ZZ]", ["'ZZ' in BR"]),
    "a key of a country": (
        "[2026-01-01, 2026-05-01]",
        "«{country: BR, subdivison: SP}",
        ["unknown key 'subdivison'; did you mean 'subdivision'?"],
    ),
    "country twice": ("[2026-01-01, 2026-05-01]", "«[BR, BR]", ["BR is listed twice"]),
    "holiday and change": (
        "changes: {2026-12-24",
        "changes: «{2026-05-01",
        ["2026-05-01 is a holiday and has special hours"],
    ),
    "change overlaps": ('["09:00-12:00"]', '«["09:00-12:00", "11:00-13:00"]', ["overlap"]),
    "change on no day": ("{2026-12-24", "{«2026-12-32", ["'2026-12-32' is not a day"]),
}


def problems(workspace: Path) -> tuple[Problem, ...]:
    with pytest.raises(WorkspaceError) as caught:
        read_calendars(workspace)
    return caught.value.problems


@pytest.mark.parametrize("case", REFUSED)
def test_an_invalid_calendar_is_reported_with_its_position(case: str, tmp_path: Path) -> None:
    old, new, messages = REFUSED[case]
    text, places = spoiled((old, new), of=OPENING_HOURS)
    write_calendar(tmp_path, text)
    (problem,) = problems(tmp_path)
    assert problem.file == "calendars/opening_hours.yml"
    if places:
        assert [(problem.line, problem.column)] == places
    for words in messages:
        assert words in f"{problem.message} {problem.hint}"


def test_versions_are_in_order_of_time(tmp_path: Path) -> None:
    third = f"  - from: 2026-04-01\n    hours: {WEEK}\nholidays"
    write_calendar(tmp_path, OPENING_HOURS.replace("holidays", third))
    (problem,) = problems(tmp_path)
    assert problem.message == "version 3 is valid from 2026-04-01, not after 2026-04-01: sort the versions"


def test_all_problems_of_all_files_at_once_and_each_name_once(tmp_path: Path) -> None:
    write_calendar(tmp_path, OPENING_HOURS.replace("Europe/Paris", "Mars/Crater"), "a")
    write_calendar(tmp_path, OPENING_HOURS, "b")
    write_calendar(tmp_path, "calendar: [", "c")
    found = problems(tmp_path)
    assert [problem.file for problem in found] == [f"calendars/{name}.yml" for name in "abc"]
    assert "the calendar 'opening_hours' is also defined in calendars/a.yml" in found[1].message
    assert calendar_names(tmp_path) is None


def test_the_calendar_is_read_and_survives_a_round_trip(tmp_path: Path) -> None:
    assert read_calendars(tmp_path) == ()
    assert calendar_names(tmp_path) == frozenset()
    write_calendar(tmp_path)
    (calendar,) = read_calendars(tmp_path)
    assert calendar.versions[0].intervals_on(5) == [OpenInterval(600, 840)]
    assert Calendar.model_validate(calendar.model_dump(mode="json", by_alias=True)) == calendar
    assert calendar_names(tmp_path) == frozenset({"opening_hours"})


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("09:00-12:30", (540, 750)),
        ("00:00-24:00", (0, 1440)),
        ("22:00-02:00", (1320, 1560)),
        ("22:00-00:00", (1320, 1440)),
    ],
)
def test_hours_are_minutes_from_midnight(written: str, hours: tuple[int, int]) -> None:
    assert parse_hours(written) == hours
    assert parse_hours(str(parse_hours(written))) == hours


def test_a_range_of_weekdays_continues_after_sunday() -> None:
    assert weekday_numbers("mon-fri") == [0, 1, 2, 3, 4]
    assert weekday_numbers("sat-mon") == [5, 6, 0]
    assert weekday_numbers("sun") == [6]


def test_the_schema_takes_what_the_model_takes() -> None:
    schema = calendar_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    # A date is text in an editor's eyes.
    data = yaml.load(OPENING_HOURS, yaml.BaseLoader)
    assert list(validator.iter_errors(data)) == []
    for right, wrong in (('"09:00-12:30"', '"9 to 12"'), ("mon-fri", "weekdays"), ("holidays", "holydays")):
        spoilt = yaml.load(OPENING_HOURS.replace(right, wrong, 1), yaml.BaseLoader)
        assert list(validator.iter_errors(spoilt)), wrong
