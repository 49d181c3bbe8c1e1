# ruff: noqa: E501 (the content of a file and its problem are on one line)
"""All problems in the YAML of a source are reported at once, with their positions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jkpi.errors import WorkspaceError
from jkpi.loading.model import SegmentColumn
from jkpi.loading.workspace import read_sources, source_schema


def problems(folder: Path, *texts: str) -> list[str]:
    (folder / "sources").mkdir(exist_ok=True)
    for number, text in enumerate(texts):
        (folder / "sources" / f"s{number}.yml").write_text(text)
    with pytest.raises(WorkspaceError) as caught:
        read_sources(folder)
    return [str(problem) for problem in caught.value.problems]


BASE = "source: t\nkind: touchpoints\nfrom: {files: a.csv}\n"
ANSWERS = "source: t\nkind: responses\nfrom: {files: a.csv}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BASE + "colums: {}\n", "4:1: unknown key 'colums' (did you mean 'columns'?)"),
        (BASE + "columns: {occured_at: x}\n", "4:11: unknown key 'occured_at' (did you mean 'occurred_at'?)"),
        (BASE + "columns: {touchpoint: a, occurred_at: b}\n", "4:10: no customer and no case"),
        (BASE + "columns: {case_id: a, occurred_at: b}\n", "4:10: no touchpoint"),
        (BASE + "columns: {case_id: a, touchpoint: b}\n", "4:10: no time"),
        (BASE + "columns: {case_id: a, touchpoint: b, occurred_at: c, score: d}\n", "kind touchpoints has no column 'score'"),
        (BASE + "columns: {case_id: a, touchpoint: b}\nmilestones: {x: y}\n", "milestones replace columns.touchpoint"),
        (BASE + "columns: {case_id: a, occurred_at: b}\nconstants: {touchpoint: Not A Word}\n", "touchpoint"),
        (BASE + "columns: {case_id: a, occurred_at: b}\nconstants: {touchpoint: x}\nscale: [1, 5]\n", "'scale' is only for kind: responses"),
        (BASE + "columns: {case_id: a, occurred_at: b, touchpoint: c}\nschedule: daily\n", "5:11: 'daily' is not a schedule"),
        (BASE + "columns: {case_id: a, occurred_at: b, touchpoint: c}\nschedule: 0 6 * *\n", "5:11: '0 6 * *' is not a schedule"),
        (BASE + "columns: {case_id: a, occurred_at: b, touchpoint: c}\nformat: {timezone: Paris}\n", "5:20: 'Paris' is not an IANA time zone"),
        (BASE + "columns: {case_id: a, occurred_at: b, touchpoint: c}\nformat: {encoding: utf9}\n", "'utf9' is not an encoding"),
        (BASE + "columns: {case_id: a, occurred_at: b, touchpoint: c}\nformat: {timestamps: dd/mm}\n", "'dd/mm' is not a time format"),
        (BASE + "columns: {case_id: a, occurred_at: b, touchpoint: c}\nvalues: {case_id: {a: b}}\n", "'case_id' has no value map"),
        (BASE + "columns: {case_id: a, occurred_at: b, touchpoint: c}\nallowed_lateness: soon\n", "5:19: 'soon' is not a duration"),
        (BASE + "touchpoints: {a: b}\n", "a map of touchpoints needs columns.touchpoint"),
        ("source: t\nkind: touchpoints\nfrom: {}\n", "give either files, or sql with a query"),
        ("source: t\nkind: customers\nfrom: {sql: env:X}\n", "sql needs a query"),
        ("source: t\nkind: customers\nfrom: {files: a, cursor: b}\n", "cursor is only for sql"),
        ("source: t\nkind: customers\nfrom: {sql: 'postgresql://u:p@h/d', query: q}\n", "the URL contains a password"),
        ("source: t\nkind: customers\nfrom: {files: a}\n", "columns.customer_id is missing"),
        (ANSWERS + "columns: {response_id: a, responded_at: b, score: c}\nconstants: {survey: s}\n", "the scale is missing"),
        (ANSWERS + "columns: {response_id: a, responded_at: b, score: c}\nconstants: {survey: s}\nscale: [5, 1]\n", "lowest to the highest"),
        (ANSWERS + "columns: {response_id: a, responded_at: b}\nconstants: {survey: s}\n", "no score and no emotion"),
        (ANSWERS + "columns: {responded_at: b, score: c}\nconstants: {survey: s}\nscale: [1, 5]\n", "rows cannot be identified"),
        (ANSWERS + "columns: {response_id: a, score: c, survey: d}\nconstants: {survey: s}\nscale: [1, 5]\n", "'survey' is given both as column and as constant"),
        (ANSWERS + "columns: {response_id: a, responded_at: b}\nconstants: {survey: s, emotion: fear}\n", "emotion and emotion_state belong together"),
        (ANSWERS + "columns: {response_id: a, score: c}\nconstants: {survey: s, responded_at: 2026-02-30}\n", "'2026-02-30' is not a time"),
        (ANSWERS + "columns: {response_id: a, score: c}\nconstants: {survey: s}\nscale: [1, 5]\n", "no time"),
        (ANSWERS + "columns: {response_id: a, score: c}\nconstants: {survey: s, responded_at: 2026-05-01}\nformat: {timestamps: '%d'}\nscale: [1, 5]\n", "leave format.timestamps out"),
        (BASE + "format: {decimal: ';'}\n", "'decimal': input should be ',' or '.'"),
        (BASE.replace("a.csv", "a.jsonl") + "format: {decimal: ','}\n", "decimal is for CSV only"),
        (BASE + "format: {type: parquet, decimal: ','}\n", "decimal is for CSV only"),
        ("source: t\nkind: invitations\nfrom: {files: a}\ncolumns: {customer_id: b}\n", "no survey"),
    ],
)  # fmt: skip
def test_problem_is_reported_with_position(tmp_path: Path, text: str, expected: str) -> None:
    found = problems(tmp_path, text)
    assert any(expected in problem for problem in found), found
    assert all(problem.startswith("sources/s0.yml:") for problem in found)


def test_all_problems_of_all_files_at_once(tmp_path: Path) -> None:
    fine = BASE + "columns: {case_id: a, occurred_at: b, touchpoint: c}\n"
    found = problems(tmp_path, fine, fine, BASE + "colums: {}\n", "source: u\nkind: customers\nfrom: {}\n", "]")
    assert [problem.split(":")[0] for problem in found] == [f"sources/s{n}.yml" for n in (1, 2, 3, 3, 4)]
    assert "the source 't' is also defined in sources/s0.yml" in found[0]


def test_short_forms_equal_their_long_forms(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "a.yml").write_text(
        BASE.replace("a.csv", "[a.csv, b.csv]")
        + "columns: {event_id: x, case_id: a, occurred_at: b, touchpoint: c, segments: [priority]}\n"
        + "touchpoints: {-100: null, 2.5: opened, true: closed}\nallowed_lateness: 2d\n"
        + "additional_events: [{touchpoint: missed, where: {kept: {is: false}}}]\ndata_use: {origin: desk, types: {case_id: identity}}\n"
    )
    (source,) = read_sources(tmp_path)
    assert source.origin.files == ("a.csv", "b.csv") and source.columns.event_id == ("x",)
    assert source.columns.segments == {"priority": SegmentColumn(column="priority")}
    assert source.touchpoints == {"-100": None, "2.5": "opened", "true": "closed"}
    assert source.additional_events[0].where["kept"].is_ == "false"
    row = source.to_map_row()
    assert (row["title"], row["late_seconds"]) == ("t", 172_800)
    assert json.loads(row["data_use"]) == {"origin": "desk", "types": {"case_id": "identity"}}


@pytest.mark.parametrize(("given", "seconds"), [("0d", 0), ("0", 0), ("0.0 h", 0), ("10m", 600)])
def test_rows_that_are_never_late(tmp_path: Path, given: str, seconds: int) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "a.yml").write_text(
        BASE + f"columns: {{case_id: a, occurred_at: b, touchpoint: c}}\nallowed_lateness: {given}\n"
    )
    (source,) = read_sources(tmp_path)
    assert source.to_map_row()["late_seconds"] == seconds


def test_the_schema_knows_the_keys_of_the_file() -> None:
    found = source_schema()
    assert {"source", "kind", "from", "columns", "milestones"} <= set(found["properties"])
    assert found["additionalProperties"] is False
    assert {"source", "kind", "from"} == set(found["required"])
    assert {"is", "in"} <= set(found["$defs"]["RowFilter"]["properties"])
    json.dumps(found)
