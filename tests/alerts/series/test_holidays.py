"""Holidays: they, the days after them and days whose cases run into one are not evaluated; a drop is reported then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from jkpi.alerts.series.watched import watched_moments
from jkpi.journeys.reader import read_journeys
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse
from tests.alerts.made_world import FIRST, LIKED, ON_SITE, STAYS, World

MakeWorld = Callable[..., World]
HOLIDAY = 66
DAYS = 70


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def add_calendar(world: World, holiday: date | None) -> None:
    """A calendar that is open each day from 8 to 16, except on the holiday."""
    with open_warehouse(world.settings) as warehouse:
        ensure_landing(warehouse)
        for number in range(120):
            opens = datetime.combine(day(number), datetime.min.time()) + timedelta(hours=8)
            hours = {"opens": opens, "closes": opens + timedelta(hours=8), "is_open": day(number) != holiday}
            warehouse.execute(
                "insert into raw.map_calendars (calendar, utc_date, starts_at, ends_at, is_open, seconds_before)"
                " values ('desk', :day, :opens, :closes, :is_open, 0)",
                {"day": day(number), **hours},
            )


def days_with_opened_alert(world: World, moment: str, kpi: str, rate: Callable[[int], float]) -> list[date]:
    """Days on which an evaluation opened an alert."""
    opened_on = []
    world.put([(round(400 * rate(number)), 400.0) for number in range(DAYS)], kpi=kpi)
    for number in range(60, DAYS):
        if any(
            expected.kind == "drop" and expected.transition == "opened"
            for expected in world.run(day(number)).transitions
        ):
            opened_on.append(day(number))
    return opened_on


@pytest.mark.slow
@pytest.mark.parametrize(("holiday", "expected"), [(None, [day(HOLIDAY - 1)]), (day(HOLIDAY), [])])
def test_a_day_that_runs_into_a_holiday_is_not_evaluated(
    make_world: MakeWorld, holiday: date | None, expected: list[date]
) -> None:
    world = make_world(STAYS)
    add_calendar(world, holiday)
    opened_on = days_with_opened_alert(
        world, "customer_stays", "fix.drop_off", lambda n: 0.5 if HOLIDAY - 2 < n <= HOLIDAY else 0.1
    )
    assert opened_on == expected


@pytest.mark.slow
def test_a_drop_over_a_holiday_opens_after_it(make_world: MakeWorld) -> None:
    world = make_world(STAYS)
    add_calendar(world, day(HOLIDAY))
    opened_on = days_with_opened_alert(
        world, "customer_stays", "fix.drop_off", lambda n: 0.5 if n >= HOLIDAY - 1 else 0.1
    )
    assert opened_on == [day(HOLIDAY + 2)]


def test_only_short_durations_by_the_clock_have_a_horizon(make_world: MakeWorld) -> None:
    world = make_world(ON_SITE + STAYS)
    path = next((world.settings.workspace / "journeys").glob("*.yml"))
    written = path.read_text()

    def horizons(*changes: tuple[str, str]) -> list[int | None]:
        text = written
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text)
        return [watched.horizon_days for watched in watched_moments(read_journeys(world.settings.workspace), None)]

    assert horizons() == [0, 2]
    assert horizons(("tolerance: 4h", "tolerance: 3d"), ("window: 2d", "window: 9d")) == [3, None]
    assert horizons((", tolerance: 4h", ""), ("promise: 0.9, ", "")) == [3, 2]


@pytest.mark.slow
def test_a_holiday_of_the_settings_is_left_out_of_a_kpi_that_no_clock_decides(make_world: MakeWorld) -> None:
    """Only the holiday and the day after it are bad; the message about a later drop says that they were left out."""
    world = make_world(LIKED)
    with open_warehouse(world.settings) as warehouse:
        ensure_landing(warehouse)
        warehouse.execute("insert into raw.map_journeys (journey, timezone, is_current) values ('repair', 'UTC', true)")
        warehouse.execute("insert into raw.map_holidays values (:day)", {"day": day(HOLIDAY)})
    good = [round(400 * (0.3 if n in (HOLIDAY, HOLIDAY + 1) else 0.9)) for n in range(DAYS)]
    world.put([(count, 400.0) for count in good], kpi="fix.nps")
    assert [one for one in world.run().transitions if one.kind == "drop"] == []


@pytest.mark.slow
def test_a_message_says_how_many_holidays_were_left_out(make_world: MakeWorld) -> None:
    world = make_world(STAYS)
    with open_warehouse(world.settings) as warehouse:
        ensure_landing(warehouse)
        warehouse.execute("insert into raw.map_journeys (journey, timezone, is_current) values ('repair', 'UTC', true)")
        warehouse.execute("insert into raw.source_holidays values ('desk', :day)", {"day": day(HOLIDAY)})
    rates = [0.16 if n >= HOLIDAY - 6 else 0.1 for n in range(DAYS + 10)]
    world.put([(round(400 * rate), 400.0) for rate in rates], kpi="fix.drop_off")
    world.run(day(HOLIDAY + 4))
    assert (
        "final; 1 public holiday left out, with the day after it"
        in dict(world.messages()[-1].content["items"][0]["rows"])["Data"]
    )
