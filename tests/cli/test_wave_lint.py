"""`jkpi lint` on moments by survey wave: the sources of the survey must name the waves."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from jkpi.alerts.series.time_until_final import TimeUntilFinal
from jkpi.config.settings import load_settings
from jkpi.errors import WorkspaceError
from jkpi.pipeline.workspace import read_map
from tests.worlds.survey_waves import SurveyWorld

OTHER = """
source: by_phone
kind: responses
from: {files: "data/phone.csv"}
columns: {response_id: number, responded_at: answered, score: score}
constants: {survey: quarterly, question: overall}
scale: [1, 5]
"""


def problems(folder: Path) -> list[str]:
    try:
        read_map(load_settings(folder, None))
    except WorkspaceError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.fixture
def world(tmp_path: Path) -> Path:
    SurveyWorld(tmp_path).write([])
    return tmp_path


def test_a_survey_in_waves_is_accepted(world: Path) -> None:
    assert problems(world) == []


def test_a_second_source_without_waves_is_refused(world: Path) -> None:
    (world / "sources" / "by_phone.yml").write_text(OTHER)
    found = problems(world)
    assert len(found) == 2, "both moments are about the survey"
    assert found[0].startswith("journeys/stay.yml:20:")
    assert "responses of survey 'quarterly' name no wave in source by_phone, but do in overall, recommend" in found[0]
    # A source of another survey does not matter.
    (world / "sources" / "by_phone.yml").write_text(OTHER.replace("survey: quarterly", "survey: other"))
    assert problems(world) == []


def test_no_source_with_waves_is_refused(world: Path) -> None:
    for path in (world / "sources").glob("*.yml"):
        path.write_text(path.read_text().replace("wave: file", ""))
    assert "name no wave in source overall, recommend" in problems(world)[0]
    for path in (world / "sources").glob("*.yml"):
        path.write_text(path.read_text().replace("survey: quarterly", "survey: other"))
    assert "period: wave needs a source of kind responses for survey 'quarterly'" in problems(world)[0]


def test_a_behaviour_kpi_by_wave_is_refused(world: Path) -> None:
    path = world / "journeys" / "stay.yml"
    nps, drop_off = "{kpi: nps, survey: quarterly, question: recommend", "{kpi: occurrence, name: nps, touchpoint: left"
    path.write_text(path.read_text().replace(nps, drop_off))
    (problem,) = (problem for problem in problems(world) if "period: wave" in problem)
    assert "period: wave is for KPIs of surveys (csat, nps, ces, emotion, response_rate)" in problem
    assert problem.startswith("journeys/stay.yml:")


def test_a_wave_that_is_weeks_in_the_field_is_no_warning() -> None:
    none, weeks = timedelta(0), timedelta(days=34)
    assert TimeUntilFinal("stay", "content", "day", none, none, weeks, weeks).warning
    assert TimeUntilFinal("stay", "content", "wave", none, none, weeks, weeks).warning == ""
