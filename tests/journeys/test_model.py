"""What a map says by default, and that it says the same after a round trip."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jkpi.journeys.kpi_registry import KPI_KINDS
from jkpi.journeys.model import Journey
from jkpi.journeys.reader import read_journeys
from jkpi.journeys.survey_kpis import Ces, Csat
from tests.journeys.small_map import SMALL, journey, spoiled

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(st.characters(categories=("L", "N", "P"), include_characters=" "), min_size=1, max_size=20).filter(
    lambda text: bool(text.strip())
)
LENGTHS = st.integers(1, 10**6).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def maps(draw: st.DrawFn) -> dict[str, object]:
    """Data of maps that the model takes."""
    touchpoints = draw(st.lists(NAMES, min_size=2, max_size=6, unique=True))
    low = draw(st.integers(0, 3))
    kpis = [
        {"kpi": "csat", "survey": "s", "scale": (low, low + 4), "box": draw(st.integers(1, 4))},
        {"kpi": "drop_off", "window": draw(LENGTHS), "title": draw(TEXTS)},
        {"kpi": "time_to_resolve", "from": touchpoints[0], "to": touchpoints[1], "tolerance": draw(LENGTHS)},
        {"kpi": "time_to_resolve", "name": "how_long", "from": "a", "to": "b"},
        {"kpi": "promises_kept", "from": "a", "to": "b", "within": draw(LENGTHS)},
    ]
    return {
        "journey": draw(NAMES),
        "title": draw(TEXTS),
        "version": draw(st.integers(1, 99)),
        "owner": draw(TEXTS),
        "timezone": draw(st.sampled_from(["UTC", "Europe/Istanbul", "America/New_York"])),
        "viewpoint": {"persona": draw(TEXTS), "segment": {"tier": [draw(st.one_of(TEXTS, st.integers(0, 9)))]}},
        "scope": {
            "starts_with": touchpoints[:1],
            "ends_with": touchpoints[1:2],
            "window": "30d",
            "session_gap": draw(LENGTHS),
        },
        "stages": [
            {
                "stage": draw(NAMES),
                "feelings": draw(st.lists(TEXTS, max_size=2)),
                "touchpoints": [{"touchpoint": name, "channel": draw(NAMES)} for name in touchpoints],
                "kpis": kpis,
            }
        ],
    }


@given(maps())
def test_a_map_survives_json_and_yaml(data: dict[str, object]) -> None:
    validated = Journey.model_validate(data)
    dumped = validated.model_dump(mode="json", by_alias=True)
    assert Journey.model_validate(json.loads(json.dumps(dumped))) == validated
    assert Journey.model_validate(yaml.safe_load(yaml.safe_dump(dumped, allow_unicode=True))) == validated


def test_kpi_ids_are_stage_and_name_or_kind(tmp_path: Path) -> None:
    text, _ = spoiled(("{kpi: volume}", "{kpi: volume, name: arrivals, touchpoint: arrived}"))
    ids = [kpi_id for kpi_id, *_ in journey(tmp_path, text).all_kpis()]
    assert ids == [
        "report.repeat_contact",
        "report.drop_off",
        "report.ces",
        "fix.time_to_resolve",
        "fix.time_in_stage",
        "fix.csat",
        "fix.nps",
        "fix.arrivals",
        "journey.conversion",
    ]


@pytest.mark.parametrize(
    ("scale", "polarity", "box", "edge"),
    [
        ((1, 7), "high_is_easy", None, 5),
        ((1, 7), "low_is_easy", None, 3),
        ((1, 5), "high_is_easy", None, 4),
        ((1, 5), "low_is_easy", None, 2),
        ((1, 3), "high_is_easy", None, 3),
        ((0, 10), "high_is_easy", 2, 9),
        ((0, 10), "low_is_easy", 1, 0),
    ],
)
def test_the_easy_box_starts_at_its_score(scale: tuple[int, int], polarity: str, box: int | None, edge: int) -> None:
    data = {"kpi": "ces", "survey": "s", "scale": scale, "polarity": polarity, "box": box}
    assert Ces.model_validate(data).box_start == edge


@pytest.mark.parametrize(("scale", "box", "edge"), [((1, 5), 2, 4), ((1, 7), 2, 6), ((0, 10), 3, 8), ((1, 5), 1, 5)])
def test_the_top_box_starts_at_its_score(scale: tuple[int, int], box: int, edge: int) -> None:
    assert Csat.model_validate({"kpi": "csat", "survey": "s", "scale": scale, "box": box}).box_start == edge


def test_staffed_defaults_to_the_channel(tmp_path: Path) -> None:
    text, _ = spoiled(
        ("{touchpoint: arrived, channel: field}", "{touchpoint: arrived, channel: field, staffed: false}"),
        ("{touchpoint: confirmed, channel: email}", "{touchpoint: confirmed, channel: email, staffed: true}"),
        ("{touchpoint: running, channel: field}", "{touchpoint: running, channel: web}"),
    )
    touchpoints = [point for stage in journey(tmp_path, text).stages for point in stage.touchpoints]
    staffed = {point.touchpoint: point.is_staffed for point in touchpoints}
    assert staffed == {"reported": True, "transferred": True, "arrived": False, "running": False, "confirmed": True}


def test_segment_values_that_are_numbers_are_taken_as_text(tmp_path: Path) -> None:
    text, _ = spoiled(("segment: {tier: [gold]}", "segment: {tier: [1, 2]}"))
    assert journey(tmp_path, text).viewpoint.segment == {"tier": ["1", "2"]}


def test_maps_come_in_the_order_of_their_files_and_yaml_counts_too(tmp_path: Path) -> None:
    (tmp_path / "journeys").mkdir()
    (tmp_path / "journeys" / "b.yml").write_text(SMALL)
    (tmp_path / "journeys" / "a.yaml").write_text(SMALL.replace("journey: repair", "journey: other"))
    (tmp_path / "journeys" / "notes.txt").write_text("not a map")
    assert [read.journey for read in read_journeys(tmp_path)] == ["other", "repair"]


def test_a_kind_has_the_model_of_its_name() -> None:
    assert all(get_args(model.model_fields["kpi"].annotation) == (kind,) for kind, model in KPI_KINDS.items())
