"""Problems in YAML files are reported all at once, with position and nearest known key."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from jkpi.documents.durations import Duration, LongDuration, format_duration, parse_duration
from jkpi.documents.models import StrictModel, read_model
from jkpi.documents.validation_errors import did_you_mean
from jkpi.errors import WorkspaceError


class Cat(StrictModel):
    animal: Literal["cat"]
    lives: int


class Dog(StrictModel):
    animal: Literal["dog"]
    tricks: list[str] = []


class Home(StrictModel):
    name: str
    rest: Duration = timedelta(hours=1)
    pets: list[Annotated[Cat | Dog, Field(discriminator="animal")]] = []
    rooms: dict[str, Cat] = {}


def problems(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "home.yml").write_text(text, encoding="utf-8")
    with pytest.raises(WorkspaceError) as caught:
        read_model(tmp_path / "home.yml", Home, tmp_path)
    return [str(problem) for problem in caught.value.problems]


def test_valid_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "home.yml").write_text("name: on\nrest: 4h\npets: [{animal: dog}]\n")
    home, document = read_model(tmp_path / "home.yml", Home)
    assert (home.name, home.rest) == ("on", timedelta(hours=4))
    assert document.position(["pets", 0, "animal"]) == (3, 17)
    assert document.position(["pets", 7, "nothing"]) == (3, 7)


def test_all_problems_are_reported_with_position(tmp_path: Path) -> None:
    text = "nam: x\nrest: soon\npets:\n  - {animal: dog, trick: [sit]}\n  - {animal: cat, lives: nine}\n"
    assert problems(tmp_path, text) == [
        "home.yml:1:1: the key 'name' is missing",
        "home.yml:1:1: unknown key 'nam' (did you mean 'name'?)",
        "home.yml:2:7: 'soon' is not a duration: write a number and a unit, such as 90s, 15m, 4h, 30d or 2w",
        "home.yml:4:19: unknown key 'trick' (did you mean 'tricks'?)",
        "home.yml:5:26: 'lives': input should be a valid integer, unable to parse string as an integer",
    ]


def test_unknown_key_inside_mapping_of_models(tmp_path: Path) -> None:
    text = "name: x\nrooms:\n  attic: {animal: cat, lives: 9, live: 8}\n"
    assert problems(tmp_path, text) == ["home.yml:3:34: unknown key 'live' (did you mean 'lives'?)"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "home.yml:1:1: the file is empty"),
        ("name: [", "home.yml:1:8: not valid YAML: expected the node content, but found '<stream end>'"),
        ("name: a\nname: b\n", "home.yml:2:1: the key 'name' is given twice"),
        ("name: a\nrest: 0d\n", "home.yml:2:7: a duration must be longer than zero"),
        ("- name\n", "home.yml:1:1: 'the file': expected a mapping of keys"),
        ("name: a\n? [b, c]\n: d\n", "home.yml:2:3: a key must be a plain word"),
        ("name: &n [*n]\n", "home.yml:1:7: an anchor that contains itself"),
    ],
)
def test_invalid_structure_is_reported(tmp_path: Path, text: str, expected: str) -> None:
    assert problems(tmp_path, text) == [expected]


def test_missing_file_and_wrong_encoding_are_reported(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="no such file"):
        read_model(tmp_path / "missing.yml", Home)
    (tmp_path / "latin.yml").write_bytes("name: caf\xe9".encode("latin-1"))
    with pytest.raises(WorkspaceError, match="save it as UTF-8"):
        read_model(tmp_path / "latin.yml", Home)


@given(st.integers(min_value=1, max_value=10_000_000))
def test_formatted_duration_parses_back(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert parse_duration(format_duration(duration)) == duration


def test_hint_names_nearest_word_or_lists_a_few() -> None:
    assert did_you_mean("repiar", ["repair", "report"]) == "did you mean 'repair'?"
    assert did_you_mean("xyz", ["repair", "report"]) == "known: repair, report"


@pytest.mark.parametrize("text", ["365001d", "99999999999999d", "9" * 400 + "w"])
def test_too_long_duration_names_the_maximum(tmp_path: Path, text: str) -> None:
    expected = f"home.yml:2:7: '{text}' is too long: write 365000d at most"
    assert problems(tmp_path, f"name: a\nrest: {text}\n") == [expected]
    assert parse_duration("365000d") == timedelta(days=365_000)


class Budget(StrictModel):
    every: LongDuration


@pytest.mark.parametrize("text", ["1001y", "100000000y", "9" * 400 + "y"])
def test_too_long_interval_names_position_and_maximum(tmp_path: Path, text: str) -> None:
    (tmp_path / "budget.yml").write_text(f"every: {text}\n")
    with pytest.raises(WorkspaceError) as caught:
        read_model(tmp_path / "budget.yml", Budget, tmp_path)
    assert [str(problem) for problem in caught.value.problems] == [
        f"budget.yml:1:8: '{text}' is too long: write 1000y at most"
    ]


@pytest.mark.parametrize(
    ("text", "days"), [("1y", 365), ("1.5y", 547.5), ("26w", 182), ("90d", 90), (timedelta(days=3), 3)]
)
def test_long_durations_allow_years(text: object, days: float) -> None:
    assert Budget.model_validate({"every": text}).every == timedelta(days=days)


@pytest.mark.parametrize("text", ["0y", "a year", "-1y", "1y6m"])
def test_invalid_long_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        Budget.model_validate({"every": text})
