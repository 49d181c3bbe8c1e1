"""The model of `calendars/*.yml`: open hours by weekday, holidays and changes. Pure."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from jkpi.documents.models import StrictModel
from jkpi.documents.public_holidays import Country, Holidays, holidays_of_year
from jkpi.journeys.calendars.hours import (
    MINUTES_PER_DAY,
    WEEKDAYS,
    DayRange,
    OpenHours,
    OpenInterval,
    check_no_overlap,
    first_overlap,
    weekday_numbers,
)
from jkpi.journeys.types import Identifier, IsoDate, Timezone

HoursOfDay = Annotated[list[OpenHours], Field(min_length=1), AfterValidator(check_no_overlap)]


class CalendarVersion(StrictModel):
    """The usual week from a day on."""

    from_: IsoDate | None = Field(
        None, alias="from", description="First day on which it is valid; the first version has none."
    )
    hours: Annotated[dict[DayRange, HoursOfDay], Field(min_length=1)] = Field(
        description="Days -> hours; days that are not listed are closed.",
        json_schema_extra={"additionalProperties": False},
    )

    @field_validator("hours")
    @classmethod
    def _no_overlaps(cls, hours: dict[str, list[OpenInterval]]) -> dict[str, list[OpenInterval]]:
        by_day: dict[int, str] = {}
        for days in hours:
            for day in weekday_numbers(days):
                if day in by_day:
                    raise ValueError(f"{WEEKDAYS[day]} has hours under {by_day[day]!r} and under {days!r}")
                by_day[day] = days
        for day, days in by_day.items():
            day_before = (day - 1) % 7
            carried_over = [
                OpenInterval(0, interval.ends - MINUTES_PER_DAY)
                for interval in hours.get(by_day.get(day_before, ""), [])
                if interval.ends > MINUTES_PER_DAY
            ]
            if first_overlap([*carried_over, *hours[days]]):
                raise ValueError(
                    f"hours of {WEEKDAYS[day_before]} that go past midnight overlap the hours of {WEEKDAYS[day]}"
                )
        return hours

    def intervals_on(self, weekday: int) -> list[OpenInterval]:
        """Intervals that start on this weekday, 0 for Monday."""
        return next((hours for days, hours in self.hours.items() if weekday in weekday_numbers(days)), [])


class Calendar(StrictModel):
    """When a business is open, in local time. Hours past midnight belong to the day on which they start: a holiday
    closes the hours that start on it, not the end of the night before.
    """

    calendar: Identifier
    timezone: Timezone = Field(description="Time zone: an IANA name, such as Europe/Paris.")
    versions: Annotated[list[CalendarVersion], Field(min_length=1)] = Field(
        description="The usual week, in order of time."
    )
    holidays: Holidays = Field(
        [],
        description="Days that are closed: dates, and countries for their public holidays, such as BR or BR-SP. Special"
        " hours under changes win over a public holiday.",
    )
    changes: dict[IsoDate, HoursOfDay] = Field({}, description="Days with special hours.")

    @property
    def open_share(self) -> float:
        """Share of the usual week that is open, by the newest version."""
        intervals = [interval for weekday in range(7) for interval in self.versions[-1].intervals_on(weekday)]
        return sum(interval.ends - interval.starts for interval in intervals) / (7 * MINUTES_PER_DAY)

    @field_validator("versions")
    @classmethod
    def _in_order(cls, versions: list[CalendarVersion]) -> list[CalendarVersion]:
        if versions[0].from_ is not None:
            raise ValueError("the first version is valid from the beginning and has no from:")
        for number, version in enumerate(versions[1:], start=2):
            previous_from = versions[number - 2].from_
            if version.from_ is None:
                raise ValueError(f"version {number} needs from:, the first day on which it is valid")
            if previous_from is not None and version.from_ <= previous_from:
                raise ValueError(
                    f"version {number} is valid from {version.from_}, not after {previous_from}: sort the versions"
                )
        return versions

    @field_validator("changes")
    @classmethod
    def _not_both(cls, changes: dict[date, list[OpenInterval]], info: ValidationInfo) -> dict[date, list[OpenInterval]]:
        both = sorted(set(changes) & set(info.data.get("holidays", ())))
        if both:
            raise ValueError(f"{both[0]} is a holiday and has special hours: remove one of them")
        return changes

    def is_closed_holiday(self, day: date) -> bool:
        """Whether a day is a holiday: one that is listed, or a public one without special hours."""
        if day in self.holidays:
            return True
        countries = [entry for entry in self.holidays if isinstance(entry, Country)]
        return day not in self.changes and any(day in holidays_of_year(country, day.year) for country in countries)


def calendar_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of one file under `calendars/`."""
    described = Calendar.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described, "title": "A jkpi calendar"}
