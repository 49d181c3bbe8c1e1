"""Maps as rows: defaults resolved, columns as the landing has them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from jkpi.journeys.rows import map_rows
from jkpi.warehouse.landing import LANDING_TABLES
from tests.journeys.small_map import SMALL, journey, spoiled, write_calendar

NOW = datetime(2026, 6, 30, 9, 0, tzinfo=timezone(timedelta(hours=3)))


@pytest.fixture
def rows(tmp_path: Path) -> dict[str, list[dict[str, Any]]]:
    return map_rows([journey(tmp_path)], NOW)


def test_every_table_has_the_columns_of_the_landing(rows: dict[str, list[dict[str, Any]]]) -> None:
    for table, tables in rows.items():
        columns = set(re.findall(r"(?:^|, )(\w+) ", LANDING_TABLES[table]))
        assert tables, table
        assert all(set(row) == columns for row in tables), table


def test_the_journey_is_a_row(rows: dict[str, list[dict[str, Any]]]) -> None:
    (row,) = rows["map_journeys"]
    assert row["valid_from"] == datetime(2026, 6, 30, 6, 0)
    assert (row["window_seconds"], row["idle_seconds"]) == (30 * 86400, 7 * 86400)
    assert (json.loads(row["starts_with"]), json.loads(row["ends_with"])) == (["reported"], ["confirmed"])
    assert json.loads(row["viewpoint"]) == {"persona": "maintenance manager", "segment": {"tier": ["gold"]}}


def test_stages_count_from_one_and_default_to_the_journeys_owner(rows: dict[str, list[dict[str, Any]]]) -> None:
    assert [(row["position"], row["stage"], row["title"], row["owner"]) for row in rows["map_stages"]] == [
        (1, "report", "Report", "head-of-service"),
        (2, "fix", "Fix", "head-of-service"),
    ]


def test_touchpoints_are_rows_with_their_stage(rows: dict[str, list[dict[str, Any]]]) -> None:
    by_name = {row["touchpoint"]: row for row in rows["map_touchpoints"]}
    assert [(row["stage_position"], row["position"]) for row in by_name.values()] == [
        (1, 1),
        (1, 2),
        (2, 1),
        (2, 2),
        (2, 3),
    ]
    assert {name for name, row in by_name.items() if row["is_start"]} == {"reported"}
    assert {name for name, row in by_name.items() if row["is_end"]} == {"confirmed"}
    assert {name for name, row in by_name.items() if not row["is_staffed"]} == {"confirmed"}


def test_kpis_need_no_defaults_in_sql(rows: dict[str, list[dict[str, Any]]]) -> None:
    kpis = {row["kpi"]: row for row in rows["map_kpis"]}
    described = {
        name: (row["unit"], row["direction"], row["window_seconds"], row["scale_min"], row["scale_max"], row["box_min"])
        for name, row in kpis.items()
    }
    nothing = (None, None, None)
    assert described == {
        "report.repeat_contact": ("share", "lower", None, *nothing),
        "report.drop_off": ("share", "lower", 2 * 86400, *nothing),
        "report.ces": ("share", "higher", None, 1.0, 7.0, 3.0),
        "fix.time_to_resolve": ("share", "higher", None, *nothing),
        "fix.time_in_stage": ("seconds", "lower", None, *nothing),
        "fix.csat": ("share", "higher", None, 1.0, 5.0, 4.0),
        "fix.nps": ("points", "higher", None, 0.0, 10.0, 9.0),
        "fix.volume": ("count", "higher", None, *nothing),
        "journey.conversion": ("share", "higher", 30 * 86400, *nothing),
    }
    assert kpis["report.repeat_contact"]["at_least"] == 2
    assert kpis["report.ces"]["polarity"] == "low_is_easy"
    assert [kpis["journey.conversion"][key] for key in ("stage", "stage_position")] == [None, None]
    resolve = kpis["fix.time_to_resolve"]
    assert (resolve["from_touchpoint"], resolve["to_touchpoint"]) == ("reported", "arrived")
    assert (resolve["tolerance_seconds"], resolve["within_seconds"]) == (4 * 3600, None)


def test_a_duration_has_a_share_only_with_a_tolerance(tmp_path: Path) -> None:
    text, _ = spoiled(
        (", tolerance: 4h}", "}"),
        ("{kpi: time_in_stage}", "{kpi: time_in_stage, tolerance: 90s}"),
        ("    promise: 0.85\n", ""),
    )
    kpis = {row["kpi"]: row for row in map_rows([journey(tmp_path, text)], NOW)["map_kpis"]}
    resolve, stage = kpis["fix.time_to_resolve"], kpis["fix.time_in_stage"]
    assert (resolve["tolerance_seconds"], resolve["unit"], resolve["direction"]) == (None, "seconds", "lower")
    assert (stage["tolerance_seconds"], stage["unit"], stage["direction"]) == (90, "share", "higher")


NEW_KINDS = (
    ("{kpi: nps, survey: after_repair}", "{kpi: emotion, name: angry, survey: after_repair, touchpoint: arrived}"),
    ("{kpi: csat, survey: after_repair, target: 0.9}", "{kpi: csat_mean, survey: after_repair, scale: [0, 10]}"),
    ("{kpi: volume}", "{kpi: response_rate, survey: after_repair, window: 14d}"),
    (
        "{kpi: time_in_stage}",
        "{kpi: first_contact, touchpoint: arrived}\n"
        "      - {kpi: promises_kept, from: reported, to: arrived, within: 1d}",
    ),
    ("{kpi: conversion}", "{kpi: peak_end}\n  - {kpi: self_service}\n  - {kpi: conversion}"),
    ("tolerance: 4h}", "tolerance: 4h, calendar: opening_hours}"),
)


def test_the_keys_of_each_kind(tmp_path: Path) -> None:
    write_calendar(tmp_path)
    text, _ = spoiled(*NEW_KINDS)
    kpis = {row["kpi"]: row for row in map_rows([journey(tmp_path, text)], NOW)["map_kpis"]}
    keys = ("survey", "on_touchpoint", "of_touchpoint", "emotion", "calendar", "window_seconds", "unit", "direction")
    days = 86400
    assert {name: tuple(kpis[name][key] for key in keys) for name in kpis if name.split(".")[0] != "report"} == {
        "fix.time_to_resolve": (None, None, None, None, "opening_hours", None, "share", "higher"),
        "fix.promises_kept": (None, None, None, None, None, None, "share", "higher"),
        "fix.first_contact": (None, None, "arrived", None, None, None, "share", "higher"),
        "fix.csat_mean": ("after_repair", None, None, None, None, None, "points", "higher"),
        "fix.angry": ("after_repair", "arrived", None, "angry", None, None, "share", "lower"),
        "fix.response_rate": ("after_repair", None, None, None, None, 14 * days, "share", "higher"),
        "journey.peak_end": (None, None, None, None, None, 7 * days, "score", "higher"),
        "journey.self_service": (None, None, None, None, None, None, "share", "higher"),
        "journey.conversion": (None, None, None, None, None, 30 * days, "share", "higher"),
    }
    assert kpis["fix.promises_kept"]["within_seconds"] == days
    mean = kpis["fix.csat_mean"]
    assert (mean["scale_min"], mean["scale_max"], mean["box_min"]) == (0.0, 10.0, None)


def test_a_combined_segment_has_a_row_for_each_part(tmp_path: Path) -> None:
    text, _ = spoiled(
        ("segments: [tier, region]", "segments: [tier, [tier, region]]"),
        ("segments: [region]", "segments: [tier+region]"),
    )
    tables = map_rows([journey(tmp_path, text)], NOW)
    assert [(row["segment"], row["part"], row["part_position"]) for row in tables["map_segments"]] == [
        ("tier", "tier", 1),
        ("tier+region", "tier", 1),
        ("tier+region", "region", 2),
    ]
    assert json.loads(tables["map_moments"][0]["by_segments"]) == ["tier+region"]


def test_the_viewpoint_and_the_smallest_cell_are_stored(tmp_path: Path) -> None:
    text, _ = spoiled(
        ("segment: {tier: [gold]}", "segment: {tier: [gold, 7, gold]}"), ("version: 1", "version: 1\nmin_cell_size: 5")
    )
    tables = map_rows([journey(tmp_path, text)], NOW)
    assert [(row["segment"], row["segment_value"]) for row in tables["map_viewpoints"]] == [
        ("tier", "gold"),
        ("tier", "7"),
    ]
    assert tables["map_journeys"][0]["min_cell"] == 5
    assert map_rows([journey(tmp_path)], NOW)["map_journeys"][0]["min_cell"] == 1


@pytest.mark.parametrize(
    ("zone", "since"),
    [
        ("Europe/Paris", datetime(2026, 4, 30, 22)),
        ("America/New_York", datetime(2026, 5, 1, 4)),
        ("UTC", datetime(2026, 5, 1)),
    ],
)
def test_a_version_is_in_force_from_the_midnight_of_its_zone(zone: str, since: datetime, tmp_path: Path) -> None:
    text, _ = spoiled(("version: 1", "version: 1\nvalid_from: 2026-05-01"), ("Europe/Paris", zone))
    (row,) = map_rows([journey(tmp_path, text)], NOW)["map_journeys"]
    assert row["valid_from"] == since


def test_a_tolerance_below_a_second_is_not_zero(tmp_path: Path) -> None:
    text, _ = spoiled(("tolerance: 4h", "tolerance: 0.2s"))
    kpis = {row["kpi"]: row for row in map_rows([journey(tmp_path, text)], NOW)["map_kpis"]}
    assert kpis["fix.time_to_resolve"]["tolerance_seconds"] == 1


@pytest.mark.parametrize(
    ("kpi", "statistic"),
    [
        ("fix.time_to_resolve", "share_within"),
        ("fix.csat", "top_box"),
        ("report.ces", "share_easy"),
        ("report.repeat_contact", "repeat_contact"),
        ("journey.conversion", "conversion"),
    ],
)
def test_moment_uses_the_main_statistic_of_its_kpi(kpi: str, statistic: str, tmp_path: Path) -> None:
    text, _ = spoiled(("kpi: fix.time_to_resolve", f"kpi: {kpi}"))
    (moment,) = map_rows([journey(tmp_path, text)], NOW)["map_moments"]
    assert (moment["kpi"], moment["statistic"]) == (kpi, statistic)
    assert (moment["promise"], moment["falls_off_by"], moment["owner"]) == (0.85, 0.05, "field-service")
    assert [json.loads(moment[key]) for key in ("notify", "by_segments", "escalate_to")] == [
        ["lead"],
        ["region"],
        ["boss"],
    ]
    assert moment["escalate_after_seconds"] == 86400


def test_content_has_everything_the_page_shows(rows: dict[str, list[dict[str, Any]]]) -> None:
    content = json.loads(rows["map_journeys"][0]["content"])
    stage = content["stages"][0]
    assert stage["feelings"] == ["worried"]
    assert stage["touchpoints"][0] == {
        "touchpoint": "reported",
        "title": "Reported",
        "channel": "phone",
        "frontstage": True,
        "confirmation": "hypothesis",
        "staffed": True,
        "is_start": True,
        "is_end": False,
    }
    assert [(kpi["id"], kpi["title"], kpi["statistic"]) for kpi in stage["kpis"]] == [
        ("report.repeat_contact", "Repeat contact", "repeat_contact"),
        ("report.drop_off", "Drop-off", "drop_off"),
        ("report.ces", "Ease", "share_easy"),
    ]
    assert content["scope"]["window"] == "30d"
    assert content["stages"][1]["kpis"][0]["from"] == "reported"
    assert content["moments_of_truth"][0]["title"] == "On site"
    assert json.loads(rows["map_stages"][0]["content"]) == stage


def test_text_beyond_ascii_stays_readable(tmp_path: Path) -> None:
    tables = map_rows([journey(tmp_path, SMALL.replace("Getting it repaired", "Arıza giderme"))], datetime.now(UTC))
    assert "Arıza giderme" in tables["map_journeys"][0]["content"]


def test_each_promise_is_a_row(tmp_path: Path) -> None:
    by_region = SMALL.replace("promise: 0.85", "promise: {default: 0.85, by: {region: {south: 0.95, 7: 0.8}}}")
    rows = map_rows([journey(tmp_path, by_region)], NOW)
    assert [(row["segment"], row["segment_value"], row["promise"]) for row in rows["map_promises"]] == [
        ("all", "all", 0.85),
        ("region", "south", 0.95),
        ("region", "7", 0.8),
    ]
    assert rows["map_moments"][0]["promise"] == 0.85
    nothing_promised = map_rows([journey(tmp_path, SMALL.replace("    promise: 0.85\n", ""))], NOW)
    assert (nothing_promised["map_promises"], nothing_promised["map_moments"][0]["promise"]) == ([], None)
