"""A calendar as its YAML holds it: open hours by the day of the week, what differs, and from when."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from jkpi.documents.documents import Strict
from jkpi.journeys.calendars.hours import DAY, WEEKDAYS, Days, Hours, OpenHours, check_list, overlapping, weekdays
from jkpi.journeys.types import Day, Name, Timezone

HoursOfDay = Annotated[list[OpenHours], Field(min_length=1), AfterValidator(check_list)]


class Version(Strict):
    """The usual week, from a day on."""

    from_: Day | None = Field(
        None, alias="from", description="The first day on which it holds; the first version holds from ever."
    )
    hours: Annotated[dict[Days, HoursOfDay], Field(min_length=1)] = Field(
        description="Days -> hours; a day that is not named is closed.",
        json_schema_extra={"additionalProperties": False},
    )

    @field_validator("hours")
    @classmethod
    def _each_hour_once(cls, hours: dict[str, list[Hours]]) -> dict[str, list[Hours]]:
        by_day: dict[int, str] = {}
        for days in hours:
            for day in weekdays(days):
                if day in by_day:
                    raise ValueError(f"{WEEKDAYS[day]} has its hours twice: under {by_day[day]!r} and {days!r}")
                by_day[day] = days
        for day, days in by_day.items():
            before = (day - 1) % 7
            tails = [Hours(0, one.ends - DAY) for one in hours.get(by_day.get(before, ""), []) if one.ends > DAY]
            if overlapping([*tails, *hours[days]]):
                raise ValueError(
                    f"what begins on {WEEKDAYS[before]} and goes over midnight overlaps the hours of {WEEKDAYS[day]}"
                )
        return hours

    def on(self, weekday: int) -> list[Hours]:
        """What begins on that day of the week, 0 for Monday."""
        return next((hours for days, hours in self.hours.items() if weekday in weekdays(days)), [])


class Calendar(Strict):
    """When a business is open, on the clocks of its zone. Hours that go over midnight belong to the day they begin on:
    a holiday closes what would begin on it, not the end of the night before.
    """

    calendar: Name
    timezone: Timezone = Field(description="The zone of its clocks: an IANA zone, such as Europe/Paris.")
    versions: Annotated[list[Version], Field(min_length=1)] = Field(description="The usual week, in order of time.")
    holidays: list[Day] = Field([], description="Days that are closed.")
    changes: dict[Day, HoursOfDay] = Field({}, description="Days with hours of their own.")

    @field_validator("versions")
    @classmethod
    def _in_order(cls, versions: list[Version]) -> list[Version]:
        if versions[0].from_ is not None:
            raise ValueError("the first version holds from ever: it has no from:")
        for number, version in enumerate(versions[1:], start=2):
            before = versions[number - 2].from_
            if version.from_ is None:
                raise ValueError(f"version {number} needs a from: the first day on which it holds")
            if before is not None and version.from_ <= before:
                raise ValueError(f"version {number} is from {version.from_}, not after {before}: put them in order")
        return versions

    @field_validator("holidays")
    @classmethod
    def _once(cls, holidays: list[date]) -> list[date]:
        twice = next((day for day in holidays if holidays.count(day) > 1), None)
        if twice:
            raise ValueError(f"{twice} is there twice")
        return holidays

    @field_validator("changes")
    @classmethod
    def _open_or_closed(cls, changes: dict[date, list[Hours]], info: ValidationInfo) -> dict[date, list[Hours]]:
        both = sorted(set(changes) & set(info.data.get("holidays", ())))
        if both:
            raise ValueError(f"{both[0]} is a holiday and has hours of its own: it can be one of them")
        return changes


def calendar_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of one file under `calendars/`."""
    described = Calendar.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described, "title": "A jkpi calendar"}
