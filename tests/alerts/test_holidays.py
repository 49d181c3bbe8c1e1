"""What takes longer over a holiday is not slower, and what fell is told after it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from jkpi.alerts.series.watched import watched_moments
from jkpi.journeys.reader import read_journeys
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse
from tests.alerts.made_world import FIRST, ON_SITE, STAYS, World

MakeWorld = Callable[..., World]
HOLIDAY = 66
DAYS = 70


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def keep_a_calendar(world: World, closed: date | None) -> None:
    """Open each day from 8 to 16, but for one."""
    with open_warehouse(world.settings) as w:
        ensure_landing(w)
        for number in range(120):
            opens = datetime.combine(day(number), datetime.min.time()) + timedelta(hours=8)
            hours = {"opens": opens, "closes": opens + timedelta(hours=8), "is_open": day(number) != closed}
            w.execute(
                "insert into raw.map_calendars (calendar, utc_date, starts_at, ends_at, is_open, seconds_before)"
                " values ('desk', :day, :opens, :closes, :is_open, 0)",
                {"day": day(number), **hours},
            )


def opened(world: World, moment: str, kpi: str, rate: Callable[[int], float]) -> list[date]:
    """Days after whose run an alert opened."""
    found = []
    world.put([(round(400 * rate(number)), 400.0) for number in range(DAYS)], kpi=kpi)
    for number in range(60, DAYS):
        if any(told.kind == "drop" and told.transition == "opened" for told in world.run(day(number)).transitions):
            found.append(day(number))
    return found


@pytest.mark.parametrize(("closed", "told"), [(None, [day(HOLIDAY - 1)]), (day(HOLIDAY), [])])
def test_a_day_that_runs_into_a_holiday_is_not_judged(
    make_world: MakeWorld, closed: date | None, told: list[date]
) -> None:
    world = make_world(STAYS)
    keep_a_calendar(world, closed)
    found = opened(world, "customer_stays", "fix.drop_off", lambda n: 0.5 if HOLIDAY - 2 < n <= HOLIDAY else 0.1)
    assert found == told


def test_a_fall_over_a_holiday_is_told_after_it(make_world: MakeWorld) -> None:
    world = make_world(STAYS)
    keep_a_calendar(world, day(HOLIDAY))
    found = opened(world, "customer_stays", "fix.drop_off", lambda n: 0.5 if n >= HOLIDAY - 1 else 0.1)
    assert found == [day(HOLIDAY + 1)]


def test_only_what_the_clock_counts_and_soon_has_a_reach(make_world: MakeWorld) -> None:
    world = make_world(ON_SITE + STAYS)
    path = next((world.settings.workspace / "journeys").glob("*.yml"))
    written = path.read_text()

    def reach(*changes: tuple[str, str]) -> list[int | None]:
        text = written
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text)
        return [one.horizon_days for one in watched_moments(read_journeys(world.settings.workspace), None)]

    assert reach() == [0, 2]
    assert reach(("tolerance: 4h", "tolerance: 3d"), ("window: 2d", "window: 9d")) == [3, None]
    assert reach(("tolerance: 4h", "tolerance: due")) == [3, 2]
