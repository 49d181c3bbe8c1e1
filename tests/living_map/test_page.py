"""The page shows the values of the tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from jkpi.config.settings import Settings
from jkpi.formatting.dates import format_short_date
from jkpi.formatting.numbers import NARROW_NO_BREAK_SPACE, format_count
from jkpi.living_map import page_model, page_text
from jkpi.living_map.page_data import OpenPromises, PromiseBulk
from jkpi.living_map.publish import publish_maps
from jkpi.living_map.queries import read_page_data
from jkpi.living_map.render import render_page
from jkpi.living_map.views import KpiView, MapPage
from jkpi.state.alert_records import MomentState
from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse

from .conftest import (
    DROP_SINCE,
    JOURNEY,
    NOW,
    SOURCES,
    STATES,
    Rows,
    fill_landing,
    fill_marts,
    hostile_map,
    insert,
    marts,
)

Make = Callable[..., MapPage]


@pytest.fixture
def page(measured: Warehouse) -> MapPage:
    (facts,) = read_page_data(measured, NOW)
    return page_model.build_page(facts, STATES, NOW, synthetic=True)


def kpi_views(page: MapPage) -> dict[str, KpiView]:
    return {view.anchor: view for view in (*page.kpis, *(kpi for stage in page.stages for kpi in stage.kpis))}


def test_every_kpi_shows_its_latest_final_week(page: MapPage, measured: Warehouse) -> None:
    health = measured.rows("select * from marts.rpt_journey_health")
    views = kpi_views(page)
    assert len(views) == len(health) > 10
    for row in health:
        view = views[f"kpi-{row['kpi'].replace('.', '-')}"]
        goal = measured.scalar(
            "select coalesce(map_kpis.target, map_moments.promise) from raw.map_kpis left join raw.map_moments"
            " on map_kpis.kpi = map_moments.kpi where map_kpis.kpi = :kpi",
            {"kpi": row["kpi"]},
        )
        assert view.statistic == row["statistic"]
        assert view.value == page_text.format_reading(row["value_week"], row["unit"], row["statistic"], against=goal)
        assert view.n == (format_count(row["sample_size_week"]) if row["unit"] != "count" else None)
        assert view.week == f"week of {format_short_date(row['value_week_start'], NOW.date())}"


def test_the_rendered_page_has_the_values(page: MapPage, measured: Warehouse) -> None:
    html = render_page(page)
    for view in kpi_views(page).values():
        block = re.search(rf'id="{view.anchor}".*?</div>\s*(?=<div class="kpi"|</div>)', html, re.S)
        assert block is not None
        assert f">{view.value}<" in block[0]
    for moment in page.moments:
        card = re.search(rf'id="{moment.anchor}".*?</article>', html, re.S)
        assert card is not None
        for text in (moment.value, moment.interval, moment.n, moment.state.label, moment.promise, moment.owner):
            assert text is not None
            assert f">{text}<" in card[0] or f"{text}<" in card[0]


def test_a_file_without_rows_does_not_hide_a_refused_delivery(measured: Warehouse) -> None:
    for number, (status, ago) in enumerate([("refused", 60), ("empty", 30)]):
        batch = {"batch_id": f"late{number}", "source": "surveys", "status": status, "reason": "a column is missing"}
        insert(measured, "raw.load_batches", {**batch, "loaded_at": NOW.replace(tzinfo=None) - timedelta(minutes=ago)})
    (facts,) = read_page_data(measured, NOW)
    views = {view.source: view for view in page_model.build_page(facts, STATES, NOW, synthetic=True).sources}
    assert views["surveys"].label == "last delivery refused"


def test_intervals_come_from_the_mart(page: MapPage, measured: Warehouse) -> None:
    row = measured.rows(
        "select ci_low, ci_high from marts.fct_kpi_readings where kpi = 'repair.time_to_resolve' and period = 'week'"
        " and is_primary and status = 'final' order by period_start desc limit 1"
    )[0]
    view = kpi_views(page)["kpi-repair-time_to_resolve"]
    assert view.interval == f"{100 * row['ci_low']:.0f}–{100 * row['ci_high']:.0f}{NARROW_NO_BREAK_SPACE}%"


def test_the_other_statistics_are_of_the_same_week(page: MapPage, measured: Warehouse) -> None:
    median = measured.scalar(
        "select value from marts.fct_kpi_readings where kpi = 'repair.time_to_resolve' and statistic = 'median'"
        " and period = 'week' and status = 'final' order by period_start desc limit 1"
    )
    extras = kpi_views(page)["kpi-repair-time_to_resolve"].extras
    assert page_text.format_rounded_duration(median) in [extra.value for extra in extras]


def test_stages_are_in_order_with_their_visits(page: MapPage, measured: Warehouse) -> None:
    counted = measured.rows(
        "select map_stages.title, count(visits.stage) as visits from raw.map_stages"
        " left join marts.fct_stage_visits as visits on map_stages.stage = visits.stage and visits.entered_at >= :since"
        " group by map_stages.title, map_stages.position order by map_stages.position",
        {"since": NOW.replace(tzinfo=None) - timedelta(days=28)},
    )
    assert [stage.title for stage in page.stages] == [row["title"] for row in counted]
    assert [stage.visits for stage in page.stages] == [f"{row['visits']:,} visits in 28 days" for row in counted]


def test_touchpoints_show_their_events_or_that_there_are_none(page: MapPage, measured: Warehouse) -> None:
    touchpoints = {t.touchpoint: t for stage in page.stages for t in stage.touchpoints}
    assert touchpoints.keys() == {
        row["touchpoint"] for row in measured.rows("select touchpoint from raw.map_touchpoints")
    }
    assert touchpoints["part_picked"].last_event == "no data yet"
    assert touchpoints["part_picked"].volume == ""
    arrived = measured.rows("select * from marts.rpt_map_coverage where name = 'technician_arrived'")[0]
    assert touchpoints["technician_arrived"].last_event == page_text.format_time_ago(
        arrived["last_evidence_at"], NOW.replace(tzinfo=None)
    )
    count = arrived.get("count_events_28d", arrived["count_events"])
    assert touchpoints["technician_arrived"].volume.startswith(f"{count:,} ×")
    assert touchpoints["technician_arrived"].confirmed
    assert not touchpoints["fault_diagnosed"].confirmed
    assert [touchpoint.label for touchpoint in page.unmapped_touchpoints] == ["Spare key lost"]


def test_moments_are_compared_with_their_promise(page: MapPage) -> None:
    on_site, told_once, ends_well = page.moments
    assert (on_site.state.label, on_site.since) == ("firing", f"since 9 Jun, {(NOW.date() - DROP_SINCE).days} days")
    assert on_site.goal_status is not None
    assert (on_site.goal_status.key, on_site.goal_status.label) == ("bad", "below the promise")
    assert told_once.promise is not None
    assert told_once.promise.startswith("promise: at most")
    assert ends_well.state.label == "watch"
    assert page.headline.key == "firing"
    assert on_site.title in page.headline.text


def test_only_an_open_alert_is_marked_on_the_charts(page: MapPage) -> None:
    views = kpi_views(page)
    marked = [anchor for anchor, view in views.items() if view.chart and "alert-flag" in view.chart]
    assert marked == ["kpi-repair-time_to_resolve"]


def test_the_withheld_week_is_a_gap_and_never_a_value(page: MapPage) -> None:
    chart = kpi_views(page)["kpi-confirm-csat"].chart
    assert chart is not None
    assert chart.count('class="withheld"') == 1
    definition = next(d for d in page.definitions if d.anchor == "def-confirm-csat")
    (row,) = [week for week in definition.weeks if week.status == "withheld"]
    assert (row.value, row.interval) == ("–", "–")


def test_every_link_inside_the_page_has_a_target(page: MapPage) -> None:
    html = render_page(page)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)


def test_synthetic_data_is_marked(page: MapPage) -> None:
    assert "synthetic data" in render_page(page)
    assert "synthetic" not in render_page(replace(page, synthetic=False)).split("<body>")[1].replace("i-synthetic", "")


def test_a_map_without_data_is_published(warehouse: Warehouse, map_tables: Rows, settings: Settings) -> None:
    fill_landing(warehouse, map_tables)
    publish_maps(settings, warehouse, ())
    html = (settings.site_dir / f"{JOURNEY}.html").read_text()
    assert "Nothing has been measured yet." in html
    assert html.count("no data yet") > 20
    assert "not evaluated yet" in html
    assert "No source is connected yet." in html
    assert not re.search(r">0\s?%<", html)


def test_empty_marts_are_no_data(warehouse: Warehouse, map_tables: Rows) -> None:
    fill_landing(warehouse, map_tables)
    fill_marts(warehouse, {})
    (facts,) = read_page_data(warehouse, NOW)
    page = page_model.build_page(facts, (), NOW, synthetic=False)
    assert page.headline.text == "Nothing has been measured yet."
    assert {view.note for view in kpi_views(page).values()} == {"no data yet"}
    assert {view.value for view in kpi_views(page).values()} == {None}
    assert "{'" not in render_page(page)


def test_a_reading_of_another_definition_is_not_shown(measured: Warehouse, map_tables: Rows) -> None:
    """`74 % done within 3 days` would be wrong of what was counted within four."""
    kpi = "repair.time_to_resolve"
    measured.execute("update marts.fct_kpi_readings set definition = 'other' where kpi = :kpi", {"kpi": kpi})
    (facts,) = read_page_data(measured, NOW)
    view = kpi_views(page_model.build_page(facts, (), NOW, synthetic=False))["kpi-repair-time_to_resolve"]
    assert (view.value, view.note) == (None, "definition changed: no readings yet")
    measured.execute(
        "update marts.fct_kpi_readings set definition = (select definition from raw.map_kpis where kpi = :kpi)"
        " where kpi = :kpi and status = 'provisional'",
        {"kpi": kpi},
    )
    (facts,) = read_page_data(measured, NOW)
    view = kpi_views(page_model.build_page(facts, (), NOW, synthetic=False))["kpi-repair-time_to_resolve"]
    assert view.value is None and view.note is not None
    assert view.note.startswith("definition changed: no final week yet, ")


def test_open_promises_stand_beside_their_kpi_by_age(measured: Warehouse, map_tables: Rows) -> None:
    (facts,) = read_page_data(measured, NOW)
    first, *others = facts.kpis
    promised = replace(
        first,
        open_promises=(OpenPromises(0, 12, 0), OpenPromises(7, 1030, 4), OpenPromises(90, 0, 31)),
        promise_bulks=(PromiseBulk(NOW.date() + timedelta(days=3), 333, NOW.date() - timedelta(days=120), 329),),
    )
    page = page_model.build_page(replace(facts, kpis=(promised, *others)), (), NOW, synthetic=False)
    view = kpi_views(page)[f"kpi-{first.kpi.replace('.', '-')}"]
    assert [(row.age, row.not_due, row.overdue) for row in view.open_promises] == [
        ("under 1 day", "12", "0"),
        ("7 to 28 days", "1,030", "4"),
        ("90 days or more", "0", "31"),
    ]
    due, started = (format_short_date(NOW.date() + timedelta(days=days), NOW.date()) for days in (3, -120))
    assert view.promise_bulks == (f"333 promises fall due together on {due}: 329 of them began on {started}",)
    html = render_page(page)
    assert html.count("Open promises by age") == 1
    assert view.promise_bulks[0] in html


def test_a_map_of_some_customers_counts_their_visits_alone(measured: Warehouse, map_tables: Rows) -> None:
    measured.execute("update marts.fct_stage_visits set is_in_viewpoint = false where stage = 'triage'")
    measured.execute(
        "update raw.map_journeys set content = json_merge_patch(content, :point)",
        {"point": '{"viewpoint": {"segment": {"region": ["south"]}}}'},
    )
    (facts,) = read_page_data(measured, NOW)
    report, triage, *_ = page_model.build_page(facts, (), NOW, synthetic=False).stages
    assert report.visits != "0 visits in 28 days" == triage.visits
    assert all(
        touchpoint.volume.endswith("by all customers") for touchpoint in report.touchpoints if touchpoint.has_events
    )


def test_no_warehouse_tables_give_an_empty_index(settings: Settings, warehouse: Warehouse) -> None:
    paths = publish_maps(settings, warehouse, ())
    assert [path.name for path in paths] == ["index.html"]
    assert "No journey yet" in paths[0].read_text()


def test_texts_of_users_are_escaped(warehouse: Warehouse, map_tables: Rows, settings: Settings) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&"
    tables = hostile_map(map_tables, evil)
    fill_landing(warehouse, tables)
    with warehouse.transaction():
        fill_marts(warehouse, marts(tables))
    publish_maps(settings, warehouse, [MomentState(JOURNEY, "technician_on_site", evil, None, None)])
    for path in settings.site_dir.glob("*.html"):
        html = path.read_text()
        # Two of our own: the data, and the script whose hash the content security policy names.
        assert html.count("<script") == (0 if path.name == "index.html" else 2)
        assert "<img" not in html
        assert "&lt;script&gt;" in html


def test_a_page_loads_nothing_from_the_network(page: MapPage) -> None:
    html = render_page(page)
    addresses = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)""", html)
    assert addresses
    assert {a for a in addresses if not a.startswith("#")} <= {"index.html", "data:,"}
    assert "default-src 'none'" in html


def test_another_version_of_the_map_is_not_shown(measured: Warehouse) -> None:
    insert(measured, "raw.map_journeys", {"journey": JOURNEY, "version": 0, "title": "Old", "is_current": False})
    insert(
        measured,
        "raw.map_stages",
        {"journey": JOURNEY, "version": 0, "stage": "old", "position": 1, "title": "Old", "is_current": False},
    )
    (facts,) = read_page_data(measured, NOW)
    assert "Old" not in [stage.title for stage in facts.stages]


def test_data_that_ended_keeps_its_last_week(measured: Warehouse) -> None:
    later = NOW + timedelta(days=400)
    (facts,) = read_page_data(measured, later)
    assert facts.last_week.isoformat() == "2026-06-29"
    page = page_model.build_page(facts, STATES, later, synthetic=False)
    assert kpi_views(page)["kpi-confirm-csat"].week == "week of 15 Jun 2026"
    assert page.newest == "1.1 years ago"


def test_a_journey_called_index_does_not_overwrite_the_index() -> None:
    assert page_model.file_name("index") == "journey-index.html"
    assert page_model.file_name("../../etc/passwd") == "etc-passwd.html"


def test_publishing_again_replaces_the_pages_and_leaves_nothing_behind(measured: Warehouse, settings: Settings) -> None:
    first = publish_maps(settings, measured, STATES)
    before = {path: path.read_text() for path in first}
    again = publish_maps(settings, measured, STATES)
    assert {path: path.read_text() for path in again} == before
    assert {path.name for path in settings.site_dir.iterdir()} == {"index.html", f"{JOURNEY}.html"}


def test_a_folder_that_cannot_be_written(measured: Warehouse, settings: Settings, tmp_path: Path) -> None:
    from jkpi.errors import SystemFailure

    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SystemFailure, match="cannot write"):
        publish_maps(replace(settings, site_dir=tmp_path / "file" / "site"), measured, STATES)


@pytest.mark.slow
def test_postgres_makes_the_same_pages(
    measured: Warehouse, map_tables: Rows, settings: Settings, postgres_url: str, tmp_path: Path
) -> None:
    publish_maps(settings, measured, STATES)
    elsewhere = replace(settings, site_dir=tmp_path / "postgres")
    with open_warehouse(postgres_url) as warehouse:
        ensure_landing(warehouse)
        fill_landing(warehouse, {**map_tables, **SOURCES})
        fill_marts(warehouse, marts(map_tables))
        publish_maps(elsewhere, warehouse, STATES)
    for path in settings.site_dir.glob("*.html"):
        assert (elsewhere.site_dir / path.name).read_text() == path.read_text()


def test_a_firing_segment_is_on_the_page(settings: Settings, warehouse: Warehouse, map_tables: Rows) -> None:
    fill_landing(warehouse, map_tables)
    with warehouse.transaction():
        fill_marts(warehouse, marts(map_tables))
    part = MomentState(JOURNEY, "technician_on_site", "ok", None, None, firing_segments=("region = south",))
    publish_maps(settings, warehouse, [part])
    page = (settings.site_dir / f"{JOURNEY}.html").read_text(encoding="utf-8")
    assert "firing in region = south" in page
    assert "Firing in a segment: " in page
