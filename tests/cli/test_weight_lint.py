"""`jkpi lint` on survey weights: moments of truth on weighted KPIs are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from jkpi.cli.lint import describe_workspace
from jkpi.config.settings import load_settings
from jkpi.errors import WorkspaceError
from tests.worlds.survey_waves import SurveyWorld

WEIGHTED = """
source: weighted
kind: responses
owner: research
from: {files: "data/weighted.csv"}
columns: {response_id: number, responded_at: answered, score: score, weight: w}
constants: {survey: quarterly, question: overall}
scale: [1, 5]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    SurveyWorld(tmp_path).write([])
    return tmp_path


def problems(folder: Path, text: str) -> list[str]:
    (folder / "sources" / "weighted.yml").write_text(text)
    try:
        describe_workspace(load_settings(folder), read_data=False)
    except WorkspaceError as error:
        return [
            str(problem)
            for problem in error.problems
            if " weighted by " in problem.message or "'weight'" in problem.message
        ]
    return []


def test_a_moment_on_a_weighted_kpi_is_refused(folder: Path) -> None:
    found = problems(folder, WEIGHTED)
    (text,) = found
    assert "is weighted by source weighted, and alerts cannot evaluate weighted answers" in text


@pytest.mark.parametrize(
    ("old", "new"),
    [(", weight: w", ""), ("survey: quarterly", "survey: yearly"), ("scale: [1, 5]", "scale: [0, 10]")],
)
def test_other_answers_are_not(folder: Path, old: str, new: str) -> None:
    assert problems(folder, WEIGHTED.replace(old, new)) == []


def test_only_responses_have_weights(folder: Path) -> None:
    (text,) = problems(folder, "source: weighted\nkind: touchpoints\nfrom: {files: data/x.csv}\n"
                       "columns: {case_id: c, touchpoint: t, occurred_at: at, weight: w}\n")  # fmt: skip
    assert "has no column 'weight'" in text
