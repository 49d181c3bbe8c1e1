"""Data freshness: each source with its rejected rows and data gaps; and the head of the page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from jkpi.schedules import is_late
from tests.reading_pages.account import Account
from tests.reading_pages.page import Shown
from tests.reading_pages.tables import Tables
from tests.reading_pages.texts import among, day_in, is_ago

_GAPS_SHOWN = 3


def check(shown: Shown, tables: Tables, account: Account) -> None:
    """Every source of the workspace."""
    sources = {row["source"]: row for row in tables.rows("select * from raw.map_sources")}
    shown_sources = {source["source"]: source for source in shown["sources"]}
    account.set("sources", "the page", shown_sources, sources)
    for name, row in sources.items():
        if name in shown_sources:
            batches = tables.rows("select * from raw.load_batches where source = :source", source=name)
            _source(shown_sources[name], row, batches, tables, account)
            _data_gaps(shown_sources[name], tables, account)
    _head(shown["facts"], tables, account)


def _source(
    source: dict[str, Any], drawn: dict[str, Any], batches: list[dict[str, Any]], tables: Tables, account: Account
) -> None:
    name, loaded = drawn["source"], [batch for batch in batches if batch["status"] == "loaded"]
    newest = max((batch["last_at"] for batch in loaded if batch["last_at"]), default=None)
    with_rows = (batch for batch in batches if batch["status"] != "empty")
    newest_batch = max(with_rows, key=lambda batch: batch["loaded_at"], default=None)
    refused = newest_batch is not None and newest_batch["status"] == "refused"
    account.same("freshness", name, source["word"], _word(refused, newest, drawn, tables))
    fits = is_ago(source["newest"], tables.past(newest)) if newest else source["newest"] == "no data loaded yet"
    account.add("newest row", name, source["newest"], newest, fits)
    if loaded:
        at = max(batch["loaded_at"] for batch in loaded)
        detail = source["small"][1]
        account.add("time of loading", name, detail, at, is_ago(detail, tables.past(at)))
    # Rejected rows of refused batches count, too: they are kept for correction.
    rejected, read = (sum(batch[column] or 0 for batch in batches) for column in ("rejected", "rows_read"))
    shown_note = next((note for note in source["notes"] if note.endswith(" rows rejected")), "")
    wanted = f"{rejected:,} of {read:,} rows rejected" if rejected else ""
    account.same("rejected rows", name, shown_note, wanted)


def _word(refused: bool, newest: datetime | None, drawn: dict[str, Any], tables: Tables) -> str:
    if refused:
        return "last delivery refused"
    if newest is None:
        return "no data yet"
    late = is_late(newest, drawn["schedule"] or "", int(drawn["late_seconds"] or 0), tables.naive_now)
    return {None: "freshness unknown", True: "late", False: "fresh"}[late]


def _data_gaps(source: dict[str, Any], tables: Tables, account: Account) -> None:
    """The newest data gaps, each with its first day."""
    gaps = tables.rows(
        "select starts_at from raw.blind_spots where source = :source order by starts_at", source=source["source"]
    )
    notes = [note for note in source["notes"] if note.startswith("Data gap from ")]
    days = [row["starts_at"].replace(tzinfo=UTC).astimezone(tables.zone) for row in gaps[-_GAPS_SHOWN:]]
    # A note names no year: the day and the month are compared.
    first_days = [day_in(note, tables.today) for note in notes]
    fits = [day and (day.month, day.day) for day in first_days] == [(day.month, day.day) for day in days]
    account.add("data gaps", source["source"], notes, days, fits)


def _head(terms: dict[str, str], tables: Tables, account: Account) -> None:
    newest = tables.rows(
        "select max(last_evidence_at) as at from marts.rpt_map_coverage"
        " where journey = :journey and element = 'touchpoint'"
    )[0]["at"]
    fits = is_ago(terms["Latest event"], tables.past(newest)) if newest else "no data" in terms["Latest event"]
    account.add("latest event", "the journey", terms["Latest event"], newest, fits)
    account.same("owner", "the journey", terms["Owner"], tables.drawn["owner"] or "no owner")
    account.same("version", "the journey", among([terms["Version"]], "").split(",")[0], str(tables.drawn["version"]))
