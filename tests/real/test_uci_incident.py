"""The audit log of an IT service desk, brought by YAML alone, against figures that were counted from it independently.

Those figures (expected/ beside the log) take an incident's priority and group from its last row, its channel from its
first, its month and week from opened_at, its facts (made_sla, reassignment_count, reopen_count) from its last row, its
hours from opened_at to resolved_at or closed_at where that is known, and quantiles by linear interpolation, rounded to
two digits: those are taken here of our spells, while the readings' own are Kaplan-Meier's. jkpi takes a segment from
the first event of an instance that has it. So the map's `channel` is that of the first row, `final_priority` and
`closed_by` are those of the first row with state Closed, and `priority` is that of the first row, which is not among
the expected figures: here pandas counts those by the same rule.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from lifelines import KaplanMeierFitter

pytestmark = [pytest.mark.real, pytest.mark.slow]

ROUNDED = 0.005001
HOURS = ["median_h_open_to_resolved", "p90_h_open_to_resolved", "median_h_open_to_closed", "p90_h_open_to_closed"]
COUNTS = ["n", "resolved", "reopened"]
SHARES = ["pct_reassigned", "pct_reopened", "pct_made_sla"]
FIGURES = [*COUNTS, *HOURS, *SHARES]
TIMES = ("opened_at", "sys_updated_at", "resolved_at", "closed_at")

OF_MEMBERS = """
    with members as (
        select m.kpi, m.statistic, m.outcome, s.segment_value as key
        from intermediate.int_kpi_members as m
        join intermediate.int_profile_segments as s
            on m.journey = s.journey and m.profile = s.profile and s.segment = '{segment}'
        where m.estimator <> 'quantile'
    ),
    shares as (
        select
            key,
            count(*) filter (where kpi = 'journey.volume') as n,
            sum(outcome) filter (where kpi = 'close.opened_again') as reopened,
            100 * avg(outcome) filter (where kpi = 'close.passed_on') as pct_reassigned,
            100 * avg(outcome) filter (where kpi = 'close.opened_again') as pct_reopened,
            100 * (1 - avg(outcome) filter (where kpi = 'close.promise_missed')) as pct_made_sla
        from members
        group by key
    ),
    spells as (
        select t.kpi, case when t.is_closed then t.clock_time / 3.6e9 end as hours, s.segment_value as key
        from intermediate.int_timed_spells as t
        join intermediate.int_profile_segments as s
            on t.journey = s.journey and t.profile = s.profile and s.segment = '{segment}'
    ),
    times as (
        select
            key,
            count(hours) filter (where kpi = 'resolve.time_to_resolve') as resolved,
            {hours}
        from spells
        group by key
    )
    select * from shares left join times using (key)
"""
OF_READINGS = """
    select
        period_start::date::varchar as period,
        segment_value as key,
        coalesce(max(value) filter (where kpi = 'journey.volume'), 0) as n,
        max(numerator) filter (where kpi = 'close.opened_again') as reopened,
        100 * max(value) filter (where kpi = 'close.passed_on') as pct_reassigned,
        100 * max(value) filter (where kpi = 'close.opened_again') as pct_reopened,
        100 * (1 - max(value) filter (where kpi = 'close.promise_missed')) as pct_made_sla
    from marts.fct_kpi_readings
    where period = '{period}' and segment = '{segment}'
    group by period_start, segment_value
"""
READ = ["n", "reopened", *SHARES]
"""The figures that readings have; their median and p90 are Kaplan-Meier's, of all incidents, and have a test apart."""


def _hours_sql() -> str:
    parts = []
    for name in HOURS:
        kpi = "resolve.time_to_resolve" if name.endswith("resolved") else "close.until_closed"
        share = 0.5 if name.startswith("median") else 0.9
        outcome = f"case when kpi = '{kpi}' then hours end"
        parts.append(f"percentile_cont({share}) within group (order by {outcome}) as {name}")
    return ",\n            ".join(parts)


@pytest.fixture(scope="module")
def uci(bring: Callable[[str], Any]) -> Any:
    return bring("uci_incident")


@pytest.fixture(scope="module")
def first_run(uci: Any) -> Any:
    return uci.jkpi("run")


@pytest.fixture(scope="module")
def measured(uci: Any, first_run: Any) -> Any:
    return uci


@pytest.fixture(scope="module")
def log(uci: Any) -> pd.DataFrame:
    """The log in the order of its file. pandas calls the second of two columns `category` category.1."""
    file = uci.data / "incident_event_log.csv.gz"
    frame = pd.read_csv(file, dtype=str, na_values=["?"], keep_default_na=False)
    for column in TIMES:
        frame[column] = pd.to_datetime(frame[column], format="%d/%m/%Y %H:%M")
    for column in ("reassignment_count", "reopen_count", "sys_mod_count"):
        frame[column] = frame[column].astype(int)
    return frame


@pytest.fixture(scope="module")
def last(log: pd.DataFrame) -> pd.DataFrame:
    """The last row of each incident, by its number."""
    return log.sort_values(["number", "sys_mod_count"]).groupby("number").tail(1).set_index("number")


@pytest.fixture(scope="module")
def closing(log: pd.DataFrame) -> pd.DataFrame:
    """The row with which each incident was first closed, by its number."""
    closed = log[log["ident_state"] == "Closed"].sort_values(["number", "sys_updated_at", "sys_mod_count"])
    return closed.groupby("number").head(1).set_index("number")


def figures(last: pd.DataFrame, *keys: pd.Series) -> pd.DataFrame:
    """The expected figures counted again, not rounded, by the keys given."""
    resolved = (last["resolved_at"] - last["opened_at"]).dt.total_seconds() / 3600
    closed = (last["closed_at"] - last["opened_at"]).dt.total_seconds() / 3600
    facts = pd.DataFrame(
        {
            "resolved": resolved,
            "closed": closed,
            "passed": (last["reassignment_count"] > 0).astype(float),
            "reopened": (last["reopen_count"] > 0).astype(float),
            "kept": (last["made_sla"] == "true").astype(float),
        }
    )
    by = facts.groupby([key.fillna("(none)").rename(None) for key in keys])
    return pd.DataFrame(
        {
            "n": by.size(),
            "resolved": by["resolved"].count(),
            "reopened": by["reopened"].sum(),
            "median_h_open_to_resolved": by["resolved"].median(),
            "p90_h_open_to_resolved": by["resolved"].quantile(0.9),
            "median_h_open_to_closed": by["closed"].median(),
            "p90_h_open_to_closed": by["closed"].quantile(0.9),
            "pct_reassigned": 100 * by["passed"].mean(),
            "pct_reopened": 100 * by["reopened"].mean(),
            "pct_made_sla": 100 * by["kept"].mean(),
        }
    ).sort_index()


def expected(uci: Any, name: str, keys: int = 1) -> pd.DataFrame:
    """A table of expected figures by its first columns, which are keys."""
    table = pd.read_csv(uci.data / "expected" / f"{name}.csv", dtype=dict.fromkeys(range(keys), str))
    table = table.rename(columns={"pct_made_sla_last_event": "pct_made_sla"})
    for key in table.columns[:keys]:
        table[key] = table[key].replace("?", "(none)")
    return table.set_index(list(table.columns[:keys])).rename_axis([None] * keys)[FIGURES].sort_index()


def of_members(uci: Any, segment: str) -> pd.DataFrame:
    """Our figures over all time, from the members of the readings."""
    found = uci.frame(OF_MEMBERS.format(segment=segment, hours=_hours_sql()))
    return found.set_index("key").rename_axis([None]).astype(float)[FIGURES].sort_index()


def of_readings(uci: Any, period: str, segment: str = "all") -> pd.DataFrame:
    """Our figures by period (and value of the segment), as they stand in the mart."""
    found = uci.frame(OF_READINGS.format(period=period, segment=segment))
    found = found[found["n"] > 0]  # work and closing are counted on their own days, of incidents opened before
    keys = ["period"] if segment == "all" else ["period", "key"]
    return found.set_index(keys).rename_axis([None] * len(keys))[READ].astype(float).sort_index()


def differing(ours: pd.DataFrame, theirs: pd.DataFrame, tolerance: float) -> list[Any]:
    """The keys under which any figure differs by more than `tolerance`, or only one of both has any."""
    ours, theirs = ours.align(theirs.astype(float), join="outer")
    same = ((ours - theirs).abs() <= tolerance) | (ours.isna() & theirs.isna())
    return list(same.index[~same.all(axis=1)])


def test_every_row_of_the_log_is_accounted_for(
    first_run: Any, accounts: Callable[[Any], Any], log: pd.DataFrame
) -> None:
    assert len(log) == 141_712 and log["number"].nunique() == 24_918
    closed = log["ident_state"] == "Closed"
    nobody_explains = log["ident_state"] == "-100"
    told = [log.loc[closed, "made_sla"] == "false"]
    told += [log.loc[closed, count] > 0 for count in ("reassignment_count", "reopen_count")]
    further = sum(int(one.sum()) for one in told)
    once = sum(log.loc[closed].loc[one, "number"].nunique() for one in told)
    milestones = len(log) + int(log["resolved_at"].notna().sum())
    distinct = log["number"].nunique() + log.loc[log["resolved_at"].notna(), "number"].nunique()
    ours = accounts(first_run)
    assert ours["states"] == {
        "read": len(log),
        "loaded": len(log) - int((closed | nobody_explains).sum()),
        "rejected": 0,
        "duplicates": 0,
        "skipped": int((closed | nobody_explains).sum()),
    }
    assert ours["milestones"] == {
        "read": milestones,
        "loaded": distinct,
        "rejected": 0,
        "duplicates": milestones - distinct,
        "skipped": 0,
    }
    assert ours["closing"] == {
        "read": len(log) + further,
        "loaded": int(closed.sum()) + once,
        "rejected": 0,
        "duplicates": further - once,
        "skipped": int((~closed).sum()),
    }


def test_overall(measured: Any) -> None:
    assert differing(of_members(measured, "all"), expected(measured, "overall"), ROUNDED) == []


@pytest.mark.parametrize(("table", "segment"), [("by_priority", "final_priority"), ("by_channel", "channel")])
def test_by_priority_and_channel(measured: Any, table: str, segment: str) -> None:
    assert differing(of_members(measured, segment), expected(measured, table), ROUNDED) == []


def test_by_priority_at_the_opening(measured: Any, log: pd.DataFrame, last: pd.DataFrame) -> None:
    """Of 383 incidents whose priority changes, 368 end with another one: there both rules give other figures."""
    first = log.groupby("number")["priority"].first()
    assert int((first != last["priority"]).sum()) == 368
    ours = of_members(measured, "priority")
    assert differing(ours, figures(last, first), 1e-6) == []
    assert differing(ours, expected(measured, "by_priority"), ROUNDED) == ["1", "2", "3", "4"]


def test_by_group(measured: Any, last: pd.DataFrame, closing: pd.DataFrame) -> None:
    """Four incidents were handed on after they were closed: the groups they left and came to differ, and no other."""
    ours = of_members(measured, "closed_by")
    assert differing(ours, figures(last, closing["assignment_group"]), 1e-6) == []
    groups = pd.DataFrame({"first": closing["assignment_group"], "last": last["assignment_group"]}).fillna("(none)")
    moved = groups[groups["first"] != groups["last"]]
    assert len(moved) == 4
    assert set(differing(ours, expected(measured, "by_group"), ROUNDED)) <= {*moved["first"], *moved["last"]}


@pytest.mark.parametrize("period", ["month", "week"])
def test_readings_by_period(measured: Any, period: str) -> None:
    assert differing(of_readings(measured, period), expected(measured, f"by_{period}")[READ], ROUNDED) == []


@pytest.mark.parametrize("period", ["month", "week"])
def test_readings_by_period_and_priority(measured: Any, period: str) -> None:
    ours = of_readings(measured, period, "final_priority")
    assert differing(ours, expected(measured, f"by_{period}_priority", keys=2)[READ], ROUNDED) == []


def test_readings_by_week_and_group(measured: Any, last: pd.DataFrame, closing: pd.DataFrame) -> None:
    ours = of_readings(measured, "week", "closed_by")
    week = last["opened_at"].dt.to_period("W-SUN").dt.start_time.dt.strftime("%Y-%m-%d")
    assert differing(ours, figures(last, week, closing["assignment_group"])[READ], 1e-6) == []
    # The four that were handed on after they were closed, each in the week of its opening.
    assert len(differing(ours, expected(measured, "by_week_group", keys=2)[READ], ROUNDED)) <= 2 * 4
    # The fall of group 39, from 85 % to 38 % of promises kept.
    assert round(ours.loc[("2016-04-11", "39"), "pct_made_sla"], 2) == 84.62
    assert round(ours.loc[("2016-04-18", "39"), "pct_made_sla"], 2) == 38.17


def test_stage_reach(measured: Any) -> None:
    wanted = pd.read_csv(measured.data / "expected" / "stage_reach_overall.csv").iloc[0]
    found = measured.frame(
        """
        select
            sum(value) filter (where kpi = 'report.volume') as cases,
            sum(value) filter (where kpi = 'work.volume') as n_active,
            sum(numerator) filter (where kpi = 'wait.asked_back') as awaiting_user_info,
            sum(value) filter (where kpi = 'resolve.volume') as n_resolved,
            sum(value) filter (where kpi = 'close.volume') as n_closed
        from marts.fct_kpi_readings where period = 'month' and segment = 'all'
        """
    ).iloc[0]
    assert found.to_dict() == {column: float(wanted[column]) for column in found.index}


def test_stage_reach_by_month_of_opening(measured: Any) -> None:
    """Volume is counted on the day a stage is entered; by the month of opening it is asked of the facts."""
    states = {"n_new": "registered", "n_active": "in_work", "awaiting_user_info": "awaiting_caller"}
    states |= {"n_resolved": "solution_offered", "n_closed": "closed"}
    reached = ", ".join(
        f"count(distinct i.instance_id) filter (where e.touchpoint = '{touchpoint}') as {column}"
        for column, touchpoint in states.items()
    )
    found = measured.frame(
        f"select date_trunc('month', i.started_at)::date::varchar as month, count(distinct i.instance_id) as cases,"
        f" {reached} from intermediate.int_journey_events as e join intermediate.int_journey_instances as i"
        " on e.actor_key = i.actor_key and e.passage = i.passage group by month order by month"
    )
    wanted = pd.read_csv(measured.data / "expected" / "stage_reach_by_month.csv")
    pd.testing.assert_frame_equal(found, wanted, check_dtype=False)


def test_an_incident_without_a_resolution_time_stays_open(measured: Any, last: pd.DataFrame) -> None:
    found = measured.frame(
        "select count(*) filter (where is_closed) as closed, count(*) filter (where not is_closed) as still_open"
        " from intermediate.int_timed_spells where kpi = 'resolve.time_to_resolve'"
    ).iloc[0]
    assert (int(found["closed"]), int(found["still_open"])) == (23_362, 1_556)
    assert int(last["resolved_at"].notna().sum()) == 23_362


@pytest.mark.parametrize("period", ["month", "week"])
def test_medians_are_kaplan_meiers_of_all_incidents(measured: Any, last: pd.DataFrame, period: str) -> None:
    """Of the file itself, by lifelines: incidents without a resolution are censored where the journey's window ends."""
    now = measured.frame("select max(as_of) as now from raw.measure_runs").iloc[0, 0]
    window = measured.frame("select max(window_seconds) as w from raw.map_journeys").iloc[0, 0]
    until = last["resolved_at"].fillna((last["opened_at"] + pd.Timedelta(seconds=int(window))).clip(upper=now))
    seconds = (until - last["opened_at"]).dt.total_seconds()
    start = last["opened_at"].dt.to_period("M" if period == "month" else "W-SUN").dt.start_time
    ours = measured.frame(
        "select period_start::timestamp as start, statistic, value from marts.fct_kpi_readings"
        f" where kpi = 'resolve.time_to_resolve' and segment = 'all' and period = '{period}'"
        " and statistic in ('median', 'p90')"
    ).pivot(index="start", columns="statistic", values="value")
    assert len(ours) == start.nunique()
    for key, members in seconds.groupby(start):
        fitted = KaplanMeierFitter().fit(members, last.loc[members.index, "resolved_at"].notna())
        curve = fitted.survival_function_["KM_estimate"]
        for statistic, left in (("median", 0.5), ("p90", 0.1)):
            reached = curve.index[curve <= left + 1e-12]
            wanted = reached.min() if len(reached) else float("nan")
            assert ours.loc[key, statistic] == pytest.approx(wanted, rel=1e-9, nan_ok=True), (key, statistic)


def test_a_second_run_changes_nothing_and_says_nothing(measured: Any, accounts: Callable[[Any], Any]) -> None:
    contents, alerts, messages = measured.contents(), measured.alerts(), measured.messages()
    second = measured.jkpi("run")
    for account in accounts(second).values():
        assert set(account.values()) == {0}
    after = measured.contents()
    assert after == contents
    assert measured.alerts() == alerts
    assert measured.messages() == messages


def test_the_fall_of_the_second_week_is_told_in_time(measured: Any) -> None:
    """On 25 March 2016: of the incidents opened from 7 to 13 March one in seventy was over within ten days."""
    then = replace(measured, folder=measured.folder.with_name("in_march"))
    shutil.copytree(measured.folder, then.folder, symlinks=True, ignore=shutil.ignore_patterns("state.db", "alerts"))
    now = ("--now", "2016-03-25T06:00Z")
    then.jkpi("run", *now)
    told = [one for one in then.alerts() if one["kind"] == "fall"]
    assert [(one["moment"], one["segment"]) for one in told] == [("closed_in_time", "all")]
    assert "2016-02-29" <= told[0]["since"] <= "2016-03-07"
    assert then.messages().count("It is over within ten days") >= 1
    then.jkpi("alert", *now)
    assert [one for one in then.alerts() if one["kind"] == "fall"] == told
