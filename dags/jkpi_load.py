"""One load DAG for each source of the workspace, on the source's own schedule."""

from __future__ import annotations

from airflow.sdk import DAG

from jkpi_wiring import DAG_ARGUMENTS, TASK_ARGUMENTS, JkpiOperator, dag_id, read_workspace, source_asset

DOC = """
### {title}

Loads new data of the source `{source}` ({kind}) into the warehouse: each file or row once, bad rows rejected with
their reason (`jkpi rejects`). It then updates the Asset `{uri}`, which starts the KPI DAG.

- **Schedule**: `{schedule}` (UTC), from the source's YAML; `None`: manual only. A missed run is not run later,
  because a load takes all new data.
- **Red at once**: a batch was refused (exit code 1) or the source cannot be read (2). Read the log, fix the file or
  the YAML, clear the task. Nothing of a refused batch was loaded.
- **Red after retries**: the warehouse or the source was unavailable (3).
- **Pool**: `jkpi_warehouse`, one slot, because one process at a time may write to DuckDB. Create it once:
  `airflow pools set jkpi_warehouse 1 "one writer"`. On PostgreSQL it may have more slots.
- **Manual run**: `jkpi load --source {source}`; nothing is loaded twice.
"""

workspace = read_workspace()

for source in workspace["sources"]:
    loaded_asset = source_asset(workspace["workspace"], source["source"])
    title = source["title"] or source["source"]
    with DAG(
        dag_id(workspace["workspace"], "load", source["source"]),
        dag_display_name=f"load: {title}",
        description=f"Load new data of {source['source']}.",
        doc_md=DOC.format(**{**source, "title": title}, uri=loaded_asset.uri),
        schedule=source["schedule"],
        tags=["jkpi", "load", source["kind"], workspace["workspace"]],
        default_args={**TASK_ARGUMENTS, "owner": source["owner"] or "jkpi"},
        **DAG_ARGUMENTS,
    ):
        # Loads have priority over the KPI DAG in their common pool, so that it measures all new data.
        JkpiOperator(
            task_id="load",
            arguments=["load", "--source", source["source"]],
            outlets=[loaded_asset],
            priority_weight=100,
        )
