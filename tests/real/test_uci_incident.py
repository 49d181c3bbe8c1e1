"""The audit log of an IT service desk, described by YAML only, against figures counted from it independently.

Those figures (expected/ beside the log) take an incident's priority and group from its last row, its channel from its
first, its month and week from opened_at, its facts (made_sla, reassignment_count, reopen_count) from its last row, its
hours from opened_at to resolved_at or closed_at where that is known, and quantiles by linear interpolation, rounded to
two digits. Their quantiles are of incidents that are over, so they are compared with those of the same spells; median
and p90 of our readings are Kaplan and Meier's, open incidents censored, and are compared with lifelines on the log.

jkpi takes a segment from the first event of an instance that has it. So the map's `channel` is that of the
first row, `final_priority` and `closed_by` are those of the first row with state Closed, and `priority` is that of the
first row, which is not among the expected figures: here pandas counts those by the same rule.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from lifelines import KaplanMeierFitter

from jkpi.alerts.detection.replay import SeriesToEvaluate, replay_grid
from jkpi.alerts.evidence.alert_context import drop_without_recovery
from jkpi.alerts.series.duration_panel import read_duration_panel
from jkpi.alerts.series.moment_context import configured_moments
from jkpi.config.settings import load_settings
from jkpi.journeys.reader import read_journeys
from jkpi.warehouse.open import open_warehouse
from tests.reading_pages import Tables, differences, states_of

pytestmark = [pytest.mark.real, pytest.mark.slow]

ROUNDED = 0.005001
AS_OF = pd.Timestamp("2017-02-18 18:00")
HOURS = ["median_h_open_to_resolved", "p90_h_open_to_resolved", "median_h_open_to_closed", "p90_h_open_to_closed"]
COUNTS = ["n", "resolved", "reopened"]
SHARES = ["pct_reassigned", "pct_reopened", "pct_made_sla"]
FIGURES = [*COUNTS, *HOURS, *SHARES]
TIMES = ("opened_at", "sys_updated_at", "resolved_at", "closed_at")

PERIODS = {
    "week": "date_trunc('week', {day})::date::varchar",
    "month": "date_trunc('month', {day})::date::varchar",
}
OF_MEMBERS = """
    with members as (
        select kpi, 'outcome' as part, outcome, journey, profile, cohort_date as day
        from intermediate.int_kpi_members
        where statistic in ('volume', 'occurrence')
        union all
        select kpi, 'hours', clock_time / 3.6e9, journey, profile, started_date
        from intermediate.int_timed_spells
        where is_closed
    )
    select
        {keys},
        count(*) filter (where kpi = 'journey.volume') as n,
        count(*) filter (where kpi = 'resolve.time_to_resolve') as resolved,
        sum(outcome) filter (where kpi = 'close.opened_again') as reopened,
        {hours},
        100 * avg(outcome) filter (where kpi = 'close.passed_on') as pct_reassigned,
        100 * avg(outcome) filter (where kpi = 'close.opened_again') as pct_reopened,
        100 * (1 - avg(outcome) filter (where kpi = 'close.promise_missed')) as pct_made_sla
    from members as m
    join intermediate.int_profile_segments as s on m.journey = s.journey and m.profile = s.profile
    where s.segment = '{segment}'
    group by all
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
OF_QUANTILES = """
    select
        kpi, period_start::date::varchar as period, segment_value as key, statistic,
        value, ci_low, ci_high, sample_size, open_count
    from marts.fct_kpi_readings
    where kind = 'time_to_resolve' and statistic in ('median', 'p90') and period = '{period}' and segment = '{segment}'
"""
SEEN = [name for name in FIGURES if name not in {"resolved", *HOURS}]
LEFT = {"median": 0.5, "p90": 0.1}
"""Quantile -> the share that is still open at it."""


def _hours_sql() -> str:
    parts = []
    for name in HOURS:
        kpi = "resolve.time_to_resolve" if name.endswith("resolved") else "close.until_closed"
        share = 0.5 if name.startswith("median") else 0.9
        hours = f"case when kpi = '{kpi}' then outcome end"
        parts.append(f"percentile_cont({share}) within group (order by {hours}) as {name}")
    return ",\n        ".join(parts)


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
    """Recount the expected figures without rounding, by the given keys."""
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


def of_members(uci: Any, segment: str, period: str | None = None) -> pd.DataFrame:
    """Our figures over all time or by period of opening, from the members and spells of the readings."""
    keys = {"key": "s.segment_value"} if period is None else {"period": PERIODS[period].format(day="m.day")}
    if period and segment != "all":
        keys["key"] = "s.segment_value"
    columns = ", ".join(f"{sql} as {name}" for name, sql in keys.items())
    found = uci.frame(OF_MEMBERS.format(keys=columns, segment=segment, hours=_hours_sql()))
    found = found[found["n"] > 0]  # work and closing are counted on their own days, of incidents opened before
    return found.set_index(list(keys)).rename_axis([None] * len(keys))[FIGURES].astype(float).sort_index()


def of_readings(uci: Any, period: str, segment: str = "all") -> pd.DataFrame:
    """Our figures by period (and value of the segment), as they stand in the mart; times are compared by themselves."""
    found = uci.frame(OF_READINGS.format(period=period, segment=segment))
    found = found[found["n"] > 0]  # work and closing are counted on their own days, of incidents opened before
    keys = ["period"] if segment == "all" else ["period", "key"]
    return found.set_index(keys).rename_axis([None] * len(keys))[SEEN].astype(float).sort_index()


def lifelines_readings(spells: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Kaplan-Meier of spells (seconds, is_closed): statistic -> value, ci_low, ci_high; NaN where not reached."""
    fitter = KaplanMeierFitter().fit(spells["seconds"], spells["is_closed"])
    # Two bounds of 95 %, the lower first; only a curve strictly between 1 and 0 has them.
    survival = fitter.survival_function_.iloc[:, 0]
    bounds = fitter.confidence_interval_[(survival > 0) & (survival < 1)]

    def first(curve: pd.Series, left: float) -> float:
        there = curve.index[curve <= left + 1e-12]
        return float(there[0]) if len(there) else float("nan")

    return {
        name: {
            "value": first(survival, left),
            "ci_low": first(bounds.iloc[:, 0], left),
            "ci_high": first(bounds.iloc[:, 1], left),
        }
        for name, left in LEFT.items()
    }


def wanted_quantiles(last: pd.DataFrame, end: str, *keys: pd.Series) -> pd.DataFrame:
    """Quantiles by lifelines of the time from opening to `end`; open incidents are censored at the end of the log."""
    seconds = (last[end].fillna(AS_OF) - last["opened_at"]).dt.total_seconds()
    spells = pd.DataFrame({"seconds": seconds, "is_closed": last[end].notna()})
    rows = {}
    for key, of in spells.groupby([key_column.fillna("(none)").rename(None) for key_column in keys]):
        for statistic, expected in lifelines_readings(of).items():
            still_open = int((~of["is_closed"]).sum())
            rows[(*key, statistic)] = expected | {"sample_size": len(of), "open_count": still_open}
    return pd.DataFrame.from_dict(rows, orient="index").astype(float).sort_index()


def starts(last: pd.DataFrame, period: str) -> pd.Series:
    """The first day of the week or month in which each incident was opened."""
    return last["opened_at"].dt.to_period({"week": "W-SUN", "month": "M"}[period]).dt.start_time.dt.strftime("%Y-%m-%d")


def differing(ours: pd.DataFrame, theirs: pd.DataFrame, tolerance: float) -> list[Any]:
    """Keys for which a figure differs by more than `tolerance`, or that only one side has."""
    ours, theirs = ours.align(theirs.astype(float), join="outer")
    same = ((ours - theirs).abs() <= tolerance) | (ours.isna() & theirs.isna())
    return list(same.index[~same.all(axis=1)])


def test_every_row_of_the_log_is_accounted_for(
    first_run: Any, accounts: Callable[[Any], Any], log: pd.DataFrame
) -> None:
    assert len(log) == 141_712 and log["number"].nunique() == 24_918
    closed = log["ident_state"] == "Closed"
    nobody_explains = log["ident_state"] == "-100"
    further_touchpoints = [log.loc[closed, "made_sla"] == "false"]
    further_touchpoints += [log.loc[closed, count] > 0 for count in ("reassignment_count", "reopen_count")]
    further = sum(int(column.sum()) for column in further_touchpoints)
    once = sum(log.loc[closed].loc[column, "number"].nunique() for column in further_touchpoints)
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


def test_figures_of_all_incidents(measured: Any) -> None:
    assert differing(of_members(measured, "all"), expected(measured, "overall"), ROUNDED) == []


@pytest.mark.parametrize(("table", "segment"), [("by_priority", "final_priority"), ("by_channel", "channel")])
def test_figures_by_priority_and_channel(measured: Any, table: str, segment: str) -> None:
    assert differing(of_members(measured, segment), expected(measured, table), ROUNDED) == []


def test_figures_by_priority_at_the_opening(measured: Any, log: pd.DataFrame, last: pd.DataFrame) -> None:
    """Of 383 incidents whose priority changes, 368 end with another one: there both rules give other figures."""
    first = log.groupby("number")["priority"].first()
    assert int((first != last["priority"]).sum()) == 368
    ours = of_members(measured, "priority")
    assert differing(ours, figures(last, first), 1e-6) == []
    assert differing(ours, expected(measured, "by_priority"), ROUNDED) == ["1", "2", "3", "4"]


def test_figures_by_group(measured: Any, last: pd.DataFrame, closing: pd.DataFrame) -> None:
    """Four incidents were handed on after they were closed: the groups they left and came to differ, and no other."""
    ours = of_members(measured, "closed_by")
    assert differing(ours, figures(last, closing["assignment_group"]), 1e-6) == []
    groups = pd.DataFrame({"first": closing["assignment_group"], "last": last["assignment_group"]}).fillna("(none)")
    moved = groups[groups["first"] != groups["last"]]
    assert len(moved) == 4
    assert set(differing(ours, expected(measured, "by_group"), ROUNDED)) <= {*moved["first"], *moved["last"]}


@pytest.mark.parametrize("period", ["month", "week"])
def test_figures_by_period(measured: Any, period: str) -> None:
    wanted = expected(measured, f"by_{period}")
    assert differing(of_members(measured, "all", period), wanted, ROUNDED) == []
    assert differing(of_readings(measured, period), wanted[SEEN], ROUNDED) == []


@pytest.mark.parametrize("period", ["month", "week"])
def test_figures_by_period_and_priority(measured: Any, period: str) -> None:
    wanted = expected(measured, f"by_{period}_priority", keys=2)
    assert differing(of_members(measured, "final_priority", period), wanted, ROUNDED) == []
    assert differing(of_readings(measured, period, "final_priority"), wanted[SEEN], ROUNDED) == []


def test_figures_by_week_and_group(measured: Any, last: pd.DataFrame, closing: pd.DataFrame) -> None:
    members = of_members(measured, "closed_by", "week")
    week = starts(last, "week")
    ours = of_readings(measured, "week", "closed_by")
    wanted = figures(last, week, closing["assignment_group"])
    assert differing(members, wanted, 1e-6) == []
    assert differing(ours, wanted[SEEN], 1e-9) == []
    # The four that were handed on after they were closed, each in the week of its opening.
    assert len(differing(members, expected(measured, "by_week_group", keys=2), ROUNDED)) <= 2 * 4
    # The drop of group 39, from 85 % to 38 % of promises kept.
    assert ours["pct_made_sla"].round(2)[("2016-04-11", "39")] == 84.62
    assert ours["pct_made_sla"].round(2)[("2016-04-18", "39")] == 38.17


@pytest.mark.parametrize(
    ("kpi", "end"), [("resolve.time_to_resolve", "resolved_at"), ("close.until_closed", "closed_at")]
)
@pytest.mark.parametrize(
    ("period", "segment"),
    [
        ("week", "all"),
        ("month", "all"),
        ("month", "final_priority"),
        ("week", "final_priority"),
        ("month", "closed_by"),
    ],
)
def test_medians_and_p90_equal_those_of_lifelines(
    measured: Any, last: pd.DataFrame, closing: pd.DataFrame, kpi: str, end: str, period: str, segment: str
) -> None:
    found = measured.frame(OF_QUANTILES.format(period=period, segment=segment))
    found = found[found["kpi"] == kpi].drop(columns="kpi").set_index(["period", "key", "statistic"])
    columns = {"final_priority": closing["priority"], "closed_by": closing["assignment_group"]}
    key = columns.get(segment, pd.Series("all", index=last.index))
    wanted = wanted_quantiles(last, end, starts(last, period), key)
    assert differing(found.rename_axis([None] * 3).astype(float).sort_index(), wanted[found.columns], 1e-9) == []


def test_instances_that_reach_each_stage(measured: Any) -> None:
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


def test_instances_that_reach_each_stage_by_month_of_opening(measured: Any) -> None:
    """Volume is counted on the day a stage is entered; by the month of opening it is asked of the facts."""
    states = {"n_new": "registered", "n_active": "in_work", "awaiting_user_info": "awaiting_caller"}
    states |= {"n_resolved": "solution_offered", "n_closed": "closed"}
    reached = ", ".join(
        f"count(distinct i.instance_id) filter (where p.touchpoint = '{touchpoint}') as {column}"
        for column, touchpoint in states.items()
    )
    found = measured.frame(
        f"select date_trunc('month', i.started_at)::date::varchar as month, count(distinct i.instance_id) as cases,"
        f" {reached} from intermediate.int_journey_events as e join intermediate.int_named_instances as i"
        " on e.actor_key = i.actor_key and e.passage = i.passage"
        " join intermediate.int_touchpoints as p on e.place_number = p.place_number group by month order by month"
    )
    wanted = pd.read_csv(measured.data / "expected" / "stage_reach_by_month.csv")
    pd.testing.assert_frame_equal(found, wanted, check_dtype=False)


def test_an_incident_without_a_resolution_time_stays_open(measured: Any) -> None:
    """It counts in the median, as one that lasted longer than is known; most of them are what makes it true."""
    of = "from marts.fct_kpi_readings where kpi = 'resolve.time_to_resolve' and period = 'month' and segment = 'all'"
    found = measured.frame(f"select sum(sample_size) as n, sum(open_count) as still_open {of} and statistic = 'median'")
    assert (int(found["n"].iloc[0]), int(found["still_open"].iloc[0])) == (24_918, 1_556)


@pytest.mark.browser
def test_the_page_matches_the_tables(measured: Any) -> None:
    (page,) = [path for path in (measured.folder / "site").glob("*.html") if path.name != "index.html"]
    settings = load_settings(measured.folder)
    with open_warehouse(settings.warehouse_url, read_only=True) as warehouse:
        account = differences(page, Tables(warehouse, page.stem, settings.now, states_of(settings.state_url)))
    assert account.wrong == []
    assert {"KPI", "moment", "since", "volume", "count", "visits", "freshness", "cell"} <= set(account.compared)
    assert account.compared.total() > 5000


def test_a_second_run_changes_nothing_and_notifies_nobody(measured: Any, accounts: Callable[[Any], Any]) -> None:
    contents, alerts, messages = measured.contents(), measured.alerts(), measured.messages()
    second = measured.jkpi("run")
    for account in accounts(second).values():
        assert set(account.values()) == {0}
    after = measured.contents()
    assert after == contents
    assert measured.alerts() == alerts
    assert measured.messages() == messages


def test_the_drop_of_the_second_week_is_notified_in_time(measured: Any) -> None:
    """On 25 March 2016: of the incidents opened from 7 to 13 March one in seventy was over within ten days."""
    then = replace(measured, folder=measured.folder.with_name("in_march"))
    shutil.copytree(measured.folder, then.folder, symlinks=True, ignore=shutil.ignore_patterns("state.db", "alerts"))
    now = ("--now", "2016-03-25T06:00Z")
    then.jkpi("run", *now)
    drops = [alert for alert in then.alerts() if alert["kind"] == "drop"]
    assert [(alert["moment"], alert["segment"]) for alert in drops] == [("closed_in_time", "all")]
    assert "2016-02-29" <= drops[0]["onset"] <= "2016-03-07"
    assert then.messages().count("It is over within ten days") >= 1
    then.jkpi("evaluate", *now)
    assert [alert for alert in then.alerts() if alert["kind"] == "drop"] == drops


def test_replay_finds_the_drops_of_the_past(measured: Any) -> None:
    """Group 39 kept 20 of 25, 13 of 17 and 10 of 78 promises on 18, 19 and 20 April 2016: an alert from that third day.

    All groups together kept 4 % in the week of 7 March, when the baseline had seen a week: only the promise shows it.
    The last months, a few incidents a day of which most are open, are silent.
    """
    then = replace(measured, folder=measured.folder.with_name("by_group"))
    shutil.copytree(measured.folder, then.folder, symlinks=True, ignore=shutil.ignore_patterns("state.db", "alerts"))
    written = then.folder / "journeys" / "incident.yml"
    promise = "    kpi: close.promise_missed\n"
    written.write_text(written.read_text().replace(promise, f"{promise}    segments: [closed_by]\n"))
    (result,) = then.jkpi("backtest", "--moment", "promise_kept")["moments"]
    total = "incident/promise_kept"
    by_series: dict[str, list[dict[str, Any]]] = {}
    for alert in result["alerts"]:
        by_series.setdefault(alert["series_id"], []).append(alert)
    group = by_series[f"{total}/closed_by=39"]
    assert [alert["fired_on"] for alert in group if alert["onset"] > "2016-04-11"] == ["2016-04-20"]
    first = by_series[total][0]
    assert "2016-03-01" <= first["fired_on"] <= "2016-03-08"
    assert {reason.split(":")[0] for reason in first["reasons"]} == {"promise"}
    assert max(alert["fired_on"] for alert in result["alerts"]) < "2016-06-01"


SLOWER = """
  - {moment: resolved, kpi: resolve.time_to_resolve, promise: 0.5, min_drop: 0.10, segments: [closed_by], owner: desk}
"""


def test_a_slowdown_of_one_group_is_detected(measured: Any, last: pd.DataFrame, closing: pd.DataFrame) -> None:
    """Group 39 used to resolve half of its incidents within a day; of those opened from 20 to 22 April 2016 less than a
    third. All groups together became faster all along, and their last weeks are open: they fire no alert."""
    then = replace(measured, folder=measured.folder.with_name("slower"))
    shutil.copytree(measured.folder, then.folder, symlinks=True, ignore=shutil.ignore_patterns("state.db", "alerts"))
    written = then.folder / "journeys" / "incident.yml"
    written.write_text(written.read_text() + SLOWER)
    then.jkpi("measure")
    settings = load_settings(then.folder)
    (watched,) = [
        moment for moment in configured_moments(read_journeys(then.folder), settings) if moment.moment == "resolved"
    ]
    with open_warehouse(settings, read_only=True) as warehouse:
        panel = read_duration_panel(warehouse, watched)
    tried = [SeriesToEvaluate(replace(watched.rule_for(), promise=None), number) for number in range(len(panel.keys))]
    tracks = dict(zip(panel.keys, replay_grid(panel.grid, tried, panel.histograms), strict=True))
    assert tracks["all", "all"].episodes == ()
    (episode,) = tracks["closed_by", "39"].episodes
    (part,) = episode.detections
    assert (f"{part.onset}", f"{part.fired_on}") == ("2016-04-20", "2016-04-22")
    took = (last["resolved_at"] - last["opened_at"]).dt.total_seconds()
    opened = last["opened_at"].dt.date
    theirs = opened.between(part.drop.first_day, part.drop.last_day) & (closing["assignment_group"] == "39")
    assert part.within_seconds is not None
    by_day = (took <= part.within_seconds)[theirs].groupby(opened[theirs]).agg(["sum", "size"])
    # Days with fewer than five cases are pooled; the last of them may still wait for more.
    at_least, at_most = by_day[by_day["size"] >= 5].sum(), by_day.sum()
    assert at_least["size"] <= part.drop.n <= at_most["size"]
    assert at_least["sum"] <= part.drop.successes <= at_most["sum"]
    # A message shows the days before the first recovered day; the drop ends once these days of the week recovered.
    assert drop_without_recovery(part, watched).rate < 0.35 and part.drop.reference == pytest.approx(0.5, abs=0.05)
