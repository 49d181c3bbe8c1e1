"""The digest DAG of the workspace: once a week, a digest for each owner."""

from __future__ import annotations

from airflow.sdk import DAG

from jkpi_wiring import DAG_ARGUMENTS, TASK_ARGUMENTS, JkpiOperator, dag_id, read_workspace

DOC = """
### Weekly digest of {workspace}

Sends each owner the weekly digest: firing, watch list, worse, better, stale. It uses the readings
of the KPI DAG.

- **Schedule**: Mondays, 06:00 UTC. A missed week is not run later.
- **Manual run**: clear the task, or `jkpi digest`; no digest is sent twice in a week.
- **Red after retries**: a receiver or the warehouse was unavailable (exit code 3). The messages stay in the outbox;
  `jkpi deliver`, `jkpi evaluate` or `jkpi digest` retries them.
- **Pool**: `jkpi_warehouse`, one slot, shared with the other DAGs. Create it once:
  `airflow pools set jkpi_warehouse 1 "one writer"`.
"""

workspace = read_workspace()
name = workspace["workspace"]

with DAG(
    dag_id(name, "digest"),
    dag_display_name=f"digest: {name}",
    description="The weekly digest of each owner.",
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
