"""The landing tables (schema `raw`): rows as loaded, before any measuring."""

from __future__ import annotations

from jkpi.warehouse.base import Warehouse

_COMMON_COLUMNS = (
    "segments text, content_hash text, source text, batch_id text, loaded_at timestamp, cursor_position decimal(38,6)"
)
_VERSION_COLUMNS = "journey text, version integer"

LANDING_TABLES: dict[str, str] = {
    "touchpoint_events": "event_id text, customer_id text, case_id text, touchpoint text, channel text,"
    f" occurred_at timestamp, due_at timestamp, attributes text, {_COMMON_COLUMNS}",
    "survey_responses": "response_id text, customer_id text, case_id text, touchpoint text, survey text, question text,"
    " score double precision, scale_min double precision, scale_max double precision, weight double precision,"
    f" emotion text, emotion_state text, comment text, wave text, asked_at timestamp,"
    f" responded_at timestamp, {_COMMON_COLUMNS}",
    "survey_invitations": "invitation_id text, customer_id text, case_id text, touchpoint text, survey text,"
    f" wave text, invited_at timestamp, eligible boolean, {_COMMON_COLUMNS}",
    "customers": f"customer_id text, consent text, valid_from timestamp, {_COMMON_COLUMNS}",
    "period_counts": "count_id text, measure text, covers text, period_start timestamp, numerator double precision,"
    f" denominator double precision, {_COMMON_COLUMNS}",
    "rejected_rows": "reject_id text, source text, batch_id text, origin text, row_number bigint, reason text,"
    " detail text, severity text, original text, rejected_at timestamp, status text",
    "deleted_rows": "source text, landing_table text, row_id text, valid_from timestamp,"
    " cursor_position decimal(38,6), batch_id text, deleted_at timestamp",
    "corrected_rows": "source text, batch_id text, landing_table text, row_id text, customer_id text, case_id text",
    "load_batches": "batch_id text, source text, kind text, origin text, fingerprint text, status text, reason text,"
    " rows_read bigint, loaded bigint, rejected bigint, duplicates bigint, skipped bigint, first_at timestamp,"
    " last_at timestamp, cursor_value text, started_at timestamp, loaded_at timestamp, load_number bigint",
    "measure_runs": "run_number bigint, as_of timestamp, fingerprint text, refreshed text, seconds double precision,"
    " is_finished boolean",
    "measuring_batches": "source text, batch_id text, load_number bigint",
    "measured_batches": "source text, batch_id text, load_number bigint",
    "pseudonym_keys": "fingerprint text",
    "quality_results": "run_id text, checkpoint text, subject text, suite text, expectation text, column_name text,"
    " severity text, success boolean, raised_exception boolean, checked bigint, unexpected bigint, detail text,"
    " batch_id text, checked_at timestamp",
    "blind_spots": "source text, starts_at timestamp, ends_at timestamp, reason text, found_at timestamp",
    "map_holidays": "day date",
    "source_holidays": "source text, day date",
    "published_readings": "journey text, kpi text, statistic text, segment text, segment_value text, period_start date,"
    " value double precision, ci_low double precision, ci_high double precision, sample_size bigint,"
    " published_at timestamp",
    "map_sources": "source text, kind text, title text, late_seconds bigint,"
    " wave_closes_seconds bigint, schedule text, owner text, data_use text",
    "map_journeys": f"{_VERSION_COLUMNS}, title text, owner text, timezone text, viewpoint text, starts_with text,"
    " ends_with text, window_seconds bigint, idle_seconds bigint, min_cell integer, is_current boolean,"
    " valid_from timestamp, content text",
    "map_stages": f"{_VERSION_COLUMNS}, stage text, position integer, title text, owner text, content text,"
    " is_current boolean",
    "map_touchpoints": f"{_VERSION_COLUMNS}, touchpoint text, stage text, stage_position integer, position integer,"
    " channel text, stage_side text, evidence text, is_start boolean, is_end boolean, is_staffed boolean,"
    " is_current boolean",
    "map_kpis": f"{_VERSION_COLUMNS}, kpi text, stage text, stage_position integer, kind text, title text, survey text,"
    " question text, measure text, emotion text, of_touchpoint text, on_touchpoint text, from_touchpoint text,"
    " to_touchpoint text, window_seconds bigint, tolerance_seconds bigint, within_seconds bigint, calendar text,"
    " at_least integer, scale_min double precision, scale_max double precision, box_min double precision,"
    " polarity text, direction text, target double precision, unit text, definition text, is_current boolean",
    "map_moments": f"{_VERSION_COLUMNS}, moment text, kpi text, statistic text, promise double precision,"
    " falls_off_by double precision, owner text, notify text, by_segments text, escalate_after_seconds bigint,"
    " escalate_to text, is_current boolean",
    "map_promises": f"{_VERSION_COLUMNS}, moment text, segment text, segment_value text, promise double precision,"
    " is_current boolean",
    "map_segments": f"{_VERSION_COLUMNS}, segment text, part text, part_position integer, is_current boolean",
    "map_viewpoints": f"{_VERSION_COLUMNS}, segment text, segment_value text, is_current boolean",
    "map_calendars": "calendar text, utc_date date, starts_at timestamp, ends_at timestamp, is_open boolean,"
    " seconds_before bigint",
    "map_calendar_prints": "calendar text, fingerprint text, laid_until date",
}


def ensure_landing(warehouse: Warehouse) -> None:
    """Create schema `raw` and its missing tables, and add missing columns (empty) to existing ones."""
    warehouse.execute("create schema if not exists raw")
    existing: dict[str, set[str]] = {}
    for row in warehouse.rows(
        "select table_name, column_name from information_schema.columns where table_schema = 'raw'"
    ):
        existing.setdefault(row["table_name"], set()).add(row["column_name"])
    for table, columns in LANDING_TABLES.items():
        if table not in existing:
            warehouse.execute(f"create table if not exists raw.{table} ({columns})")
            continue
        for column in columns.split(", "):
            if column.split()[0] not in existing[table]:
                warehouse.execute(f"alter table raw.{table} add column if not exists {column}")
