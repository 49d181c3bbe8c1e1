"""Numbers in messages, and whole messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from jkpi.alerts.notifications.figures import KpiFormatter
from jkpi.alerts.series.watched import WatchedMoment
from jkpi.alerts.statistics.effect_size import EffectSize
from jkpi.formatting.dates import format_period
from jkpi.formatting.numbers import format_odds, format_signed, sanitize
from jkpi.warehouse.open import open_warehouse
from tests.alerts.made_world import ON_SITE, World, steady

MakeWorld = Callable[..., World]
SHARE = WatchedMoment(
    "j", "J", "m", "M", "s.k", "K", "S", "share_within", "share", "higher", 0.9, 0.05, "o", ("r",), ()
)
LOWER = replace(SHARE, statistic="drop_off", direction="lower", promise=0.1)
POINTS = replace(SHARE, statistic="nps", unit="points", promise=30.0, min_drop=10.0)


@pytest.mark.parametrize(
    ("watched", "rate", "text"),
    [
        (SHARE, 0.6153, "62 %"),
        (SHARE, 0.0, "0 %"),
        (SHARE, 1.0, "100 %"),
        (SHARE, 0.998, "99.8 %"),
        (SHARE, 0.9996, "> 99.9 %"),
        (LOWER, 0.75, "25 %"),
        (POINTS, 0.655, "+31"),
        (POINTS, 0.5, "0"),
        (POINTS, 0.48, "-4"),
        (replace(SHARE, min_drop=0.01), 0.6153, "61.5 %"),
    ],
)
def test_values_in_the_unit_of_the_kpi(watched: WatchedMoment, rate: float, text: str) -> None:
    assert KpiFormatter(watched).from_rate(rate) == text


@pytest.mark.parametrize("watched", [SHARE, LOWER, POINTS])
def test_rates_and_values_convert_both_ways(watched: WatchedMoment) -> None:
    assert watched.to_rate(watched.to_value(0.3)) == pytest.approx(0.3)
    assert watched.rule_for().promise_line == pytest.approx({"nps": 0.6}.get(watched.statistic, 0.85))


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        (date(2026, 6, 15), date(2026, 6, 15), "15 June 2026"),
        (date(2026, 6, 15), date(2026, 6, 17), "15 to 17 June 2026"),
        (date(2026, 6, 30), date(2026, 7, 2), "30 June to 2 July 2026"),
        (date(2025, 12, 31), date(2026, 1, 2), "31 December 2025 to 2 January 2026"),
    ],
)
def test_periods(first: date, last: date, text: str) -> None:
    assert format_period(first, last) == text


@pytest.mark.parametrize(
    ("watched", "first", "second", "text"),
    [
        (SHARE, 0.894, 0.776, "11 points"),  # 89 % and 78 %, although 11.8 points apart
        (SHARE, 0.886, 0.784, "11 points"),  # 89 % and 78 %, although 10.2 points apart
        (SHARE, 0.885, 0.874, "1 point"),
        (SHARE, 0.874, 0.871, "less than a point"),
        (SHARE, 0.874, 0.874, "0 points"),
        (SHARE, 0.998, 0.92, "7.8 points"),  # 99.8 % and 92 %
        (LOWER, 0.894, 0.776, "11 points"),
        (POINTS, 0.655, 0.48, "35 points"),  # +31 and -4
        (replace(SHARE, min_drop=0.01), 0.8944, 0.7756, "11.8 points"),  # 89.4 % and 77.6 %
        (replace(SHARE, min_drop=0.01), 0.8944, 0.8941, "less than 0.1 points"),
    ],
)
def test_a_difference_is_that_of_the_values_shown(
    watched: WatchedMoment, first: float, second: float, text: str
) -> None:
    assert KpiFormatter(watched).difference_in_points(first, second) == text


@pytest.mark.parametrize(
    ("effect", "text"),
    [
        (EffectSize(0.061, 0.018, 0.102, 0.11, 0.894), "about 6 points (2 to 10)"),
        (EffectSize(0.056, 0.052, 0.102, 0.11, 0.894), "about 5 points (5 to 10)"),  # 89 % to 84 %
        (EffectSize(0.011, 0.0, 0.05, 0.11, 0.89), "about 1 point (0 to 5)"),
    ],
)
def test_an_estimate_agrees_with_the_values_beside_it(effect: EffectSize, text: str) -> None:
    assert KpiFormatter(SHARE).effect_text(effect) == text


def test_odds_and_signs() -> None:
    assert (format_odds(1e-9), format_odds(1 / 12345), format_odds(0.04)) == (
        "less than one in a million",
        "one in 12,000",
        "one in 25",
    )
    assert (format_signed(-0.2), format_signed(7.5, 1)) == ("0", "+7.5")


def test_text_from_data_becomes_one_plain_line() -> None:
    assert sanitize("north\n\x1b[31mBuy now\r" + "x" * 100).startswith("north  [31mBuy now x")
    assert len(sanitize("x" * 500)) == 80 and "\n" not in sanitize("a\nb")


def test_a_message_says_what_where_since_when_and_how_sure(make_world: MakeWorld) -> None:
    world = make_world(ON_SITE)
    world.put(steady(60, 0.92) + steady(4, 0.82))
    world.put(steady(64, 0.92, 50), segment="region", value="north")
    world.put(steady(60, 0.92, 50) + steady(4, 0.72, 50), segment="region", value="south")
    world.run()
    (message,) = world.messages()
    assert message.title == "Technician on site: dropped by about 10 points (7 to 13), from 92 % to about 82 %"
    assert message.severity == "failure"
    lines = {line[2:16].strip(): line[16:] for line in message.body.splitlines() if line.startswith("  ")}
    assert lines["Where"].startswith("Getting a broken machine running again > Repair > On site in time; all customers")
    assert lines["Now"] == "82 % (78 to 85 % with 95 % confidence, n = 400; 4 days, 2 to 5 March 2026)"
    assert lines["Baseline"].startswith("92 %")
    assert lines["Promise"] == "90 %, broken below 85 %"
    assert lines["Since"] == "Monday 2 March 2026, certain since Tuesday 3 March 2026"
    assert lines["Driven by"] == "region = south: from 92 % to 72 %, n = 200; 100 % of the drop"
    assert lines["Owner"] == "field-service"
    assert message.notification_id in message.body.splitlines()[-1]


def test_the_query_in_the_message_gives_the_readings(make_world: MakeWorld) -> None:
    world = make_world(ON_SITE)
    world.put(steady(64, 0.92, 500))
    world.put(steady(60, 0.92, 50) + steady(4, 0.4, 50), segment="region", value="l'Île")
    world.run()
    below = world.messages()[0].body.partition("Query of the readings:")[2]
    query = "\n".join(line[4:] for line in below.splitlines() if line.startswith("    "))
    with open_warehouse(world.settings) as warehouse:
        rows = warehouse.rows(query)
    assert [row["numerator"] for row in rows][-4:] == [20.0] * 4
    assert rows[-1]["period_start"] == date(2026, 3, 5)


@pytest.mark.slow
def test_a_storm_is_one_message_of_bounded_length(make_world: MakeWorld) -> None:
    world = make_world(ON_SITE)
    world.put(steady(64, 0.92, 30_000))
    for number in range(150):
        world.put(steady(60, 0.92, 200) + steady(4, 0.3, 200), segment="region", value=f"r{number:03}")
    report = world.run()
    assert len(report.opened) == 150
    (message,) = world.messages()
    assert message.title == "Moments of truth: 150 dropped"
    assert "- and 38 more: see jkpi alerts" in message.body
    assert len(message.body) < 40_000


@pytest.mark.slow
def test_a_resolution_reports_the_detection_that_ended_last(make_world: MakeWorld) -> None:
    """A drop within a long broken promise ends months before the promise is kept again."""
    world = make_world()
    world.put(steady(60, 0.78) + steady(14, 0.6) + steady(60, 0.78) + steady(7, 0.95))
    days = sorted(key[3] for key in world.rows)
    for last in (59, 73, 133):
        world.run(days[last])
    (resolved,) = world.run().transitions
    assert (resolved.transition, resolved.headline) == ("resolved", "Technician on site: back at 95 %")
    assert "7 days, 15 to 21 May 2026" in world.messages()[-1].body
