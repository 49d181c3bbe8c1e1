"""Survey waves: named by a file, a column or a constant; kept with rejected rows; refused where they make no sense."""

from __future__ import annotations

from typing import Any

import pytest

from jkpi.errors import WorkspaceError
from jkpi.loading.rejects import export_rejects, mask_for, replay_rejects

ANSWERS = """\
source: quarterly
kind: responses
from: {files: data/*.csv*}
columns: {response_id: number, responded_at: answered, score: score}
constants: {survey: quarterly, question: overall}
scale: [1, 5]
wave: file
"""
HEAD = "number,answered,score,round\n"


def test_each_file_is_a_wave_and_numbers_its_rows_anew(each: Any) -> None:
    each.write("data/2026-q1.csv", f"{HEAD}1,2026-01-08,5,I\n2,2026-01-09,3,I\n")
    each.write("data/2026-q2.csv", f"{HEAD}1,2026-04-08,4,II\n")
    assert [report.loaded for report in each.load(ANSWERS)] == [2, 1]
    assert each.rows("response_id, wave, score", "survey_responses") == [
        {"response_id": "quarterly:2026-q1:1", "wave": "2026-q1", "score": 5.0},
        {"response_id": "quarterly:2026-q1:2", "wave": "2026-q1", "score": 3.0},
        {"response_id": "quarterly:2026-q2:1", "wave": "2026-q2", "score": 4.0},
    ]
    # More of a wave: its first rows are known.
    each.write("data/2026-q2.csv", f"{HEAD}1,2026-04-08,4,II\n2,2026-04-09,2,II\n")
    report = each.load(ANSWERS)[1]
    assert (report.loaded, report.duplicates) == (1, 1)


@pytest.mark.parametrize(
    ("old", "new", "waves"),
    [
        ("score: score}", "score: score, wave: round}", ["I", "II"]),
        ("question: overall}", "question: overall, wave: 2026}", ["2026", "2026"]),
    ],
)
def test_a_column_or_a_constant_names_the_wave(place: Any, old: str, new: str, waves: list[str]) -> None:
    place.write("data/all.csv", f"{HEAD}1,2026-01-08,5,I\n2,2026-04-08,3,II\n")
    place.load(ANSWERS.replace("wave: file\n", "").replace(old, new))
    assert [row["wave"] for row in place.rows("wave", "survey_responses", "response_id")] == waves


def test_invitations_have_waves_too(place: Any) -> None:
    place.write("data/2026-q1.csv", f"{HEAD}1,2026-01-08,5,I\n")
    place.load(
        "source: asked\nkind: invitations\nfrom: {files: data/*.csv}\nwave: file\n"
        "columns: {invitation_id: number, invited_at: answered}\nconstants: {survey: quarterly}\n"
    )
    assert place.rows("invitation_id, wave", "survey_invitations") == [
        {"invitation_id": "asked:2026-q1:1", "wave": "2026-q1"}
    ]


def test_a_rejected_row_keeps_its_wave(place: Any) -> None:
    place.write("data/2026-q1.csv", f"{HEAD}1,2026-01-08,5,I\n2,2026-01-09,nine,I\n")
    place.load(ANSWERS)
    path = place.folder / "fixed.csv"
    export_rejects(place.warehouse, mask_for((), None), path)
    path.write_text(path.read_text().replace(",nine", ",4"))
    replay_rejects(place.source(ANSWERS), place.settings, place.warehouse, corrected=path)
    assert [row["wave"] for row in place.rows("wave", "survey_responses")] == ["2026-q1", "2026-q1"]


def test_a_line_split_by_hand_without_its_wave_stays_rejected(place: Any) -> None:
    place.write("data/2026-q1.csv", f"{HEAD}1,2026-01-08,5,I\n2,2026-01-09,4\n3,2026-01-09,4,I\n")
    place.load(ANSWERS)
    path = place.folder / "fixed.csv"
    export_rejects(place.warehouse, mask_for((), None), path)
    path.write_text(path.read_text().replace('"2,2026-01-09,4"', '"2,2026-01-09,4,I"'))
    replay_rejects(place.source(ANSWERS), place.settings, place.warehouse, corrected=path)
    assert place.count("survey_responses") == 2
    assert place.reasons() == {"missing wave": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ANSWERS.replace("score: score}", "score: score, wave: round}"), "by the file and by columns.wave"),
        (ANSWERS.replace("overall}", "overall, wave: 1}"), "by the file and by constants.wave"),
        (
            ANSWERS.replace("files: data/*.csv*", "sql: env:URL, query: select 1"),
            "a query has no file that could name the wave",
        ),
        (
            ANSWERS.replace("files: data/*.csv*", "files: {a: a.csv}, query: select * from a"),
            "a query has no file that could name the wave",
        ),
        (ANSWERS.replace("wave: file", "wave_closes_after: 3w"), "this source names no survey wave"),
        (ANSWERS.replace("wave: file", "wave: round"), "'wave': input should be 'file'"),
        (
            "source: shop\nkind: touchpoints\nfrom: {files: a.csv}\nwave: file\n"
            "columns: {case_id: a, touchpoint: b, occurred_at: c}\n",
            "'wave' is only for kind: responses or invitations",
        ),
        (
            "source: shop\nkind: touchpoints\nfrom: {files: a.csv}\n"
            "columns: {case_id: a, touchpoint: b, occurred_at: c, wave: d}\n",
            "a source of kind touchpoints has no column 'wave'",
        ),
    ],
)
def test_nonsense_is_refused(place: Any, text: str, message: str) -> None:
    with pytest.raises(WorkspaceError) as refused:
        place.source(text)
    problems = str(refused.value)
    assert message in problems
    assert "sources/one.yml:" in problems
