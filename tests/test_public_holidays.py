"""Holidays as they are written: days and countries."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import TypeAdapter, ValidationError

from jkpi.documents.public_holidays import Country, Holidays, public_holidays

WRITTEN: TypeAdapter[list[date | Country]] = TypeAdapter(Holidays)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("BR", [Country("BR")]),
        ("br-sp", [Country("BR", "SP")]),
        ({"country": "BR", "subdivision": "SP"}, [Country("BR", "SP")]),
        ({"country": "BR"}, [Country("BR")]),
        (["GB-ENG", "2026-12-24"], [Country("GB", "ENG"), date(2026, 12, 24)]),
        (date(2026, 12, 24), [date(2026, 12, 24)]),
        ("NO", [Country("NO")]),
        ([], []),
    ],
)
def test_days_and_countries_are_read(value: object, expected: list[date | Country]) -> None:
    read = WRITTEN.validate_python(value)
    assert read == expected
    assert WRITTEN.validate_python(WRITTEN.dump_python(read, mode="json")) == expected


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("XQ", "no holidays are known of 'XQ'"),
        ("BR-ZZ", "no holidays are known of 'ZZ' in BR"),
        (False, "write Norway as 'NO', in quotes"),
        ({"country": False}, "write Norway as 'NO', in quotes"),
        ({"subdivision": "SP"}, "the key 'country' is missing"),
        ("2026-02-30", "'2026-02-30' is no holiday"),
        (20260101, "20260101 is no holiday"),
    ],
)
def test_what_is_neither_is_refused(value: object, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        WRITTEN.validate_python(value)


def test_the_holidays_of_a_subdivision_are_those_of_its_country_and_its_own() -> None:
    brazil, sao_paulo = (public_holidays([Country("BR", part)], 2025, 2026) for part in (None, "SP"))
    assert date(2025, 4, 18) in brazil  # Good Friday
    assert sao_paulo - brazil == {date(2025, 7, 9), date(2026, 7, 9)}
    assert public_holidays([Country("BR"), date(2030, 5, 5)], 2025, 2026) == brazil | {date(2030, 5, 5)}
