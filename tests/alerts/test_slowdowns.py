"""What takes longer than it used to, inside its tolerance or beyond: the sign test of durations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pytest

from jkpi.alerts.backtest.backtest import backtest
from jkpi.alerts.dispatch.evaluate_and_dispatch import AlertReport
from jkpi.alerts.store.history import alert_history
from jkpi.cli.backtest import render_backtests
from jkpi.journeys.reader import read_journeys
from jkpi.warehouse.open import open_warehouse
from tests.alerts.made_world import FIRST, ON_SITE, World, steady

MakeWorld = Callable[..., World]
HOUR = 3600
EDGES = (2048, 11264, 12288, 36864)
"""Upper edges of bins, two of them around three hours."""
TABLE = """
create table marts.fct_duration_counts (
    journey text, kpi text, segment text, segment_value text, period text, period_start date, at_most_seconds bigint,
    count_spells bigint, decided_seconds double precision, status text, definition text
)
"""
Days = Sequence[tuple[float, float]]


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def put(world: World, done: Days, segment: str = "all", value: str = "all", decided: dict[int, float] | None = None,
        blind: frozenset[int] = frozenset()) -> list[dict[str, Any]]:  # fmt: skip
    """Rows for days of (cases done within 11264 s, cases); `decided`: seconds for which a day has been in sight."""
    rows = []
    for number, (good, n) in enumerate(done):
        rest = n - good
        counts = {2048: good // 3, 11264: good - good // 3, 12288: rest // 10, 36864: rest - rest // 10 - 2, None: 2}
        rows += [
            {"journey": "repair", "kpi": "fix.time_to_resolve", "segment": segment, "segment_value": value,
             "period": "day", "period_start": day(number), "at_most_seconds": edge, "count_spells": int(count),
             "decided_seconds": (decided or {}).get(number, 30 * 86400.0),
             "status": "withheld" if number in blind else "final", "definition": "first"}
            for edge, count in counts.items() if count
        ]  # fmt: skip
    return rows


def judged(world: World, last: int, rows: list[dict[str, Any]]) -> AlertReport:
    """As of the morning after day `last`."""
    world.write(day(last))
    rows = [row for row in rows if row["period_start"] <= day(last)]
    with open_warehouse(world.settings) as w:
        w.execute("drop table if exists marts.fct_duration_counts")
        w.execute(TABLE)
        w.insert("marts.fct_duration_counts", pa.table({name: [row[name] for row in rows] for name in rows[0]}))
    return world.run(day(last))


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """Nine in ten are within the tolerance of four hours, as ever; half used to be done within three hours."""
    world = make_world(ON_SITE)
    world.put(steady(80, 0.92))
    return world


def test_a_slowdown_within_the_tolerance_is_told(world: World) -> None:
    times = put(world, steady(60, 0.51) + steady(12, 0.31))
    assert judged(world, 59, times).transitions == ()
    told = next(
        report for report in (judged(world, last, times) for last in range(60, 72)) if report.transitions
    ).transitions
    assert [(one.transition, one.series_id) for one in told] == [("opened", "repair/technician_on_site")]
    assert told[0].headline == "Technician on site: slower, 31 % done within 3 h 8 min instead of 51 %"
    (message,) = world.messages()
    body = " ".join(message.body.split())
    assert "Now 31 % are done within 3 h 8 min (" in body and "Usual 51 % within that time, on the same days" in body
    assert "Promise 90 %, broken beyond 85 %: no breach, it takes longer all the same" in body
    with open_warehouse(world.settings, read_only=True) as w:
        shown = alert_history(world.settings, told[0].alert_id, w)
        (number,) = w.rows(shown.entries[0].value_sql)
        readings = w.rows(shown.entries[0].readings_sql)
    facts = shown.entries[0].figures
    assert (facts["line"], facts["within_seconds"], facts["value"]) == (
        "median",
        11264.0,
        pytest.approx(0.31, abs=0.01),
    )
    assert (number["value"], number["n"]) == (pytest.approx(facts["value"]), facts["n"])
    assert shown.value_now == shown.value_then and not any(one.is_changed for one in shown.readings)
    assert float(readings[-1]["value"]) == pytest.approx(0.31) and len(readings) == 29
    assert judged(world, 72, times).transitions == ()


def test_it_is_over_once_it_is_as_fast_as_it_was(world: World) -> None:
    times = put(world, steady(60, 0.51) + steady(6, 0.31) + steady(14, 0.51))
    assert len(judged(world, 65, times).opened) == 1
    (told,) = judged(world, 79, times).transitions
    assert told.transition == "resolved"
    assert told.headline == "Technician on site: back at 51 % within 3 h 8 min"


def test_usual_days_say_nothing(world: World) -> None:
    assert judged(world, 79, put(world, steady(80, 0.51))).transitions == ()


def test_days_whose_cases_are_open_and_below_the_median_are_not_judged(world: World) -> None:
    """Nobody of the last days is done within the usual time yet, and nobody can be known to take longer."""
    times = put(world, steady(60, 0.51) + steady(12, 0.0), decided=dict.fromkeys(range(60, 72), 2.0 * HOUR))
    assert judged(world, 71, times).transitions == ()
    times = put(world, steady(60, 0.51) + steady(12, 0.0), decided=dict.fromkeys(range(60, 72), 4.0 * HOUR))
    assert len(judged(world, 71, times).opened) == 1


def test_days_on_which_a_source_was_blind_are_held(world: World) -> None:
    hours = dict.fromkeys(range(60, 72), 1.0 * HOUR)
    times = put(world, steady(60, 0.51) + steady(12, 0.0), decided=hours, blind=frozenset(hours))
    report = judged(world, 71, times)
    assert report.transitions == () and report.states[0].state == "ok"


def test_a_fall_that_is_a_slowdown_too_is_one_alert(world: World) -> None:
    world.put(steady(6, 0.6), first=day(60))
    report = judged(world, 65, put(world, steady(60, 0.51) + steady(6, 0.2)))
    (told,) = report.transitions
    assert told.headline == "Technician on site: down to 60 % instead of 92 %"
    (message,) = world.messages()
    assert "Slower 51 % used to be done within 3 h 8 min; since Monday 2 March 2026 only 20 % are (n = 600)." in (
        " ".join(message.body.split())
    )


def test_a_slowdown_beside_a_promise_long_broken_is_news(make_world: MakeWorld) -> None:
    world = make_world(ON_SITE)
    world.put(steady(120, 0.7))
    times = put(world, steady(100, 0.51) + steady(10, 0.31))
    assert len(judged(world, 99, times).opened) == 1
    (told,) = judged(world, 109, times).transitions
    assert told.transition == "worsened"
    assert told.headline == "Technician on site: also slower, 31 % done within 3 h 8 min instead of 51 %"


def test_a_fall_of_the_share_after_all_takes_longer_is_news(world: World) -> None:
    """The share within a long tolerance is known days later: who has read of no breach hears of it."""
    times = put(world, steady(60, 0.51) + steady(10, 0.31))
    (opened,) = judged(world, 62, times).transitions
    assert "slower" in opened.headline
    world.put(steady(20, 0.6), first=day(60))
    (told,) = judged(world, 65, times).transitions
    assert (told.alert_id, told.transition) == (opened.alert_id, "worsened")
    assert told.headline == "Technician on site: also down to 60 % instead of 92 %"
    assert judged(world, 67, times).transitions == ()
    judged(world, 73, times)
    assert world.messages()[-1].title == "Still: Technician on site: also down to 60 % instead of 92 %"


def test_what_goes_further_was_told_before(world: World) -> None:
    """Slower, down, and further down: each says what is new of it."""
    times = put(world, steady(60, 0.51) + steady(20, 0.31))
    judged(world, 62, times)
    world.put(steady(8, 0.8) + steady(12, 0.4), first=day(60))
    said = [one.headline.partition(": ")[2] for last in range(63, 80) for one in judged(world, last, times).transitions]
    assert said == ["also down to 80 % instead of 92 %", "further down to 40 % instead of 92 %"]


def test_one_region_may_be_slower(world: World) -> None:
    for region in ("north", "south"):
        world.put(steady(80, 0.92, 50), segment="region", value=region)
    times = put(world, steady(60, 0.51) + steady(12, 0.46))
    times += put(world, steady(72, 0.51, 50), "region", "north")
    times += put(world, steady(60, 0.51, 50) + steady(12, 0.1, 50), "region", "south")
    assert "repair/technician_on_site/region=south" in [told.series_id for told in judged(world, 71, times).opened]


def test_late_rows_that_show_it_never_was_correct_it(world: World) -> None:
    assert len(judged(world, 66, put(world, steady(60, 0.51) + steady(7, 0.31))).opened) == 1
    (told,) = judged(world, 67, put(world, steady(68, 0.51))).transitions
    assert told.transition == "corrected"


def test_days_that_are_not_decided_any_more_correct_nothing(world: World) -> None:
    """The share within tolerance has days of its own, which do not vouch for those of the sign test."""
    slow = steady(60, 0.51) + steady(9, 0.31)
    assert len(judged(world, 66, put(world, slow)).opened) == 1
    waiting = dict.fromkeys(range(60, 69), HOUR)
    assert judged(world, 68, put(world, slow, decided=waiting)).transitions == ()


def test_the_past_would_have_been_told_of_it(world: World) -> None:
    judged(world, 71, put(world, steady(60, 0.51) + steady(12, 0.31)))
    with open_warehouse(world.settings, read_only=True) as w:
        (found,) = backtest(world.settings, w, read_journeys(world.settings.workspace), None)
    assert [one.reasons[0].split(":")[0] for one in found.fired] == ["median"]
    assert found.fired[0].usual == pytest.approx(0.51, abs=0.01)


def test_the_past_says_which_slowdowns_would_show_beside_falls(world: World) -> None:
    world.put(steady(120, 0.92))
    judged(world, 119, put(world, steady(120, 0.51)))
    with open_warehouse(world.settings, read_only=True) as w:
        (found,) = backtest(world.settings, w, read_journeys(world.settings.workspace), None)
    said = "\n".join(render_backtests([found]))
    assert found.seen and {one.times: one.within for one in found.slowdowns}[2.0] == 1.0
    assert "10 points  100 %" in said and "all takes" in said and "1.5 times as long  100 %" in said
    assert (
        f"the smallest slowdown that shows within a week, four times in five: {found.smallest_slowdown:g} tim" in said
    )
    marks = [element.get("class") for element in ElementTree.parse(found.picture).getroot().iter()]
    assert marks.count("seen") == len(found.seen) + len(found.slowdowns)


IN_STAGE = """
  - {moment: at_the_bench, kpi: fix.time_in_stage, min_drop: 0.05, owner: workshop, notify: [lead], segments: [region]}
"""


@pytest.fixture
def bench(make_world: MakeWorld) -> World:
    """A time without tolerance: nothing is promised, and nothing can be within."""
    world = make_world(IN_STAGE)
    written = world.settings.workspace / "journeys" / "repair.yml"
    nps = "      - {kpi: nps, survey: after}\n"
    written.write_text(written.read_text().replace(nps, f"{nps}      - {{kpi: time_in_stage, title: At the bench}}\n"))
    world.put(steady(1, 0.5))
    return world


def test_a_time_without_tolerance_is_judged_by_its_median_alone(bench: World) -> None:
    times = [row | {"kpi": "fix.time_in_stage"} for row in put(bench, steady(60, 0.51) + steady(6, 0.31))]
    report = judged(bench, 59, times)
    assert report.transitions == () and report.states[0].state == "ok"
    (told,) = judged(bench, 65, times).transitions
    assert told.headline == "At the bench: slower, 31 % done within 3 h 8 min instead of 51 %"
    (message,) = bench.messages()
    assert "Promise" not in message.body
    with open_warehouse(bench.settings, read_only=True) as w:
        shown = alert_history(bench.settings, told.alert_id, w)
        (found,) = backtest(bench.settings, w, read_journeys(bench.settings.workspace), None)
    assert shown.value_now == shown.value_then and not any(one.is_changed for one in shown.readings)
    assert [one.reasons[0].split(":")[0] for one in found.fired] == ["median"] and found.mean_n == 100
    assert found.picture.exists()


def test_a_past_without_tolerance_says_which_slowdowns_would_show(bench: World) -> None:
    times = [row | {"kpi": "fix.time_in_stage"} for row in put(bench, steady(120, 0.51))]
    judged(bench, 119, times)
    with open_warehouse(bench.settings, read_only=True) as w:
        (found,) = backtest(bench.settings, w, read_journeys(bench.settings.workspace), None)
    said = "\n".join(render_backtests([found]))
    assert found.seen == () and found.smallest is None and "a fall of" not in said
    assert {one.times: one.within for one in found.slowdowns}[1.5] == 1.0
    assert "1.5 times as long  100 %" in said and "smallest slowdown" in said


def test_too_short_a_past_says_so_of_slowdowns(bench: World) -> None:
    judged(bench, 9, [row | {"kpi": "fix.time_in_stage"} for row in put(bench, steady(10, 0.51))])
    with open_warehouse(bench.settings, read_only=True) as w:
        (found,) = backtest(bench.settings, w, read_journeys(bench.settings.workspace), None)
    assert found.slowdowns == () and "too short to say what slowdowns" in "\n".join(render_backtests([found]))


def test_its_newest_days_are_not_missed_while_their_cases_are_open(bench: World) -> None:
    hours = dict.fromkeys(range(60, 66), 1.0 * HOUR)
    rows = put(bench, steady(60, 0.51) + steady(6, 0.1), decided=hours)
    report = judged(bench, 65, [row | {"kpi": "fix.time_in_stage"} for row in rows])
    assert report.transitions == () and report.states[0].state == "ok"


def test_its_first_day_has_no_state_yet_while_all_is_open(bench: World) -> None:
    rows = put(bench, steady(1, 0.5), decided={0: 600.0})
    report = judged(bench, 0, [row | {"kpi": "fix.time_in_stage"} for row in rows])
    assert report.transitions == () and report.states[0].state == "no_data"


def test_a_time_that_becomes_another_starts_anew(bench: World) -> None:
    rows = [row | {"kpi": "fix.time_in_stage"} for row in put(bench, steady(60, 0.51) + steady(6, 0.31))]
    (opened,) = judged(bench, 65, rows).opened
    again = [row | {"kpi": "fix.time_in_stage"} for row in put(bench, steady(70, 0.31))]
    rows += [row | {"definition": "second"} for row in again if row["period_start"] > day(65)]
    (told,) = judged(bench, 69, rows).transitions
    assert (told.alert_id, told.transition) == (opened.alert_id, "superseded")


def test_a_time_that_nobody_measured_yet_is_no_error(bench: World) -> None:
    assert [state.state for state in bench.run().states] == ["no_data"]
