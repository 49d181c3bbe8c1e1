"""The maps that ship with jkpi are right, whole, and fit the workspace they stand in."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from jkpi import package_files
from jkpi.journeys.model import Journey
from jkpi.journeys.reader import read_journeys

WORKSPACES = sorted(place.parent for place in package_files.package_folder("examples").glob("*/journeys"))
LANES = (
    *("goals", "actions", "feelings", "pains", "opportunities"),
    *("thoughts", "backstage", "support", "stories"),
)


def read(workspace: Path) -> tuple[Journey, ...]:
    """With the receivers of jkpi.yml, where it is there."""
    settings = workspace / "jkpi.yml"
    data = yaml.safe_load(settings.read_text(encoding="utf-8")) if settings.is_file() else {"receivers": None}
    return read_journeys(workspace, data["receivers"], data.get("default_receiver"))


@pytest.mark.parametrize("workspace", WORKSPACES, ids=lambda path: path.name)
def test_the_example_has_no_problems(workspace: Path) -> None:
    assert read(workspace)


@pytest.mark.parametrize("name", ["equipment_repair", "spare_parts"])
def test_every_lane_of_every_stage_is_filled(name: str) -> None:
    (journey,) = read(package_files.package_folder("examples") / name)
    for stage in journey.stages:
        assert all(getattr(stage, lane) for lane in LANES), stage.stage
        assert stage.owner
        assert stage.kpis
    assert journey.moments_of_truth


def test_the_technician_is_promised_within_half_a_day() -> None:
    (journey,) = read(package_files.package_folder("examples") / "equipment_repair")
    moment = next(moment for moment in journey.moments_of_truth if moment.moment == "technician_on_site")
    assert (moment.kpi, moment.promise, moment.min_drop) == ("repair.time_to_resolve", 0.85, 0.05)
    assert (moment.segments, moment.owner, moment.notify) == (["region"], "field-service", ["field-service-lead"])
