"""What the switches of the page show: every week of every segment, as it is measured by now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.reading_pages.account import Account
from tests.reading_pages.page import Shown
from tests.reading_pages.tables import WEEKS, Tables, anchor
from tests.reading_pages.texts import day_in

_TOO_SMALL = "too few members to be shown"


def check(shown: Shown, tables: Tables, account: Account) -> None:
    """All cells, and that there are no others."""
    told = shown["timeline"]
    mondays = [tables.first + timedelta(weeks=n) for n in range(WEEKS)]
    account.same("weeks", "the slider", [day_in(week, tables.today) for week in told.get("weeks", ())], mondays)
    measured: dict[tuple[str, str], dict[Any, dict[str, Any]]] = {}
    for row in tables.rows(
        "select * from marts.fct_kpi_readings where journey = :journey and period = 'week' and is_primary"
        " and period_start between :first and :last",
        first=tables.first,
        last=tables.last,
    ):
        key = "all" if row["segment"] == "all" else f"{row['segment']}={row['segment_value']}"
        measured.setdefault((row["kpi"], key), {})[row["period_start"]] = row
    cells = {(kpi, key): row for kpi, of in told.get("cells", {}).items() for key, row in of.items()}
    due = {(anchor("kpi", kpi), key): weeks for (kpi, key), weeks in measured.items() if kpi in tables.kpis}
    account.set("segments", "the switch", cells, due)
    for (kpi, key), row in cells.items():
        for monday, cell in zip(mondays, row, strict=True):
            _cell(f"{kpi} of {key} in the week of {monday}", cell, due.get((kpi, key), {}).get(monday), account)


def _cell(where: str, cell: list[Any] | None, reading: dict[str, Any] | None, account: Account) -> None:
    if cell is None or reading is None:
        account.same("cell", where, cell, reading)
        return
    value, interval, n, status = cell[:4]
    if reading["is_suppressed"]:
        account.same("cell too small", where, (value, interval, n, status), ("–", "", "", _TOO_SMALL))
        return
    shows = reading["status"] != "withheld" and reading["value"] is not None
    account.number("cell", where, value, reading["value"] if shows else None)
    low, high = (reading["ci_low"], reading["ci_high"]) if shows else (None, None)
    account.interval("interval of the cell", where, interval, low, high)
    account.number("n of the cell", where, n, reading["sample_size"] if shows and reading["unit"] != "count" else None)
