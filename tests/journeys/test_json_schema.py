"""The published schema takes what the model takes, and refuses what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from jkpi import package_files
from jkpi.documents.documents import read_document
from jkpi.journeys.kpi_registry import KPI_KINDS
from jkpi.journeys.model import journey_schema
from tests.journeys.small_map import SMALL

EXAMPLES = sorted(package_files.package_folder("examples").glob("*/journeys/*.yml"))


def complaints(data: Any) -> list[str]:
    validator = jsonschema.Draft202012Validator(journey_schema())
    return [error.message for error in validator.iter_errors(data)]


def test_the_schema_is_a_valid_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(journey_schema())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_the_examples_match_the_schema(path: Any) -> None:
    assert complaints(read_document(path).data) == []


def test_the_small_map_matches_the_schema() -> None:
    assert complaints(yaml.safe_load(SMALL)) == []


def test_combinations_and_days_match_the_schema(tmp_path: Path) -> None:
    more = SMALL.replace("segments: [tier, region]", "segments: [tier, [tier, region]]\nvalid_from: '2026-05-01'")
    more = more.replace("segments: [region]", "segments: [tier+region]").replace(
        "kpi: nps,", "kpi: csat_mean, touchpoint: running,"
    )
    (tmp_path / "map.yml").write_text(more)
    # As jkpi and editors read it: to YAML 1.1 the key `on` would be true.
    assert complaints(read_document(tmp_path / "map.yml").data) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("window: 30d", "window: thirty days"),
        ("session_gap: 7d", "sesion_gap: 7d"),
        ("kpi: nps", "kpi: emotion"),
        ("stage: fix", "stage: Fix it"),
        ("tolerance: 4h", "tolerance: soon"),
        ("min_drop: 0.05", "min_drop: 0"),
        ("kpi: nps, survey: after_repair", "kpi: response_rate, survey: after_repair"),
        ("kpi: nps, survey: after_repair", "kpi: emotion, name: angry, scale: [1, 5]"),
        ("segments: [tier, region]", "segments: [tier, [region]]"),
        ("segments: [region]", "segments: [tier+]"),
        ("version: 1", "version: 1\nmin_cell_size: 0"),
    ],
)
def test_schema_refuses_what_the_model_refuses(right: str, wrong: str) -> None:
    assert complaints(yaml.safe_load(SMALL.replace(right, wrong)))


def test_only_measured_kinds_are_offered() -> None:
    kinds = {
        definition["properties"]["kpi"]["const"]
        for definition in journey_schema()["$defs"].values()
        if "const" in definition["properties"].get("kpi", {})
    }
    assert kinds == set(KPI_KINDS)
