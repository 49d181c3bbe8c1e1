"""SQL of `on_conflict: latest`: which row of an id is the latest, and what it does to the landing table. Pure."""

from __future__ import annotations

from collections.abc import Callable

from jkpi.loading.landing_schema import LandingTable
from jkpi.loading.staging_sql import STAGED_DELETIONS, STAGED_DUPLICATES, STAGED_LATEST, STAGED_ROWS

CORRECTING = "('delete', 'correct')"
COUNT_CHANGES = f"select count(*) from {STAGED_LATEST} where outcome <> 'obsolete'"


def create_deletions_sql(landing: LandingTable, column_type: Callable[[str], str]) -> str:
    """Create the table of deleted rows. column_type: DuckDB type -> type of the engine."""
    keys = "".join(f"{name} {column_type(landing.columns[name])}, " for name in landing.key_columns)
    return f"create temp table {STAGED_DELETIONS} (seq bigint, {keys}cursor_position decimal(38,6))"


def latest_sql(landing: LandingTable, has_existing_rows: bool) -> str:
    """Create the table of the latest staged row or deletion of each id, with its outcome.

    `new`: lands. `correct`: lands instead of the row that has landed. `delete`: takes that row away. `remember`: the
    deletion of a row that has not landed yet. `advance`: same content, later cursor. `obsolete`: changes nothing.
    The greatest cursor is the latest. Of equal ones, a deletion is later than a row, then the row that arrives last.
    """
    keys = ", ".join(landing.key_columns)
    same_key, same_row = _same_key("k", "w", landing), _same_row("d", "w", landing)
    found = f"""
    left join raw.{landing.table} k on k.source = :source and {same_key}
    left join raw.deleted_rows d on d.source = :source and {same_row}
"""
    nothing_found = f"""
    left join (select *, cast(null as text) as content_hash, seq as source from {STAGED_DELETIONS} where false) k
        on true
    left join (select cursor_position from {STAGED_DELETIONS} where false) d on true
"""
    keys_of_latest = ", ".join(f"w.{key}" for key in landing.key_columns)
    return f"""
create temp table {STAGED_LATEST} as
with arrived as (
    select seq, {keys}, cursor_position, content_hash, false as is_deleted from {STAGED_ROWS}
    union all
    select seq, {keys}, cursor_position, null as content_hash, true as is_deleted from {STAGED_DELETIONS}
),
ranked as (
    select *, row_number() over (
        partition by {keys} order by cursor_position desc, is_deleted desc, seq desc
    ) as nth
    from arrived
)
select
    w.seq, {keys_of_latest}, w.cursor_position,
    case
        when d.cursor_position >= w.cursor_position or k.cursor_position > w.cursor_position then 'obsolete'
        when w.is_deleted and k.source is not null then 'delete'
        when w.is_deleted then 'remember'
        when k.content_hash = w.content_hash and k.cursor_position = w.cursor_position then 'obsolete'
        when k.content_hash = w.content_hash then 'advance'
        when k.source is not null then 'correct'
        else 'new'
    end as outcome
from ranked w
{found if has_existing_rows else nothing_found}
where w.nth = 1"""


def obsolete_rows_sql() -> str:
    """Create the table of staged rows that do not land."""
    return (
        f"create temp table {STAGED_DUPLICATES} as select r.seq, 'duplicate' as outcome from {STAGED_ROWS} r"
        f" where not exists (select 1 from {STAGED_LATEST} w where w.seq = r.seq and w.outcome in ('new', 'correct'))"
    )


def correct_sql(landing: LandingTable) -> list[str]:
    """The statements that make room for the latest rows, in the transaction that inserts them.

    They bind source, batch and now. The rows taken away are listed in `raw.corrected_rows` until they are measured.
    """
    same_key, same_row = _same_key("k", "w", landing), _same_row("d", "w", landing)
    landed_id, _ = _row("k", landing)
    case_id = "k.case_id" if "case_id" in landing.columns else "cast(null as text)"
    row_id, valid_from = _row("w", landing)
    return [
        "insert into raw.corrected_rows (source, batch_id, landing_table, row_id, customer_id, case_id)"
        f" select k.source, cast(:batch as text), '{landing.table}', {landed_id}, k.customer_id, {case_id}"
        f" from raw.{landing.table} k join {STAGED_LATEST} w on {same_key}"
        f" where k.source = :source and w.outcome in {CORRECTING}",
        f"delete from raw.{landing.table} as k using {STAGED_LATEST} as w"
        f" where k.source = :source and {same_key} and w.outcome in {CORRECTING}",
        f"update raw.{landing.table} as k set cursor_position = w.cursor_position from {STAGED_LATEST} as w"
        f" where k.source = :source and {same_key} and w.outcome = 'advance'",
        f"delete from raw.deleted_rows as d using {STAGED_LATEST} as w"
        f" where d.source = :source and {same_row} and w.outcome <> 'obsolete'",
        "insert into raw.deleted_rows"
        " (source, landing_table, row_id, valid_from, cursor_position, batch_id, deleted_at)"
        f" select cast(:source as text), '{landing.table}', {row_id}, {valid_from}, w.cursor_position,"
        f" cast(:batch as text), cast(:now as timestamp) from {STAGED_LATEST} w"
        " where w.outcome in ('delete', 'remember')",
    ]


def _same_key(one: str, other: str, landing: LandingTable) -> str:
    return " and ".join(f"{one}.{key} = {other}.{key}" for key in landing.key_columns)


def _row(alias: str, landing: LandingTable) -> tuple[str, str]:
    """The key as `raw.deleted_rows` has it, which is one table for all kinds: an id, and a time for dated customers."""
    row_id, *time = landing.key_columns
    return f"{alias}.{row_id}", f"{alias}.{time[0]}" if time else "timestamp '1970-01-01'"


def _same_row(deleted: str, other: str, landing: LandingTable) -> str:
    row_id, valid_from = _row(other, landing)
    return (
        f"{deleted}.landing_table = '{landing.table}'"
        f" and {deleted}.row_id = {row_id} and {deleted}.valid_from = {valid_from}"
    )
