"""Nearly empty days: a holiday hides no drop, a lost day makes none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from jkpi.documents.public_holidays import Country, public_holidays
from tests.worlds.holiday_world import Shop, alert_days, measured, withheld_days

pytestmark = [pytest.mark.slow, pytest.mark.dbt]
CLOSED = date(2026, 9, 15)
DROP_FROM = CLOSED - timedelta(days=28)
ONE_CLOSED_DAY = Shop(date(2026, 2, 2), date(2026, 11, 30), [CLOSED], drop_from=DROP_FROM)


def test_one_nearly_empty_day_withholds_few_readings_and_delays_no_alert(tmp_path: Path) -> None:
    settings = measured(ONE_CLOSED_DAY, tmp_path)
    withheld, _ = withheld_days(settings)
    assert CLOSED in withheld
    assert len(withheld) <= 7
    (fired_on,) = alert_days(settings)
    assert timedelta(0) <= fired_on - DROP_FROM <= timedelta(days=5)


def test_a_lost_day_makes_no_drop(tmp_path: Path) -> None:
    settings = measured(replace(ONE_CLOSED_DAY, is_lost=True, drop_from=date.max), tmp_path)
    withheld, _ = withheld_days(settings)
    assert {CLOSED - timedelta(days=number) for number in range(4)} <= set(withheld)
    assert alert_days(settings) == []


def test_national_holidays_of_four_years_are_learned_without_a_calendar(tmp_path: Path) -> None:
    holidays = public_holidays([Country("BR")], 2022, 2026)
    settings = measured(Shop(date(2022, 11, 1), date(2026, 11, 1), holidays, cases_a_day=30), tmp_path)
    withheld, days = withheld_days(settings)
    assert days > 1400
    assert len(withheld) / days < 0.06
    # A holiday that is new in 2024, and normal in 2023, is a gap until three years show it.
    assert {day.month for day in withheld if day >= date(2024, 1, 1)} == {11}
