"""The real thing: a Superset that is started here, looked at by people with different rights, and by a browser."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from jkpi.config.superset import SupersetConnection
from jkpi.dashboards.charts import alert_annotation_layer
from jkpi.dashboards.publish import DashboardReport, publish_dashboards
from jkpi.dashboards.publish_tables import publish_tables
from jkpi.dashboards.push import sync_bundle
from jkpi.dashboards.security import apply_security
from jkpi.errors import CheckFailed, InputError, SystemFailure
from jkpi.warehouse.open import open_warehouse

from .browser import chromium, signed_in, visit
from .conftest import JKPI, PART, ROOT, WHOLE
from .live import Live, free_port, rows, running

pytestmark = [pytest.mark.slow, pytest.mark.superset]

TITLES = {WHOLE: "Getting a broken machine running again", PART: "The visit of the technician"}


@pytest.fixture(scope="module")
def live(two_journeys: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with running(two_journeys, tmp_path_factory.mktemp("superset")) as superset:
        yield superset


@pytest.fixture(scope="module")
def placed(live: Live) -> DashboardReport:
    """The report of the first publication."""
    return publish_dashboards(live.settings, live.journeys)


def test_the_first_publication_creates_everything_with_numbers(placed: DashboardReport) -> None:
    assert placed.changed == ("everything is new",)
    assert placed.empty == ()
    assert placed.removed == ()
    assert len(placed.urls) == 3
    assert placed.charts > 60
    assert placed.roles == (f"jkpi {WHOLE}: {WHOLE}", f"jkpi {WHOLE}: {PART}", f"jkpi {WHOLE}: all")


def test_a_second_publication_changes_nothing(live: Live, placed: DashboardReport) -> None:
    yml = live.workspace / "jkpi.yml"
    before = yml.read_text(encoding="utf-8")
    yml.write_text(f'{before}\nsuperset: {{url: "{live.url}", username: admin, password: env:BI_PASSWORD}}\n')
    try:
        done = subprocess.run(
            [JKPI, "publish", "dashboards", "-w", live.workspace, "--json"],
            env={**os.environ, "BI_PASSWORD": live.password},
            capture_output=True,
            text=True,
        )
    finally:
        yml.write_text(before, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)["dashboards"]
    assert (report["changed"], report["removed"], report["security_changes"], report["empty"]) == ([], [], [], [])


def test_changes_by_hand_are_undone_and_objects_of_others_stay(live: Live, placed: DashboardReport) -> None:
    bundle, there = live.bundle, live.there()
    by_chart = {(chart.asset.chart, chart.scope.ids.get("journey")): chart for chart in bundle.charts.values()}
    number, line = by_chart["moment_number", WHOLE], by_chart["moment_line", WHOLE]
    overview = next(dashboard for dashboard in bundle.dashboards if dashboard.journey is None)
    dataset = there.datasets[bundle.dataset_uuid("readings")]
    with live.signed_in() as client:
        renamed = {"slice_name": "mine now", "params": json.dumps({**number.params, "metric": "reading"})}
        client.ask("PUT", f"chart/{there.charts[number.uuid]}", json=renamed)
        bare = {"params": json.dumps({**line.params, "annotation_layers": []})}
        client.ask("PUT", f"chart/{there.charts[line.uuid]}", json=bare)
        client.ask("PUT", f"dashboard/{there.dashboards[overview.uuid]}", json={"dashboard_title": "Ours", "roles": []})
        client.ask("DELETE", f"chart/{there.charts[by_chart['funnel', PART].uuid]}")
        rule = [{"col": "name", "opr": "eq", "value": f"jkpi {WHOLE}: {PART}"}]
        (found,) = client.listed("rowlevelsecurity/", ["id", "name"], rule)
        client.ask("PUT", f"rowlevelsecurity/{found['id']}", json={"clause": "1 = 1"})
        chart = {"viz_type": "table", "datasource_id": dataset, "datasource_type": "table", "params": "{}"}
        foreign = client.ask("POST", "chart/", json={**chart, "slice_name": "an analyst's own"})["id"]
        stale = {**chart, "slice_name": "of a KPI that is gone", "certified_by": bundle.certifier}
        client.ask("POST", "chart/", json=stale)

    repaired = publish_dashboards(live.settings, live.journeys)
    assert repaired.empty == ()
    assert repaired.removed == ("of a KPI that is gone",)
    assert {f"updated rule: jkpi {WHOLE}: {PART}", f"roles of dashboard: {overview.title}"} <= set(
        repaired.security_changes
    )
    changed = set(repaired.changed)
    assert f"missing: {by_chart['funnel', PART].name}" in changed
    assert {f"{number.name}: slice_name", f"{number.name}: params.metric"} <= changed
    assert f"{overview.title}: dashboard_title" in changed
    assert f"{line.name}: params.annotation_layers" in changed
    with live.signed_in() as client:
        again = sync_bundle(client, bundle)
        assert (again.changed, again.removed) == ((), ())
        assert apply_security(client, bundle, again.remote) == []
        there = again.remote
        assert client.ask("GET", f"chart/{foreign}")["result"]["slice_name"] == "an analyst's own"
        stored = client.ask("GET", f"chart/{there.charts[line.uuid]}")["result"]
        assert [layer["annotationType"] for layer in json.loads(stored["params"])["annotation_layers"]][-1] == "EVENT"
        client.ask("DELETE", f"chart/{foreign}")


def test_a_role_of_one_journey_sees_only_it_in_every_chart_and_annotation(live: Live, placed: DashboardReport) -> None:
    password = live.add_user("visitor", f"jkpi {WHOLE}: {PART}")
    bundle, there = live.bundle, live.there()
    seen_marks = {WHOLE: 0, PART: 0}
    with live.signed_in("visitor", password) as client:
        for chart in bundle.charts.values():
            journey = chart.scope.ids.get("journey")
            layers = (
                [alert_annotation_layer(there.charts[chart.annotation_chart_uuid])]
                if chart.annotation_chart_uuid
                else []
            )
            answer = rows(client, bundle, there, chart, annotation_layers=layers)
            # Without rows a table of metrics alone is one row of nothing.
            data = [row for row in answer["data"] if any(value is not None for value in row.values())]
            if journey == WHOLE:
                assert data == [], chart.name
            elif journey == PART:
                assert data or chart.asset.may_be_empty, chart.name
            else:
                titles = {row["journey_title"] for row in data}
                assert titles == {TITLES[PART]}, chart.name
            if chart.annotation_chart_uuid and journey:
                seen_marks[journey] += len(answer["annotation_data"]["Alert"]["records"])
        for name, dataset_id in there.datasets.items():
            asked = {"columns": ["journey"], "metrics": [], "filters": [], "row_limit": 100}
            context = {"datasource": {"id": dataset_id, "type": "table"}, "queries": [asked], "result_format": "json"}
            found = client.ask("POST", "chart/data", json=context)["result"][0]["data"]
            assert {row["journey"] for row in found} == {PART}, name
        slugs = {row["slug"] for row in client.listed("dashboard/", ["slug"])}
        assert slugs == {f"jkpi-{WHOLE}-overview", f"jkpi-{WHOLE}-{PART}"}
        with pytest.raises((InputError, SystemFailure)):
            client.ask("POST", "sqllab/execute/", json={"database_id": 1, "sql": "select 1"})
    assert seen_marks[WHOLE] == 0, "not even a line says that another journey has an alert"
    assert seen_marks[PART] > 0


def test_a_user_with_all_roles_sees_every_journey(live: Live, placed: DashboardReport) -> None:
    password = live.add_user("lead", f"jkpi {WHOLE}: all")
    bundle, there = live.bundle, live.there()
    (chart,) = [built for built in bundle.charts.values() if built.asset.chart == "moments_now"]
    with live.signed_in("lead", password) as client:
        assert {row["journey_title"] for row in rows(client, bundle, there, chart)["data"]} == set(TITLES.values())
        assert len(client.listed("dashboard/", ["slug"])) == 3


def test_each_number_has_the_interval_of_its_reading(live: Live, placed: DashboardReport) -> None:
    """Asked of the server, with the filter on one segment as a dashboard sets it: the mart's own bounds."""
    bundle, there = live.bundle, live.there()
    with live.signed_in() as client, open_warehouse(live.settings) as warehouse:
        for chart in bundle.charts.values():
            if chart.asset.chart != "moment_state":
                continue
            names = chart.scope.ids
            found = warehouse.rows(
                "select segment, segment_value, ci_low, ci_high, sample_size from marts.fct_kpi_readings"
                " where journey = :journey and kpi = :kpi and is_primary and period = 'week' and status = 'final'"
                " and value is not null and segment in ('all', 'region') and not is_suppressed"
                " order by period_start",
                {"journey": names["journey"], "kpi": names["kpi"]},
            )
            newest = {(row["segment"], row["segment_value"]): row for row in found}
            assert len(newest) > 4
            for (segment, value), row in newest.items():
                label = "All customers" if segment == "all" else f"{segment}: {value}"
                filters = [
                    {"col": "journey", "op": "==", "val": names["journey"]},
                    {"col": "moment", "op": "==", "val": names["moment"]},
                    {"col": "period", "op": "==", "val": "week"},
                    {"col": "segment_label", "op": "IN", "val": [label]},
                ]
                (shown,) = rows(client, bundle, there, chart, filters=filters)["data"]
                assert shown["newest_interval"] == f"{100 * row['ci_low']:.1f} to {100 * row['ci_high']:.1f} %", label
                assert shown["newest_cases"] == row["sample_size"], label
                state = shown["state_today"]
                assert (
                    " since " in state
                    or ", dropped on " in state
                    or state.endswith(("not evaluated yet", "not evaluated"))
                )


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('/etc/hostname')",
        "copy (select 1) to '/tmp/jkpi-should-not-be-there'",
        "set enable_external_access = true",
        "attach '/tmp/jkpi-should-not-be-there' as other",
        "drop table published.dash_moments",
    ],
)
def test_an_admin_can_neither_read_nor_write_other_tables(live: Live, placed: DashboardReport, sql: str) -> None:
    with live.signed_in() as client:
        (database,) = client.listed("database/", ["id", "database_name"])
        asked = {"database_id": database["id"], "sql": sql, "runAsync": False, "schema": "published"}
        with pytest.raises((InputError, SystemFailure)):
            client.ask("POST", "sqllab/execute/", json=asked)
        fine = {**asked, "sql": "select count(*) as n from published.dash_moments"}
        assert client.ask("POST", "sqllab/execute/", json=fine)["data"] == [{"n": 5}]
    assert not Path("/tmp/jkpi-should-not-be-there").exists()


def test_the_pipeline_publishes_while_dashboards_are_read(live: Live, placed: DashboardReport) -> None:
    """No question fails, none is answered from half a copy, and the one after a publishing is answered from it."""
    bundle, there, settings = live.bundle, live.there(), live.settings
    dataset = there.datasets[bundle.dataset_uuid("moments")]
    asked = {"columns": ["as_of", "moment", "journey"], "metrics": [], "filters": [], "row_limit": 100}
    context = {
        "datasource": {"id": dataset, "type": "table"},
        "queries": [asked],
        "result_format": "json",
        "force": True,
    }
    answers: list[list[float]] = []
    stop = threading.Event()

    def people() -> None:
        with live.signed_in() as client:
            while not stop.is_set():
                data = client.ask("POST", "chart/data", json=context)["result"][0]["data"]
                answers.append([row["as_of"] for row in data])

    looking = threading.Thread(target=people)
    looking.start()
    try:
        for hour in range(1, 6):
            later = replace(settings, now=settings.now + timedelta(hours=hour))
            with open_warehouse(later) as warehouse:
                publish_tables(later, warehouse, live.journeys)
                known = len(answers)
                while len(answers) < known + 2 and looking.is_alive():
                    time.sleep(0.02)
            assert set(answers[-1]) == {later.now.timestamp() * 1000}
    finally:
        stop.set()
        looking.join()
    assert all(len(answer) == 5 and len(set(answer)) == 1 for answer in answers)
    firsts = [answer[0] for answer in answers]
    assert firsts == sorted(firsts), "nobody is taken back in time"


def test_an_unreachable_database_is_reported_with_what_to_do(live: Live, placed: DashboardReport) -> None:
    there = live.settings.superset
    assert there is not None
    with pytest.raises(InputError, match="rejected the login of user 'admin'"):
        publish_dashboards(replace(live.settings, superset=replace(there, password=SecretStr("wrong"))), live.journeys)
    visitor = SupersetConnection(live.url, "nobody", SecretStr(live.add_user("nobody", f"jkpi {WHOLE}: {PART}")))
    with pytest.raises(InputError, match=r"refused .*\(403\)") as refused:
        publish_dashboards(replace(live.settings, superset=visitor), live.journeys)
    assert "needs the role Admin" in refused.value.hint
    nowhere = replace(there, database=SecretStr("duckdb:////nowhere/dashboards.duckdb"))
    with pytest.raises((CheckFailed, SystemFailure)) as caught:
        publish_dashboards(replace(live.settings, superset=nowhere), live.journeys)
    assert "/nowhere/" in caught.value.message or "charts cannot be drawn" in caught.value.message
    with live.signed_in() as client:
        assert sync_bundle(client, live.bundle).changed


def test_charts_read_a_postgres_where_the_warehouse_is_one(live: Live, on_postgres: Path) -> None:
    there = replace(live, workspace=on_postgres)
    with open_warehouse(there.settings) as warehouse:
        publish_tables(there.settings, warehouse, there.journeys)
    first = publish_dashboards(there.settings, there.journeys)
    assert first.changed == ("everything is new",)
    # Nothing has dropped yet, and no moment was evaluated: the rest has numbers.
    assert first.empty == ()
    with there.signed_in() as client:
        again = sync_bundle(client, there.bundle)
        assert (again.changed, again.removed) == ((), ())
        named = [{"col": "database_name", "opr": "eq", "value": there.bundle.certifier}]
        (database,) = client.listed("database/", ["id"], named)
        stored = client.ask("GET", f"database/{database['id']}/connection")["result"]
        assert stored["sqlalchemy_uri"].startswith("postgresql+psycopg2://")
        assert "hush" not in json.dumps(stored)
    assert (live.url, len(first.urls)) == (there.url, 2)


def test_make_superset_puts_the_dashboards_there_by_itself(live: Live, placed: DashboardReport) -> None:
    done = subprocess.run(
        ["make", "superset", f"ARGS=--workspace {live.workspace} --home {live.home} --port {free_port()} --check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Superset is healthy" in done.stdout
    assert f"3 dashboards, {placed.charts} charts" in done.stdout
    assert live.password not in done.stdout


@pytest.mark.browser
def test_a_browser_draws_every_chart_of_every_dashboard(live: Live, placed: DashboardReport) -> None:
    if chromium() is None:
        pytest.skip("no Chromium on the PATH: install it (apt-get install chromium) to look at the dashboards")
    pictures = os.environ.get("JKPI_SCREENSHOTS")
    bundle = live.bundle
    names: set[str] = set()
    with signed_in(live.url, "admin", live.password) as page:
        for dashboard in bundle.dashboards:
            seen = visit(page, live.url, dashboard.slug, Path(pictures) if pictures else None)
            drawn = [name for tab in seen for name, _ in tab.charts]
            assert len(drawn) == len(dashboard.charts), dashboard.slug
            may_be_empty = {
                bundle.charts[uuid].asset.short_title or bundle.charts[uuid].name
                for uuid in dashboard.charts
                if bundle.charts[uuid].asset.may_be_empty
            }
            assert {name for tab in seen for name in tab.empty} <= may_be_empty, dashboard.slug
            names |= set(drawn)
    assert "Change by segment: last 2 weeks against the 8 before" in names
