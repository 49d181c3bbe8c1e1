"""What a user gets wrong in YAML is told where it is, all of it, with the nearest known key."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from jkpi.documents.documents import Strict, nearest, read
from jkpi.documents.durations import Duration, Interval, format_duration, parse_duration
from jkpi.errors import WorkspaceError


class Cat(Strict):
    animal: Literal["cat"]
    lives: int


class Dog(Strict):
    animal: Literal["dog"]
    tricks: list[str] = []


class Home(Strict):
    name: str
    rest: Duration = timedelta(hours=1)
    pets: list[Annotated[Cat | Dog, Field(discriminator="animal")]] = []
    rooms: dict[str, Cat] = {}


def problems(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "home.yml").write_text(text, encoding="utf-8")
    with pytest.raises(WorkspaceError) as caught:
        read(tmp_path / "home.yml", Home, tmp_path)
    return [str(problem) for problem in caught.value.problems]


def test_a_right_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "home.yml").write_text("name: on\nrest: 4h\npets: [{animal: dog}]\n")
    home, document = read(tmp_path / "home.yml", Home)
    assert (home.name, home.rest) == ("on", timedelta(hours=4))
    assert document.position(["pets", 0, "animal"]) == (3, 17)
    assert document.position(["pets", 7, "nothing"]) == (3, 7)


def test_all_problems_at_once_with_their_places(tmp_path: Path) -> None:
    text = "nam: x\nrest: soon\npets:\n  - {animal: dog, trick: [sit]}\n  - {animal: cat, lives: nine}\n"
    assert problems(tmp_path, text) == [
        "home.yml:1:1: the key 'name' is missing",
        "home.yml:1:1: unknown key 'nam' (did you mean 'name'?)",
        "home.yml:2:7: 'soon' is not a duration: write a number and a unit, such as 90s, 15m, 4h, 30d or 2w",
        "home.yml:4:19: unknown key 'trick' (did you mean 'tricks'?)",
        "home.yml:5:26: 'lives': input should be a valid integer, unable to parse string as an integer",
    ]


def test_unknown_keys_inside_a_mapping_of_models(tmp_path: Path) -> None:
    text = "name: x\nrooms:\n  attic: {animal: cat, lives: 9, live: 8}\n"
    assert problems(tmp_path, text) == ["home.yml:3:34: unknown key 'live' (did you mean 'lives'?)"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "home.yml:1:1: the file is empty"),
        ("name: [", "home.yml:1:8: not valid YAML: expected the node content, but found '<stream end>'"),
        ("name: a\nname: b\n", "home.yml:2:1: the key 'name' is given twice"),
        ("name: a\nrest: 0d\n", "home.yml:2:7: a duration must be longer than zero"),
        ("- name\n", "home.yml:1:1: 'the file': a mapping of keys is wanted"),
        ("name: a\n? [b, c]\n: d\n", "home.yml:2:3: a key must be a plain word"),
        ("name: &n [*n]\n", "home.yml:1:7: an anchor that contains itself"),
    ],
)
def test_what_is_no_document_is_told(tmp_path: Path, text: str, expected: str) -> None:
    assert problems(tmp_path, text) == [expected]


def test_a_missing_file_and_a_wrong_encoding_are_told(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="no such file"):
        read(tmp_path / "gone.yml", Home)
    (tmp_path / "latin.yml").write_bytes("name: caf\xe9".encode("latin-1"))
    with pytest.raises(WorkspaceError, match="save it as UTF-8"):
        read(tmp_path / "latin.yml", Home)


@given(st.integers(min_value=1, max_value=10_000_000))
def test_durations_are_read_back(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert parse_duration(format_duration(length)) == length


def test_the_nearest_word_is_named_and_few_are_listed() -> None:
    assert nearest("repiar", ["repair", "report"]) == "did you mean 'repair'?"
    assert nearest("xyz", ["repair", "report"]) == "known: repair, report"


@pytest.mark.parametrize("text", ["365001d", "99999999999999d", "9" * 400 + "w"])
def test_a_duration_beyond_all_calendars_is_told_with_what_is_allowed(tmp_path: Path, text: str) -> None:
    told = f"home.yml:2:7: '{text}' is too long: write 365000d at most"
    assert problems(tmp_path, f"name: a\nrest: {text}\n") == [told]
    assert parse_duration("365000d") == timedelta(days=365_000)


class Rarely(Strict):
    every: Interval


@pytest.mark.parametrize("text", ["1001y", "100000000y", "9" * 400 + "y"])
def test_rarer_than_all_calendars_is_told_with_its_place_and_what_is_allowed(tmp_path: Path, text: str) -> None:
    (tmp_path / "rarely.yml").write_text(f"every: {text}\n")
    with pytest.raises(WorkspaceError) as caught:
        read(tmp_path / "rarely.yml", Rarely, tmp_path)
    assert [str(one) for one in caught.value.problems] == [f"rarely.yml:1:8: '{text}' is too long: write 1000y at most"]


@pytest.mark.parametrize(
    ("text", "days"), [("1y", 365), ("1.5y", 547.5), ("26w", 182), ("90d", 90), (timedelta(days=3), 3)]
)
def test_how_rarely_may_be_years(text: object, days: float) -> None:
    assert Rarely.model_validate({"every": text}).every == timedelta(days=days)


@pytest.mark.parametrize("text", ["0y", "a year", "-1y", "1y6m"])
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        Rarely.model_validate({"every": text})
