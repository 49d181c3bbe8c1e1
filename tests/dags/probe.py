"""Run by Airflow's interpreter, in a process of its own: what is in the DAG files, as JSON in a file."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.dag_processing.dagbag import BundleDagBag


def task_of(task: Any) -> dict[str, Any]:
    """What matters of a task."""
    return {
        "owner": task.owner,
        "pool": task.pool,
        "retries": task.retries,
        "backoff": task.retry_exponential_backoff,
        "pauses": [task.retry_delay.total_seconds(), task.max_retry_delay and task.max_retry_delay.total_seconds()],
        "timeout": task.execution_timeout and task.execution_timeout.total_seconds(),
        "upstream": sorted(task.upstream_task_ids),
        "rule": str(task.trigger_rule),
        "arguments": getattr(task, "arguments", None),
        "outlets": [outlet.uri for outlet in task.outlets],
        "callback": bool(task.on_failure_callback or task.on_success_callback or task.on_retry_callback),
    }


def dag_of(dag: Any) -> dict[str, Any]:
    """What matters of a DAG."""
    return {
        "tags": sorted(dag.tags),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "timeout": isinstance(dag.dagrun_timeout, timedelta) and dag.dagrun_timeout.total_seconds(),
        "doc": dag.doc_md,
        "schedule": dag.schedule if isinstance(dag.schedule, str | None) else type(dag.schedule).__name__,
        "assets": sorted(found.uri for found in getattr(dag.schedule, "objects", [])),
        "tasks": {task.task_id: task_of(task) for task in dag.tasks},
    }


if __name__ == "__main__":
    bag = BundleDagBag(sys.argv[1], bundle_path=Path(sys.argv[1]))
    found = {
        "errors": {Path(path).name: text for path, text in bag.import_errors.items()},
        "seconds": {Path(stat.file).name: stat.duration.total_seconds() for stat in bag.dagbag_stats},
        "dags": {dag_id: dag_of(dag) for dag_id, dag in bag.dags.items()},
    }
    Path(sys.argv[2]).write_text(json.dumps(found), encoding="utf-8")
