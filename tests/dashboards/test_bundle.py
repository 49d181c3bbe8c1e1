"""The bundle: complete, stable, in a namespace of its own, and true to the tables."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from jkpi.dashboards.assets import fill_placeholders, read_assets
from jkpi.dashboards.build import build_bundle
from jkpi.dashboards.bundle import DashboardBundle
from jkpi.dashboards.columns import check_bundle
from jkpi.dashboards.database import superset_database
from jkpi.dashboards.names import slug_prefix, workspace_certifier
from jkpi.dashboards.scopes import workspace_scopes
from jkpi.dashboards.tables import EXPORTED_TABLES
from jkpi.errors import JkpiError

from .conftest import EXAMPLES, ROOT, MakeBundle, journeys_of, settings_of


def files(bundle: DashboardBundle) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(bundle.to_zip())) as archive:
        return {name: yaml.safe_load(archive.read(name)) for name in archive.namelist()}


def tiles(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [part["meta"] for part in content["position"].values() if isinstance(part, dict) and part["type"] == "CHART"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_bundle_matches_the_contracts_of_the_marts(bundle_of: MakeBundle, example: str) -> None:
    check_bundle(bundle_of(example))


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_overview_and_one_dashboard_for_each_journey(bundle_of: MakeBundle, example: str) -> None:
    bundle = bundle_of(example)
    slugs = {dashboard.slug for dashboard in bundle.dashboards}
    assert slugs == {"jkpi-service-overview", *(f"jkpi-service-{journey.journey}" for journey in journeys_of(example))}
    shown = {uuid for dashboard in bundle.dashboards for uuid in dashboard.charts}
    behind = {built.annotation_chart_uuid for built in bundle.charts.values() if built.annotation_chart_uuid}
    assert shown | behind == set(bundle.charts), "every chart is on a dashboard"
    assert not shown & behind


def test_every_kpi_stage_and_moment_is_on_the_dashboard_of_its_journey(bundle_of: MakeBundle) -> None:
    bundle = bundle_of("equipment_repair")
    (journey,) = journeys_of("equipment_repair")
    dashboard = next(dashboard for dashboard in bundle.dashboards if dashboard.journey)
    on_it = [bundle.charts[uuid] for uuid in dashboard.charts]
    assert {built.scope.ids["kpi"] for built in on_it if built.asset.chart == "kpi_line"} == {
        kpi_id for kpi_id, *_ in journey.all_kpis()
    }
    moments = {moment.moment for moment in journey.moments_of_truth}
    for chart in ("moment_number", "moment_state", "moment_line", "change_by_segment"):
        assert {built.scope.ids["moment"] for built in on_it if built.asset.chart == chart} == moments
    texts = [part["meta"]["code"] for part in dashboard.content["position"].values() if part_is(part, "MARKDOWN")]
    assert all(any(stage.display_title in text for text in texts) for stage in journey.stages)
    assert "Synthetic data" in texts[0]


def part_is(part: object, kind: str) -> bool:
    return isinstance(part, dict) and part["type"] == kind


def test_the_same_workspace_is_the_same_bundle_and_another_shares_nothing(bundle_of: MakeBundle) -> None:
    bundle, again, other = bundle_of("starter"), bundle_of("starter"), bundle_of("starter", "another")
    assert bundle.to_zip() == again.to_zip()
    assert not uuids(bundle) & uuids(other)
    assert len(uuids(bundle)) == len([content for content in bundle.files.values() if "uuid" in content])
    # As every release makes it: another number would create a second dashboard.
    overview = next(dashboard for dashboard in bundle.dashboards if dashboard.journey is None)
    assert overview.uuid == "98f35267-1163-5a07-a9d1-bdb323eebf56"


def uuids(bundle: DashboardBundle) -> set[str]:
    return {content["uuid"] for content in bundle.files.values() if "uuid" in content}


def test_names_are_in_a_namespace_and_nothing_is_left_unfilled(bundle_of: MakeBundle) -> None:
    bundle = bundle_of("spare_parts")
    for name, content in files(bundle).items():
        assert "${" not in json.dumps(content), name
        if name.startswith(("jkpi/databases", "jkpi/datasets")):
            named = content.get("database_name") or content["table_name"]
            assert named.startswith(workspace_certifier("service"))
        if name.startswith("jkpi/charts"):
            assert content["certified_by"] == workspace_certifier("service")
    assert all(dashboard.slug.startswith("jkpi-service-") for dashboard in bundle.dashboards)


def test_every_tile_is_a_chart_of_the_bundle_once_and_fits_its_row(bundle_of: MakeBundle) -> None:
    bundle = bundle_of("equipment_repair")
    numbers = {uuid: number for number, uuid in enumerate(bundle.charts, start=1)}
    for dashboard in bundle.dashboards:
        found = tiles(dashboard.content)
        assert len({tile["uuid"] for tile in found}) == len(found)
        assert all(tile["chartId"] == numbers[tile["uuid"]] for tile in found)
        for part in dashboard.content["position"].values():
            if part_is(part, "ROW"):
                inside = [dashboard.content["position"][child]["meta"]["width"] for child in part["children"]]
                assert 0 < sum(inside) <= 12


def test_each_number_is_above_its_interval(bundle_of: MakeBundle) -> None:
    bundle = bundle_of("equipment_repair")
    for dashboard in bundle.dashboards:
        position, stacks = dashboard.content["position"], []
        for part in position.values():
            if part_is(part, "COLUMN"):
                inside = [position[child]["meta"] for child in part["children"]]
                assert {tile["width"] for tile in inside} == {part["meta"]["width"]}
                built = [bundle.charts[tile["uuid"]] for tile in inside]
                assert [tile.asset.chart for tile in built] == ["moment_number", "moment_state"]
                assert len({tile.scope.key for tile in built}) == 1
                stacks.append(built)
        assert len(stacks) == 3, dashboard.slug


def test_filters_reach_the_charts_that_name_them_and_no_others(bundle_of: MakeBundle) -> None:
    bundle = bundle_of("equipment_repair")
    numbers = dict(enumerate(bundle.charts.values(), start=1))
    names = set()
    for dashboard in bundle.dashboards:
        for native in dashboard.content["metadata"]["native_filter_configuration"]:
            name = native["id"].removeprefix("NATIVE_FILTER-")
            names.add(name)
            excluded = set(native["scope"]["excluded"])
            for tile in tiles(dashboard.content):
                reached = tile["chartId"] not in excluded
                assert reached == (name in numbers[tile["chartId"]].asset.filtered_by)
            if name in ("segment", "period"):
                assert native["controlValues"]["multiSelect"] is False, "what overlaps is never pooled"
                assert native["controlValues"]["enableEmptyFilter"] is True, "one is always chosen"
    assert names == {"journey", "segment", "period", "time"}


def test_every_chart_has_a_saved_query(bundle_of: MakeBundle) -> None:
    for name, content in files(bundle_of("starter")).items():
        if name.startswith("jkpi/charts"):
            (query,) = json.loads(content["query_context"])["queries"]
            assert query["columns"] or query["metrics"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"params": {"x_axis": "period_strat"}}, "no column 'period_strat' (did you mean 'period_start'?)"),
        ({"params": {"metric": "rat"}}, "no metric 'rat' (did you mean 'rate'?)"),
        ({"dataset": "redings"}, "no dataset 'redings' (did you mean 'readings'?)"),
        ({"where": [{"column": "kpy", "equals": "x"}]}, "no column 'kpy' (did you mean 'kpi'?)"),
    ],
)
def test_a_mismatch_is_reported_before_anything_is_sent(
    bundle_of: MakeBundle, change: dict[str, Any], problem: str
) -> None:
    from jkpi.dashboards.assets import ChartAsset
    from jkpi.dashboards.charts import form_data

    bundle = bundle_of("starter")
    built = next(chart for chart in bundle.charts.values() if chart.asset.chart == "moment_number")
    raw = fill_placeholders(bundle.assets.charts["moment_number"], built.scope.placeholders)
    asset = ChartAsset.model_validate({**raw, **change, "params": {**raw["params"], **change.get("params", {})}})
    params = built.params if "dataset" in change else form_data(asset, bundle.assets)
    bundle.charts[built.uuid] = replace(built, asset=asset, params=params)
    with pytest.raises(JkpiError) as caught:
        check_bundle(bundle)
    assert problem in caught.value.message


def test_a_metric_of_an_unknown_column_is_reported(bundle_of: MakeBundle) -> None:
    bundle, assets = bundle_of("starter"), read_assets()
    readings = assets.datasets["readings"]
    wrong = readings.metrics[0].model_copy(update={"sql": "SUM(numerater)"})
    datasets = {**assets.datasets, "readings": readings.model_copy(update={"metrics": [wrong, *readings.metrics[1:]]})}
    with pytest.raises(JkpiError, match=r"metric readings\.rate: .*numerater"):
        check_bundle(replace(bundle, assets=replace(assets, datasets=datasets)))


@pytest.mark.parametrize(
    ("dashboard", "exposure"), [("overview", "superset_moments_of_truth"), ("journey", "superset_journey")]
)
def test_dbt_exposures_name_the_tables_of_each_dashboard(dashboard: str, exposure: str) -> None:
    properties = yaml.safe_load((ROOT / "dbt_project" / "models" / "dashboards" / "_dashboards.yml").read_text())
    (declared,) = [
        declared_exposure for declared_exposure in properties["exposures"] if declared_exposure["name"] == exposure
    ]
    known = {name.removeprefix("ref('").removesuffix("')") for name in declared["depends_on"]}
    assets = read_assets()
    charts = [chart for tab in assets.dashboards[dashboard].tabs for row in tab.rows for chart in row.charts]
    placed = {chart.chart for chart in charts} | {chart.stacked.chart for chart in charts if chart.stacked}
    tables = {assets.datasets[assets.charts[chart]["dataset"]].table for chart in placed}
    # The tables that jkpi publishes next to the views.
    tables |= {"rpt_journey_health"} if "dash_moments" in tables else set()
    tables |= {"dash_readings"} if "dash_moment_readings" in tables else set()
    tables |= {"int_kpi_sources"} if "dash_sources" in tables else set()
    assert known == tables - set(EXPORTED_TABLES)
    models = {path.stem for path in (ROOT / "dbt_project" / "models").rglob("*.sql")}
    assert known <= models


def test_a_monthly_kpi_is_shown_by_month(tmp_path: Path) -> None:
    settings, journeys = settings_of(tmp_path), journeys_of("starter")
    kpis = frozenset((journey.journey, kpi_id) for journey in journeys for kpi_id, *_ in journey.all_kpis())
    database = superset_database(settings.warehouse_url, tmp_path / "d.duckdb")
    for coarse, period in ((frozenset(), "week"), (kpis, "month")):
        bundle = build_bundle("service", database, workspace_scopes(settings, journeys, coarse))
        number = next(built for built in bundle.charts.values() if built.asset.chart == "moment_number")
        assert [f["comparator"] for f in number.params["adhoc_filters"] if f["subject"] == "period"] == [period]
        dashboard = next(dashboard for dashboard in bundle.dashboards if dashboard.journey)
        (first,) = [
            native["defaultDataMask"]["filterState"]["value"]
            for native in dashboard.content["metadata"]["native_filter_configuration"]
            if native["id"] == "NATIVE_FILTER-period"
        ]
        assert first == [period]


def test_any_name_of_a_workspace_makes_an_address_of_its_own() -> None:
    assert slug_prefix("equipment_repair") == "jkpi-equipment_repair-"
    starts = {slug_prefix(name) for name in ("Repair / EU", "repair-eu", "repair eu", "Ünïcode", "repair_eu")}
    assert len(starts) == 5
    assert all(re.fullmatch(r"jkpi-[a-z0-9_-]+-", start) for start in starts)
