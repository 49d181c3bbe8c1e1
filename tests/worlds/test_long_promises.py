"""A collapse among promises of very different length is alerted on the morning after the day on which they were due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import select

from jkpi.config.settings import load_settings
from jkpi.state.engine import alert_transitions, alerts, state_session
from jkpi.warehouse.open import open_warehouse
from tests.recount.world_workspace import run_jkpi
from tests.worlds import long_promises as world

pytestmark = pytest.mark.slow
MORNINGS = (world.DUE, world.DUE + timedelta(days=1), world.DUE + timedelta(days=8))
"""When the promises of the storm fall due, the morning after, and in the middle of the collapse."""
Transition = tuple[str, str, date]
"""Type, segment value and onset."""


@dataclass(frozen=True)
class City:
    """The workspace after the last morning, the requests, and the transitions of drops known on each morning."""

    folder: Path
    requests: pd.DataFrame
    transitions: dict[date, list[Transition]]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, dbt: None) -> City:
    folder, requests = tmp_path_factory.mktemp("city"), world.requests()
    world.write_workspace(folder)
    found: dict[date, list[Transition]] = {}
    before: date | None = None
    for morning in MORNINGS:
        world.bring(folder, requests, morning, before)
        for verb in ("load", "measure", "evaluate"):
            run_jkpi(verb, "-w", folder)
        found[morning], before = drops(folder), morning
    return City(folder, requests, found)


def drops(folder: Path) -> list[Transition]:
    columns = (alert_transitions.c.transition_type, alerts.c.segment_value, alerts.c.onset)
    query = select(*columns).join_from(alerts, alert_transitions).where(alerts.c.kind == "drop")
    with state_session(load_settings(folder).state_url) as connection:
        return [(row[0], row[1], row[2]) for row in connection.execute(query.order_by(alert_transitions.c.recorded_at))]


def readings(folder: Path, statistic: str) -> pd.DataFrame:
    """Daily readings of all customers, by day."""
    sql = (
        "select period_start, numerator, denominator, open_count, status from marts.fct_kpi_readings"
        " where kpi = 'done.dates' and period = 'day' and segment = 'all' and statistic = :statistic"
    )
    with open_warehouse(load_settings(folder)) as warehouse:
        frame = pd.DataFrame(warehouse.rows(sql, {"statistic": statistic}))
    return frame.assign(period_start=pd.to_datetime(frame["period_start"])).set_index("period_start").sort_index()


def test_the_collapse_is_alerted_on_the_morning_after_it_was_due(city: City) -> None:
    assert city.transitions[MORNINGS[0]] == []
    assert ("opened", "all", world.DUE) in city.transitions[MORNINGS[1]]


def test_nothing_is_resolved_in_the_middle_of_the_collapse(city: City) -> None:
    assert "resolved" not in {transition for transition, _, _ in city.transitions[MORNINGS[2]]}


def test_each_day_that_is_over_is_final_and_no_other_day_has_a_reading(city: City) -> None:
    found = readings(city.folder, "promises_kept")
    assert set(found["status"]) == {"final"} and found["open_count"].sum() == 0
    days = pd.date_range(world.FIRST + timedelta(days=2), MORNINGS[-1] - timedelta(days=1))
    assert set(days) <= set(found.index)
    assert found.index.max() == days[-1]


def test_readings_equal_a_count_over_the_requests(city: City) -> None:
    now = pd.Timestamp(MORNINGS[-1]) + pd.Timedelta(hours=6)
    seen = city.requests[city.requests["opened"] <= now]
    promised = seen["due"] >= seen["opened"]
    kept = (seen["closed"] <= seen["due"]).astype(float)
    by_day = kept[promised].groupby(seen["due"].dt.normalize()).agg(["sum", "size"])
    by_day = by_day[by_day.index < pd.Timestamp(MORNINGS[-1])]
    found = readings(city.folder, "promises_kept")
    assert found["numerator"].tolist() == by_day["sum"].tolist()
    assert found["denominator"].tolist() == by_day["size"].tolist()
    without = readings(city.folder, "without_promise")
    bare = (~promised).groupby(seen["opened"].dt.normalize()).sum()
    assert without["numerator"].tolist() == bare[bare > 0].tolist()
