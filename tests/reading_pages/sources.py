"""How fresh the data are: each source, what was set aside, where we are blind; and the head of the page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from jkpi.schedules import is_late
from tests.reading_pages.account import Account
from tests.reading_pages.page import Shown
from tests.reading_pages.tables import Tables
from tests.reading_pages.texts import among, day_in, is_ago

_BLIND_SHOWN = 3


def check(shown: Shown, tables: Tables, account: Account) -> None:
    """Every source of the workspace."""
    sources = {row["source"]: row for row in tables.rows("select * from raw.map_sources")}
    said = {one["source"]: one for one in shown["sources"]}
    account.set("sources", "the page", said, sources)
    for name, row in sources.items():
        if name in said:
            batches = tables.rows("select * from raw.load_batches where source = :source", source=name)
            _source(said[name], row, batches, tables, account)
            _blind(said[name], tables, account)
    _head(shown["facts"], tables, account)


def _source(
    said: dict[str, Any], drawn: dict[str, Any], batches: list[dict[str, Any]], tables: Tables, account: Account
) -> None:
    name, loaded = drawn["source"], [batch for batch in batches if batch["status"] == "loaded"]
    newest = max((batch["last_at"] for batch in loaded if batch["last_at"]), default=None)
    with_rows = (batch for batch in batches if batch["status"] != "empty")
    newest_batch = max(with_rows, key=lambda batch: batch["loaded_at"], default=None)
    refused = newest_batch is not None and newest_batch["status"] == "refused"
    account.same("freshness", name, said["word"], _word(refused, newest, drawn, tables))
    fits = is_ago(said["newest"], tables.past(newest)) if newest else said["newest"] == "nothing loaded so far"
    account.holds("newest row", name, said["newest"], newest, fits)
    if loaded:
        at = max(batch["loaded_at"] for batch in loaded)
        detail = said["small"][1]
        account.holds("time of loading", name, detail, at, is_ago(detail, tables.past(at)))
    # What was set aside counts in refused batches as well: their rows are there to be mended.
    aside, read = (sum(batch[column] or 0 for batch in batches) for column in ("rejected", "rows_read"))
    told = next((note for note in said["notes"] if note.endswith(" rows set aside, not counted")), "")
    wanted = f"{aside:,} of {read:,} rows set aside, not counted" if aside else ""
    account.same("rows set aside", name, told, wanted)


def _word(refused: bool, newest: datetime | None, drawn: dict[str, Any], tables: Tables) -> str:
    if refused:
        return "last delivery refused"
    if newest is None:
        return "no data yet"
    late = is_late(newest, drawn["schedule"] or "", int(drawn["late_seconds"] or 0), tables.naive_now)
    return {None: "age not judged", True: "late", False: "fresh"}[late]


def _blind(said: dict[str, Any], tables: Tables, account: Account) -> None:
    """The newest blind spots, each with the day it began on."""
    spots = tables.rows(
        "select starts_at from raw.blind_spots where source = :source order by starts_at", source=said["source"]
    )
    notes = [note for note in said["notes"] if note.startswith("Blind from ")]
    days = [row["starts_at"].replace(tzinfo=UTC).astimezone(tables.zone) for row in spots[-_BLIND_SHOWN:]]
    # A note names no year: the day and the month are compared.
    told = [day_in(note, tables.today) for note in notes]
    fits = [day and (day.month, day.day) for day in told] == [(day.month, day.day) for day in days]
    account.holds("blind spots", said["source"], notes, days, fits)


def _head(said: dict[str, str], tables: Tables, account: Account) -> None:
    newest = tables.rows(
        "select max(last_evidence_at) as at from marts.rpt_map_coverage"
        " where journey = :journey and element = 'touchpoint'"
    )[0]["at"]
    fits = is_ago(said["Newest evidence"], tables.past(newest)) if newest else "no evidence" in said["Newest evidence"]
    account.holds("newest evidence", "the journey", said["Newest evidence"], newest, fits)
    account.same("owner", "the journey", said["Owner"], tables.drawn["owner"] or "nobody yet")
    account.same("version", "the journey", among([said["Version"]], "").split(",")[0], str(tables.drawn["version"]))
