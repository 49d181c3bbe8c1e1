"""Tables as dlt, Airbyte and Fivetran land them, read with the sources of the how-to page."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "sources.md"
COLUMNS = "id integer, number text, state text, state_since text"
AT = "2026-06-02T10:00:00"
SYNCS = ["2026-06-03T01:00:00.25+00:00", "2026-06-04T01:00:00+00:00", "2026-06-05T01:00:00+00:00"]
LOADS = ["1780448400.25", "1780534800.123456", "1780621200.5"]
TOOLS = {
    "dlt": ("is_deleted boolean, _dlt_load_id text, _dlt_id text", LOADS, (False, True)),
    "airbyte": (
        "_ab_cdc_deleted_at text, _airbyte_extracted_at text, _airbyte_raw_id text, _airbyte_meta text",
        SYNCS,
        (None, AT),
    ),
    "fivetran": ("_fivetran_deleted boolean, _fivetran_synced text", SYNCS, (False, True)),
}


def source_of(tool: str) -> str:
    blocks = PAGE.read_text(encoding="utf-8").split("```")
    (text,) = [block for block in blocks if block.startswith(f"yaml\nsource: {tool}_tickets\n")]
    return text.removeprefix("yaml\n")


@pytest.mark.parametrize("tool", TOOLS)
def test_updates_and_soft_deletes_of_the_tool_are_followed(
    place: Any, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    monkeypatch.setenv("LANDED_URL", "sqlite:///landed.db")
    columns, syncs, (kept, deleted) = TOOLS[tool]
    with closing(sqlite3.connect(place.folder / "landed.db", isolation_level=None)) as database:
        database.execute(f"create table ticket_events ({COLUMNS}, {columns})")
        database.execute("create table _dlt_loads (load_id text, status integer)")
        added = [column.split()[0] for column in columns.split(", ")]

        def sync(number: int, *rows: tuple[int, str, str, Any]) -> list[dict[str, Any]]:
            """The tool replaces rows by their primary key and stamps them; then jkpi loads."""
            for ident, case, state, is_deleted in rows:
                database.execute("delete from ticket_events where id = ?", (ident,))
                stamps = [is_deleted, syncs[number], f"random {ident} {number}", "{}"][: len(added)]
                marks = ", ".join("?" * (4 + len(added)))
                database.execute(f"insert into ticket_events values ({marks})", (ident, case, state, AT, *stamps))
            database.execute("insert into _dlt_loads values (?, 0)", (syncs[number],))
            place.load(source_of(tool))
            found: list[dict[str, Any]] = place.rows("case_id, touchpoint")
            return found

        first = sync(0, (1, "A", "opened", kept), (2, "B", "opened", kept), (3, "C", "opened", kept))
        assert [row["case_id"] for row in first] == ["A", "B", "C"]
        second = sync(1, (1, "A", "closed", kept), (2, "B", "opened", deleted))
        assert second == [{"case_id": "A", "touchpoint": "closed"}, {"case_id": "C", "touchpoint": "opened"}]
        third = sync(2, (2, "D", "opened", kept))
        assert [row["case_id"] for row in third] == ["A", "C", "D"]
    assert place.reasons() == {}
    (report,) = place.load(source_of(tool))
    assert report.status == "unchanged"
