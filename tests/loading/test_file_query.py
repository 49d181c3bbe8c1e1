"""Sources whose files are joined by a query: two files, a comparison of two columns, and no other access."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jkpi.errors import SourceError, WorkspaceError

ORDERS = """\
source: orders
kind: touchpoints
from:
  files: {orders: data/orders*.csv, customers: data/customers.csv}
  query: |
    select o.id, o.customer, o.at, c.region,
           case when cast(o.delivered as date) > cast(o.promised as date) then 'late' else 'on_time' end as outcome
    from orders o join customers c on o.customer = c.id
columns: {event_id: id, customer_id: customer, touchpoint: outcome, occurred_at: at, segments: [region]}
constants: {channel: parcel}
touchpoints: {late: delivered_late, on_time: delivered_on_time}
"""
CUSTOMERS = "id,region\nanna,north\nben,south\n"
ROWS = (
    "id,customer,at,promised,delivered\n"
    "1,anna,2026-06-03T10:00:00Z,2026-06-03,2026-06-03\n"
    "2,ben,2026-06-05T10:00:00Z,2026-06-04,2026-06-05\n"
    "3,nobody,2026-06-05T10:00:00Z,2026-06-04,2026-06-05\n"
)


def write(each: Any, orders: str = ROWS, customers: str = CUSTOMERS) -> None:
    each.write("data/orders.csv", orders)
    each.write("data/customers.csv", customers)


def test_two_files_are_joined_and_two_columns_compared(each: Any, adds_up: Any) -> None:
    write(each)
    report = adds_up(each.load(ORDERS)[0])
    assert (report.loaded, report.origin) == (2, "query on orders, customers")
    assert [row["touchpoint"] for row in each.rows("touchpoint")] == ["delivered_late", "delivered_on_time"]
    assert each.load(ORDERS)[0].status == "unchanged"


def test_a_change_of_either_file_loads_what_is_new(each: Any, adds_up: Any) -> None:
    write(each)
    each.load(ORDERS)
    write(each, customers=CUSTOMERS + "nobody,east\n")
    report = adds_up(each.load(ORDERS)[0])
    assert (report.loaded, report.duplicates) == (1, 2)
    each.write("data/orders_july.csv", "id,customer,at,promised,delivered\n4,anna,2026-06-20T10:00:00Z,,2026-06-20\n")
    report = adds_up(each.load(ORDERS)[0])
    assert (report.loaded, report.duplicates) == (1, 3)


def test_a_ragged_row_of_one_file_is_rejected_and_the_others_load(each: Any, adds_up: Any) -> None:
    write(each, orders=ROWS + "4,anna,2026-06-06T10:00:00Z,2026-06-06\n")
    report = adds_up(each.load(ORDERS)[0])
    assert (report.loaded, dict(report.reasons)) == (2, {"ragged row": 1})
    assert "orders.csv row 4" in each.rows("detail", "rejected_rows")[0]["detail"]


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_files_of_other_types_are_tables_too(each: Any, adds_up: Any, suffix: str) -> None:
    import duckdb

    write(each)
    (each.folder / "data/customers.csv").unlink()
    file_format = "json" if suffix == "jsonl" else "parquet"
    target = each.folder / f"data/customers.{suffix}"
    duckdb.execute(
        "copy (select * from (values ('anna', 'north'), ('ben', 'south')) v(id, region))"
        f" to '{target}' (format {file_format})"
    )
    report = adds_up(each.load(ORDERS.replace("customers.csv", f"customers.{suffix}"))[0])
    assert report.loaded == 2


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("select * from read_csv('{folder}/secret.csv')", "disabled"),
        ("select * from '{folder}/secret.csv'", "disabled"),
        ("select getenv('HOME') as id", "getenv"),
        ("select * from order", "not SQL"),
        ("copy orders to '{folder}/stolen.csv'", "not one select statement"),
        ("select 1 as id; drop table orders", "not one select statement"),
        ("select id from orderz", "orderz"),
    ],
)
def test_a_query_reads_its_own_files_and_nothing_else(each: Any, query: str, reason: str) -> None:
    write(each)
    each.write("secret.csv", "id\n1\n")
    text = (
        ORDERS[: ORDERS.index("    select o.id")]
        + f"    {query.format(folder=each.folder)}\n"
        + ORDERS[ORDERS.index("columns:") :]
    )
    with pytest.raises((SourceError, WorkspaceError), match=reason):
        each.load(text)
    assert not Path(each.folder / "stolen.csv").exists()
    assert each.count() == 0


def test_a_missing_column_of_the_query_is_named(each: Any) -> None:
    write(each)
    with pytest.raises(SourceError, match=r"the query has no column 'regon' \(did you mean 'region'\?\)"):
        each.load(ORDERS.replace("segments: [region]", "segments: [regon]"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("  files: {orders: data/orders*.csv, customers: data/customers.csv}", "  files: data/orders.csv"),
            "a query needs names for the files",
        ),
        (("channel: parcel}", "channel: parcel}\nowner: shop"), None),
    ],
)
def test_lint_of_named_files(each: Any, change: tuple[str, str], message: str | None) -> None:
    write(each)
    if message is None:
        each.source(ORDERS.replace(*change))
        return
    with pytest.raises(WorkspaceError) as raised:
        each.source(ORDERS.replace(*change))
    assert message in str(raised.value.problems)


def test_named_files_need_a_query(each: Any) -> None:
    with pytest.raises(WorkspaceError) as raised:
        each.source(ORDERS[: ORDERS.index("  query:")] + ORDERS[ORDERS.index("columns:") :])
    assert "files with names need a query that reads them" in str(raised.value.problems)
