"""SQL of the staging tables of one batch. Pure.

staged_rows: accepted rows of the batch. staged_duplicates: rows that repeat an id, with outcome `duplicate` (same
content) or `conflict` (other content). staged_rejects: rejected rows. staged_new_rejects: those not rejected before.
With `on_conflict: latest`, staged_deletions are deleted rows, and staged_latest is the latest row or deletion of each
id with what it does to the landing table: see `latest_sql`. `seq` numbers the rows of a batch: number of the original
row times PARTS_PER_ROW, plus the part of it.
"""

from __future__ import annotations

from collections.abc import Callable

from jkpi.loading.landing_schema import UNDATED_CUSTOMER_KEY, LandingTable

STAGED_ROWS = "staged_rows"
STAGED_DUPLICATES = "staged_duplicates"
STAGED_REJECTS = "staged_rejects"
STAGED_NEW_REJECTS = "staged_new_rejects"
STAGED_DELETIONS = "staged_deletions"
STAGED_LATEST = "staged_latest"
STAGING_TABLES = (
    STAGED_ROWS,
    STAGED_DUPLICATES,
    STAGED_REJECTS,
    STAGED_NEW_REJECTS,
    STAGED_DELETIONS,
    STAGED_LATEST,
)

CREATE_REJECTS = (
    f"create temp table {STAGED_REJECTS} (seq bigint, reason text, detail text, severity text, original text)"
)
CONFLICTING_ROWS = (
    f"select seq from {STAGED_DUPLICATES} where outcome = 'conflict' and seq between :low and :high order by seq"
)
COUNT_BY_REASON = f"select reason, count(*) as many from {STAGED_NEW_REJECTS} group by reason order by reason"
INSERT_REJECTS = (
    "insert into raw.rejected_rows (reject_id, source, batch_id, origin, row_number, reason, detail, severity,"
    " original, rejected_at, status) select reject_id, cast(:source as text), cast(:batch as text),"
    " cast(:origin as text), (seq - seq % :parts) / :parts, reason, detail, severity, original,"
    f" cast(:now as timestamp), 'open' from {STAGED_NEW_REJECTS}"
)


def create_rows_sql(landing: LandingTable, column_type: Callable[[str], str]) -> str:
    """Create the table of accepted rows. column_type: DuckDB type -> type of the engine."""
    columns = "".join(f"{name} {column_type(kind)}, " for name, kind in landing.columns.items())
    columns += "cursor_position decimal(38,6), " if landing.latest else ""
    return f"create temp table {STAGED_ROWS} (seq bigint, {columns}content_hash text)"


def duplicates_sql(landing: LandingTable, has_existing_rows: bool) -> str:
    """Create the table of rows whose id was seen before: in the landing table, or in an earlier row of the batch."""
    keys = ", ".join(landing.key_columns)
    same_key = " and ".join(f"k.{key} = i.{key}" for key in landing.key_columns)
    existing = f"select {keys}, content_hash as existing_hash from raw.{landing.table} where source = :source"
    if not has_existing_rows:
        existing = f"select {keys}, content_hash as existing_hash from {STAGED_ROWS} where false"
    return (
        f"create temp table {STAGED_DUPLICATES} as"
        f" with repeated as (select {keys}, min(seq) as first_seq from {STAGED_ROWS}"
        f" group by {keys} having count(*) > 1),"
        f" first_seen as (select t.{', t.'.join(landing.key_columns)}, t.first_seq, f.content_hash as existing_hash"
        f" from repeated t join {STAGED_ROWS} f on f.seq = t.first_seq),"
        f" existing as ({existing}),"
        " compared as ("
        f" select i.seq, k.existing_hash = i.content_hash as is_same from {STAGED_ROWS} i join existing k on {same_key}"
        " union all"
        f" select i.seq, k.existing_hash = i.content_hash as is_same from {STAGED_ROWS} i"
        f" join first_seen k on {same_key} where i.seq <> k.first_seq)"
        " select seq, case when bool_or(is_same) then 'duplicate' else 'conflict' end as outcome"
        " from compared group by seq"
    )


def count_duplicates_sql(outcome: str) -> str:
    """Count the repeated rows with this outcome."""
    return f"select count(*) from {STAGED_DUPLICATES} where outcome = '{outcome}'"


def new_rejects_sql(skips_known_rejects: bool) -> str:
    """Create the table of new rejects: one row per reject id, without known ones if they are skipped.

    The reject id is a hash of source, part, reason and original row.
    """
    not_rejected_before = (
        " and not exists (select 1 from raw.rejected_rows r where r.source = :source and r.reject_id = n.reject_id)"
    )
    return (
        f"create temp table {STAGED_NEW_REJECTS} as select * from ("
        " select *, row_number() over (partition by reject_id order by seq) as nth from ("
        " select *, md5(concat_ws(chr(31), cast(:source as text), cast(seq % :parts as text), reason, original))"
        " as reject_id"
        f" from {STAGED_REJECTS}) numbered) n where nth = 1{not_rejected_before if skips_known_rejects else ''}"
    )


def time_bounds_sql(landing: LandingTable, has_duplicates: bool) -> str:
    """The first and last timestamp of the rows that will land."""
    time = landing.time_column
    return f"select min({time}) as low, max({time}) as high from {STAGED_ROWS} i{_without_duplicates(has_duplicates)}"


def insert_rows_sql(landing: LandingTable, has_duplicates: bool) -> str:
    """Insert the accepted rows into the landing table."""
    names = [*landing.columns, "content_hash", *(["cursor_position"] if landing.latest else [])]
    values = [_first_holds_always(landing) if name == _undated_column(landing) else name for name in names]
    return (
        f"insert into raw.{landing.table} ({', '.join(names)}, source, batch_id, loaded_at)"
        f" select {', '.join(values)}, cast(:source as text), cast(:batch as text), cast(:now as timestamp)"
        f" from {STAGED_ROWS} i{_without_duplicates(has_duplicates)}"
    )


def _undated_column(landing: LandingTable) -> str | None:
    """The time of customers whose source has none."""
    return landing.time_column if landing.key_columns == UNDATED_CUSTOMER_KEY else None


def _first_holds_always(landing: LandingTable) -> str:
    """What is first said of a customer without a date holds from the beginning; a change holds from its load."""
    return (
        f"case when exists (select 1 from raw.{landing.table} k"
        " where k.source = cast(:source as text) and k.customer_id = i.customer_id)"
        f" then {landing.time_column} else timestamp '1970-01-01' end"
    )


def _without_duplicates(has_duplicates: bool) -> str:
    return f" where not exists (select 1 from {STAGED_DUPLICATES} d where d.seq = i.seq)" if has_duplicates else ""
