"""The tables that dashboards read: dbt views of folder `dashboards`, and tables from the state database and the map."""

from __future__ import annotations

from pathlib import Path

import yaml

from jkpi import package_files

ColumnTypes = dict[str, str]
"""Column -> type, in dbt's words."""

_JOURNEY_COLUMNS = {"journey": "text", "journey_title": "text"}

EXPORTED_TABLES: dict[str, ColumnTypes] = {
    "dash_alerts": {
        **_JOURNEY_COLUMNS,
        "alert_id": "text",
        "moment": "text",
        "moment_title": "text",
        "kpi": "text",
        "kpi_title": "text",
        "stage_label": "text",
        "segment": "text",
        "segment_value": "text",
        "segment_label": "text",
        "kind": "text",
        "status": "text",
        "title": "text",
        "annotation_label": "text",
        "owner": "text",
        "onset": "date",
        "fired_on": "date",
        "closed_on": "date",
        "age_days": "integer",
        "acknowledged_by": "text",
        "as_of": "timestamp",
    },
    "dash_moments": {
        **_JOURNEY_COLUMNS,
        "moment": "text",
        "moment_title": "text",
        "kpi": "text",
        "kpi_title": "text",
        "stage_label": "text",
        "state_label": "text",
        "state_order": "integer",
        "since": "date",
        "firing_segments": "text",
        "segments_below_promise": "text",
        "owner": "text",
        "unit": "text",
        "value": "double precision",
        "ci_low": "double precision",
        "ci_high": "double precision",
        "promise": "double precision",
        "baseline": "double precision",
        "week_start": "date",
        "sample_size": "bigint",
        "value_label": "text",
        "interval_label": "text",
        "promise_label": "text",
        "baseline_label": "text",
        "as_of": "timestamp",
    },
    "dash_moment_readings": {
        **_JOURNEY_COLUMNS,
        "moment": "text",
        "moment_title": "text",
        "kpi": "text",
        "kpi_title": "text",
        "stage_label": "text",
        "segment": "text",
        "segment_value": "text",
        "segment_label": "text",
        "period": "text",
        "period_start": "date",
        "value": "double precision",
        "ci_low": "double precision",
        "ci_high": "double precision",
        "sample_size": "bigint",
        "promise": "double precision",
        "interval_label": "text",
        "promise_label": "text",
        "state_label": "text",
        "as_of": "timestamp",
    },
    "dash_sources": {
        **_JOURNEY_COLUMNS,
        "source": "text",
        "title": "text",
        "kind": "text",
        "owner": "text",
        "schedule": "text",
        "freshness": "text",
        "newest_row_at": "timestamp",
        "age_days": "double precision",
        "loaded_at": "timestamp",
        "count_read": "bigint",
        "count_rejected": "bigint",
        "gap_days_28d": "double precision",
        "as_of": "timestamp",
    },
}
"""Tables that `jkpi publish` writes itself. One row per: alert that was ever announced; moment of truth of the current
maps, with the latest final week of its KPI; moment of truth, segment value and final week or month, with today's state
of the series; source and journey that it feeds ('(none)' where it feeds none). Times are naive UTC."""

_PROPERTIES = Path("models") / "dashboards" / "_dashboards.yml"


def view_columns() -> dict[str, ColumnTypes]:
    """View -> its columns, by the contracts of the dbt project."""
    properties = yaml.safe_load((package_files.package_folder("dbt_project") / _PROPERTIES).read_text(encoding="utf-8"))
    return {
        model["name"]: {column["name"]: column["data_type"] for column in model["columns"]}
        for model in properties["models"]
    }


def all_published_columns() -> dict[str, ColumnTypes]:
    """All tables that a dashboard may read."""
    return {**view_columns(), **EXPORTED_TABLES}
