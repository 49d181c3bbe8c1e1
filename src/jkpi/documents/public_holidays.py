"""Holidays as written in YAML: days, and the public holidays of a country or a part of it. Pure.

The dates of a country come from the package `holidays`, which needs no network. It is imported when a country is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

from jkpi.documents.validation_errors import did_you_mean

_CODE = re.compile(r"([A-Za-z]{2})(?:-([A-Za-z0-9]{1,6}))?")


class Country(NamedTuple):
    """A country by its ISO 3166-1 code, or a subdivision of it by its ISO 3166-2 code: `BR`, `BR-SP`."""

    country: str
    subdivision: str | None = None

    def __str__(self) -> str:
        return "-".join(part for part in self if part)


def parse_holiday(value: object) -> date | Country:
    """Parse `2026-05-01`, `BR`, `BR-SP` or `{country: BR, subdivision: SP}`.

    Raises:
        ValueError: neither a day nor a country whose holidays are known.
    """
    if isinstance(value, Country):
        return value
    if isinstance(value, Mapping):
        return _checked_country(*_of_mapping(value))
    if value is False:
        raise ValueError("YAML reads NO as false: write Norway as 'NO', in quotes")
    if isinstance(value, str) and (match := _CODE.fullmatch(value.strip())):
        return _checked_country(match[1].upper(), match[2].upper() if match[2] else None)
    if type(value) is date:
        return value
    try:
        # A number is no day: 20260501 could be meant for anything.
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(
            f"{value!r} is no holiday: write a day, such as 2026-05-01, or a country, such as BR or BR-SP"
        ) from None


def public_holidays(entries: Iterable[date | Country], first_year: int, last_year: int) -> frozenset[date]:
    """All days that the entries name, those of countries from `first_year` to `last_year`."""
    days: set[date] = set()
    for entry in entries:
        if isinstance(entry, Country):
            for year in range(first_year, last_year + 1):
                days |= holidays_of_year(entry, year)
        else:
            days.add(entry)
    return frozenset(days)


@cache
def holidays_of_year(country: Country, year: int) -> frozenset[date]:
    """The public holidays of one year."""
    import holidays

    return frozenset(holidays.country_holidays(country.country, subdiv=country.subdivision, years=year))


def _of_mapping(value: Mapping[Any, Any]) -> tuple[str, str | None]:
    known = ("country", "subdivision")
    unknown = next((key for key in value if key not in known), None)
    if unknown is not None:
        raise ValueError(f"unknown key {unknown!r}; {did_you_mean(str(unknown), known)}")
    if "country" not in value:
        raise ValueError("the key 'country' is missing: write {country: BR, subdivision: SP}")
    if value["country"] is False:
        raise ValueError("YAML reads NO as false: write Norway as 'NO', in quotes")
    subdivision = value.get("subdivision")
    return str(value["country"]).upper(), None if subdivision is None else str(subdivision).upper()


def _checked_country(country: str, subdivision: str | None) -> Country:
    import holidays

    subdivisions = holidays.list_supported_countries(include_aliases=False).get(country)
    if subdivisions is None:
        known = [code for code in holidays.list_supported_countries(include_aliases=False) if len(code) == 2]
        hint = did_you_mean(country, known)
        known_text = f"; {hint}" if hint else ""
        raise ValueError(
            f"no holidays are known of {country!r}: write the ISO code of a country, such as BR{known_text}"
        )
    if subdivision is not None and subdivision not in subdivisions:
        hint = did_you_mean(subdivision, subdivisions) or "see the list of the package holidays"
        raise ValueError(f"no holidays are known of {subdivision!r} in {country}; {hint}")
    return Country(country, subdivision)


def _as_list(value: object) -> object:
    """One country or day may stand without brackets."""
    return value if isinstance(value, list | tuple) else [value]


def _refuse_repeated(entries: list[date | Country]) -> list[date | Country]:
    repeated = next((entry for entry in entries if entries.count(entry) > 1), None)
    if repeated is not None:
        raise ValueError(f"{repeated} is listed twice")
    return entries


_COUNTRY_SCHEMA = {
    "type": "string",
    "pattern": r"^[A-Za-z]{2}(-[A-Za-z0-9]{1,6})?$",
    "examples": ["BR", "BR-SP"],
}
_ENTRY_SCHEMA = {
    "anyOf": [
        {"type": "string", "format": "date"},
        _COUNTRY_SCHEMA,
        {
            "type": "object",
            "properties": {"country": {"type": "string"}, "subdivision": {"type": "string"}},
            "required": ["country"],
            "additionalProperties": False,
        },
    ]
}
_Holiday = Annotated[
    date | Country, BeforeValidator(parse_holiday), PlainSerializer(str, return_type=str), WithJsonSchema(_ENTRY_SCHEMA)
]
Holidays = Annotated[
    list[_Holiday],
    BeforeValidator(_as_list),
    AfterValidator(_refuse_repeated),
    WithJsonSchema({"anyOf": [*_ENTRY_SCHEMA["anyOf"], {"type": "array", "items": _ENTRY_SCHEMA}]}),
]
"""Days and countries: `[BR-SP, 2026-12-24]`, or one of them without brackets."""
