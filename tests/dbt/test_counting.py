"""Readings of the dbt project against an independent count, and each engine against the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jkpi.warehouse.open import open_warehouse
from tests.dbt import oracle
from tests.dbt import small_world as world

EVENTS = world.events(seed=11, instances=150)
ANSWERS = world.answers(seed=12, count=400)

pytestmark = pytest.mark.dbt
Urls = dict[str, str]
MARTS = {
    "fct_journey_instances": "journey, instance_id",
    "fct_stage_visits": "journey, instance_id, stage, visit_number",
    "fct_responses": "journey, kpi, response_id",
    "fct_kpi_readings": "journey, kpi, statistic, segment, segment_value, period, period_start",
    "fct_stage_transitions": "journey, stage, next_stage, segment, segment_value, period_start",
    "fct_touchpoint_days": "source, touchpoint, event_date",
    "rpt_journey_health": "journey, kpi",
    "rpt_map_coverage": "journey, element, name",
    "rpt_open_promises": "journey, kpi, segment, segment_value, age_from_days",
    "rpt_pair_order": "journey, kpi",
    "rpt_promises_due": "journey, kpi, due_date",
}


@pytest.fixture(scope="module")
def built(make_url: Callable[[str], str], workspace: Path) -> Callable[[str], str]:
    """Engine -> URL of a warehouse that was measured, on first use."""
    urls: Urls = {}

    def get(engine: str) -> str:
        if engine not in urls:
            url = make_url(engine)
            with open_warehouse(url) as warehouse:
                world.land_map(warehouse)
                for batch in world.in_batches(EVENTS, 3, seed=1):
                    world.land(warehouse, "touchpoint_events", batch)
                world.land(warehouse, "survey_responses", ANSWERS)
            world.build(url, workspace)
            urls[engine] = url
        return urls[engine]

    return get


def readings(url: str, where: str) -> dict[oracle.Cell, dict[str, Any]]:
    rows = world.table(url, f"select * from marts.fct_kpi_readings where {where}")
    return {(r["kpi"], r["statistic"], r["segment_value"], r["period"], r["period_start"]): r for r in rows}


def agree(found: dict[oracle.Cell, dict[str, Any]], expected: oracle.Tally) -> None:
    from statsmodels.stats.proportion import proportion_confint

    assert expected
    assert found.keys() == expected.keys()
    for cell, outcomes in expected.items():
        decided = [outcome for outcome in outcomes if outcome is not None]
        row = found[cell]
        assert (row["sample_size"], row["open_count"]) == (len(decided), len(outcomes) - len(decided)), cell
        if not decided:
            assert row["value"] is None and row["ci_low"] is None, cell
        else:
            assert (row["numerator"], row["denominator"]) == (sum(decided), len(decided)), cell
            low, high = proportion_confint(int(sum(decided)), len(decided), method="wilson")
            assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high), abs=1e-9), cell


def agree_on_times(found: dict[oracle.Cell, dict[str, Any]], expected: dict[oracle.Cell, list[oracle.Spell]]) -> None:
    """Kaplan-Meier quantiles agree with lifelines."""
    from lifelines import KaplanMeierFitter
    from lifelines.utils import qth_survival_times

    assert expected
    assert found.keys() == expected.keys()
    for cell, spells in expected.items():
        row = found[cell]
        assert (row["sample_size"], row["open_count"]) == (len(spells), sum(is_open for *_, is_open in spells)), cell
        curve = KaplanMeierFitter().fit([spell[0] for spell in spells], [spell[1] for spell in spells])
        # The last digits of a product of shares are no reason to cross later.
        left = 0.5 if cell[1] == "median" else 0.1
        quantile = float(qth_survival_times(left + 1e-12, curve.survival_function_))
        assert row["value"] == (None if quantile == float("inf") else pytest.approx(quantile, rel=1e-12)), cell


@pytest.mark.parametrize("engine", world.ENGINES)
def test_drop_off_equals_a_count_over_the_events(built: Callable[[str], str], engine: str) -> None:
    agree(readings(built(engine), "kpi = 'ask.drop_off'"), oracle.drop_off(EVENTS, world.AS_OF))


@pytest.mark.parametrize("engine", world.ENGINES)
def test_time_to_resolve_equals_a_count_over_the_events(built: Callable[[str], str], engine: str) -> None:
    within, times = oracle.time_to_resolve(EVENTS, world.AS_OF, "help.wait", "fixed")
    agree(readings(built(engine), "kpi = 'help.wait' and statistic = 'share_within'"), within)
    agree_on_times(readings(built(engine), "kpi = 'help.wait' and statistic <> 'share_within'"), times)


@pytest.mark.parametrize("engine", world.ENGINES)
def test_promises_equal_a_count_over_the_events(built: Callable[[str], str], engine: str) -> None:
    expected = oracle.promises_kept(EVENTS, world.AS_OF, "help.due", "visited", timedelta(days=2))
    for statistic in ("promises_kept", "closed_within"):
        agree(readings(built(engine), f"kpi = 'help.due' and statistic = '{statistic}'"), expected[statistic])
    without = readings(built(engine), "kpi = 'help.due' and statistic = 'without_promise'")
    assert {cell: row["value"] for cell, row in without.items()} == {
        cell: len(cases) for cell, cases in expected["without_promise"].items()
    }


@pytest.mark.parametrize("engine", world.ENGINES)
def test_map_coverage_of_a_survey_counts_its_question_and_scale_only(built: Callable[[str], str], engine: str) -> None:
    rows = world.table(built(engine), "select name, count_events from marts.rpt_map_coverage where element = 'kpi'")
    counted = {row["name"]: row["count_events"] for row in rows}
    for kpi, asked in (
        ("ask.csat", ("content", 1, 5)),
        ("thank.nps", ("recommend", 0, 10)),
        ("ask.ces", ("ease", 1, 7)),
    ):
        mine = [one for one in ANSWERS if (one["question"], one["scale_min"], one["scale_max"]) == asked]
        assert counted[kpi] == len(mine) > 0


@pytest.mark.parametrize("engine", world.ENGINES)
def test_survey_kpis_equal_a_count_over_the_responses(built: Callable[[str], str], engine: str) -> None:
    where = "kpi in ('ask.csat', 'thank.nps', 'ask.ces') and statistic not in ('nps', 'mean')"
    agree(readings(built(engine), where), oracle.answers(EVENTS, ANSWERS))


@pytest.mark.parametrize("engine", world.ENGINES)
def test_a_reading_is_final_once_it_is_mature(built: Callable[[str], str], engine: str) -> None:
    found = readings(built(engine), "kpi = 'ask.drop_off' and segment = 'all' and period = 'day'")
    for (_, _, _, _, day), row in found.items():
        assert row["status"] == ("final" if row["matures_at"] <= world.AS_OF else "provisional")
        # A day that is over two days of window and one of late data ago is final; its midnight is 4 or 5 hours off.
        assert (row["status"] == "final") == (day <= (world.AS_OF - timedelta(days=4)).date()), day
        assert row["open_count"] == 0 or row["status"] == "provisional"


@pytest.mark.parametrize("engine", world.ENGINES)
def test_conversion_is_the_complement_of_drop_off(built: Callable[[str], str], engine: str) -> None:
    lost = readings(built(engine), "kpi = 'ask.drop_off'")
    went_on = readings(built(engine), "kpi = 'ask.conversion'")
    assert len(lost) == len(went_on) > 0
    for (_, _, segment, period, start), row in lost.items():
        other = went_on["ask.conversion", "conversion", segment, period, start]
        assert (row["numerator"] or 0) + (other["numerator"] or 0) == row["denominator"]


@pytest.mark.parametrize("mart", MARTS)
def test_engines_agree_on_every_row(built: Callable[[str], str], mart: str) -> None:
    key = MARTS[mart].split(", ")

    def rows(engine: str) -> list[dict[str, Any]]:
        found = world.table(built(engine), f"select * from marts.{mart}")
        return sorted(found, key=lambda row: [str(row[name]) for name in key])

    mine, theirs = rows("duckdb"), rows("postgres")
    assert len(mine) == len(theirs) > 0
    for one, other in zip(mine, theirs, strict=True):
        assert one.keys() == other.keys()
        for name, value in one.items():
            same = pytest.approx(value, rel=1e-12, abs=1e-12) if isinstance(value, float) else value
            assert other[name] == same, (mart, name, one)


@pytest.mark.parametrize("engine", world.ENGINES)
def test_the_unit_tests_of_the_project_pass(built: Callable[[str], str], workspace: Path, engine: str) -> None:
    assert world.unit_tests(built(engine), workspace)
