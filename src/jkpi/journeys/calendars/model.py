"""A calendar as its YAML holds it: open hours by the day of the week, what differs, and from when."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from jkpi.documents.documents import StrictModel
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
    """The usual week, from a day on."""

    from_: IsoDate | None = Field(
        None, alias="from", description="The first day on which it holds; the first version holds from ever."
    )
    hours: Annotated[dict[DayRange, HoursOfDay], Field(min_length=1)] = Field(
        description="Days -> hours; a day that is not named is closed.",
        json_schema_extra={"additionalProperties": False},
    )

    @field_validator("hours")
    @classmethod
    def _no_overlaps(cls, hours: dict[str, list[OpenInterval]]) -> dict[str, list[OpenInterval]]:
        by_day: dict[int, str] = {}
        for days in hours:
            for day in weekday_numbers(days):
                if day in by_day:
                    raise ValueError(f"{WEEKDAYS[day]} has its hours twice: under {by_day[day]!r} and {days!r}")
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
                    f"what begins on {WEEKDAYS[day_before]} and goes over midnight overlaps the hours of {WEEKDAYS[day]}"
                )
        return hours

    def intervals_on(self, weekday: int) -> list[OpenInterval]:
        """What begins on that day of the week, 0 for Monday."""
        return next((hours for days, hours in self.hours.items() if weekday in weekday_numbers(days)), [])


class Calendar(StrictModel):
    """When a business is open, on the clocks of its zone. Hours that go over midnight belong to the day they begin on:
    a holiday closes what would begin on it, not the end of the night before.
    """

    calendar: Identifier
    timezone: Timezone = Field(description="The zone of its clocks: an IANA zone, such as Europe/Paris.")
    versions: Annotated[list[CalendarVersion], Field(min_length=1)] = Field(
        description="The usual week, in order of time."
    )
    holidays: list[IsoDate] = Field([], description="Days that are closed.")
    changes: dict[IsoDate, HoursOfDay] = Field({}, description="Days with hours of their own.")

    @field_validator("versions")
    @classmethod
    def _in_order(cls, versions: list[CalendarVersion]) -> list[CalendarVersion]:
        if versions[0].from_ is not None:
            raise ValueError("the first version holds from ever: it has no from:")
        for number, version in enumerate(versions[1:], start=2):
            previous_from = versions[number - 2].from_
            if version.from_ is None:
                raise ValueError(f"version {number} needs a from: the first day on which it holds")
            if previous_from is not None and version.from_ <= previous_from:
                raise ValueError(
                    f"version {number} is from {version.from_}, not after {previous_from}: put them in order"
                )
        return versions

    @field_validator("holidays")
    @classmethod
    def _no_duplicates(cls, holidays: list[date]) -> list[date]:
        repeated = next((day for day in holidays if holidays.count(day) > 1), None)
        if repeated:
            raise ValueError(f"{repeated} is there twice")
        return holidays

    @field_validator("changes")
    @classmethod
    def _not_both(cls, changes: dict[date, list[OpenInterval]], info: ValidationInfo) -> dict[date, list[OpenInterval]]:
        both = sorted(set(changes) & set(info.data.get("holidays", ())))
        if both:
            raise ValueError(f"{both[0]} is a holiday and has hours of its own: it can be one of them")
        return changes


def calendar_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of one file under `calendars/`."""
    described = Calendar.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described, "title": "A jkpi calendar"}
