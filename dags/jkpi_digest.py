"""The digest DAG of the workspace: once a week, each owner's letter."""

from __future__ import annotations

from airflow.sdk import DAG

from jkpi_wiring import DAG_ARGUMENTS, TASK_ARGUMENTS, JkpiOperator, dag_id, read_workspace

DOC = """
### The week of {workspace}

Tells each owner what fires, got worse, improved and went stale, from the readings that the KPI DAG left.

- **Schedule**: Mondays, 06:00 UTC. A missed week is not caught up.
- **Again by hand**: clear the task, or `jkpi digest`; who was told in this week is not told again.
- **Red after retries**: a receiver or the warehouse was away (exit code 3). The messages stay in the outbox; the next
  `jkpi alert` or `jkpi digest` tries them again.
- **Pool**: `jkpi_warehouse`, one slot, shared with the other DAGs. Make it once:
  `airflow pools set jkpi_warehouse 1 "one writer"`.
"""

workspace = read_workspace()
name = workspace["workspace"]

with DAG(
    dag_id(name, "digest"),
    dag_display_name=f"digest: {name}",
    description="Each owner's week, by mail or wherever they read.",
    doc_md=DOC.format(workspace=name),
    schedule="0 6 * * 1",
    tags=["jkpi", "digest", name],
    default_args={
        **TASK_ARGUMENTS,
        "owner": ", ".join(dict.fromkeys(journey["owner"] for journey in workspace["journeys"])) or "jkpi",
    },
    **DAG_ARGUMENTS,
):
    JkpiOperator(task_id="digest", arguments=["digest"])
