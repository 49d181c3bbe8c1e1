"""What dashboards read: the dbt views of folder `dashboards`, and beside them what only the state and the map know."""

from __future__ import annotations

from pathlib import Path

import yaml

from jkpi import package_files

Columns = dict[str, str]
"""Column -> type, in dbt's words."""

_OF_A_JOURNEY = {"journey": "text", "journey_title": "text"}

TOLD: dict[str, Columns] = {
    "dash_alerts": {
        **_OF_A_JOURNEY,
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
        "mark": "text",
        "owner": "text",
        "since": "date",
        "fired_on": "date",
        "closed_on": "date",
        "age_days": "integer",
        "acknowledged_by": "text",
        "as_of": "timestamp",
    },
    "dash_moments": {
        **_OF_A_JOURNEY,
        "moment": "text",
        "moment_title": "text",
        "kpi": "text",
        "kpi_title": "text",
        "stage_label": "text",
        "state": "text",
        "urgency": "integer",
        "since": "date",
        "falling_in": "text",
        "owner": "text",
        "unit": "text",
        "value": "double precision",
        "ci_low": "double precision",
        "ci_high": "double precision",
        "promise": "double precision",
        "baseline": "double precision",
        "week": "date",
        "sample_size": "bigint",
        "now_text": "text",
        "interval_text": "text",
        "promise_text": "text",
        "usual_text": "text",
        "as_of": "timestamp",
    },
    "dash_moment_readings": {
        **_OF_A_JOURNEY,
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
        "interval_text": "text",
        "state_text": "text",
        "as_of": "timestamp",
    },
    "dash_sources": {
        **_OF_A_JOURNEY,
        "source": "text",
        "title": "text",
        "kind": "text",
        "owner": "text",
        "schedule": "text",
        "state": "text",
        "newest_row_at": "timestamp",
        "age_days": "double precision",
        "loaded_at": "timestamp",
        "count_read": "bigint",
        "count_rejected": "bigint",
        "blind_days_28d": "double precision",
        "as_of": "timestamp",
    },
}
"""Tables that `jkpi publish` writes itself. One row per: alert ever told; moment of truth of the current maps, with the
latest final week of its KPI; moment of truth, segment value and final week or month, with the state of today; source
and journey that it feeds ('(none)' where it feeds none). Times are naive UTC."""

_PROPERTIES = Path("models") / "dashboards" / "_dashboards.yml"


def measured_columns() -> dict[str, Columns]:
    """View -> its columns, as the contracts of the dbt project promise them."""
    declared = yaml.safe_load((package_files.path("dbt_project") / _PROPERTIES).read_text(encoding="utf-8"))
    return {
        model["name"]: {column["name"]: column["data_type"] for column in model["columns"]}
        for model in declared["models"]
    }


def published_columns() -> dict[str, Columns]:
    """Everything that a dashboard may read."""
    return {**measured_columns(), **TOLD}
