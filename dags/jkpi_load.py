"""One load DAG for each source of the workspace, on the source's own schedule."""

from __future__ import annotations

from airflow.sdk import DAG

from jkpi_wiring import DAG_ARGUMENTS, TASK_ARGUMENTS, JkpiOperator, dag_id, read_workspace, source_asset

DOC = """
### {title}

Lands what is new of the source `{source}` ({kind}) in the warehouse: each file or row once, bad rows set aside with
their reason (`jkpi rejects`). Then the Asset `{uri}` is up to date, and the KPI DAG follows.

- **Schedule**: `{schedule}` (UTC), from the source's YAML; `None`: by hand only. A missed run is not caught up, because
  a load takes all that is new.
- **Red at once**: a batch was refused (exit code 1) or the source cannot be read (2). Read the log, mend the file or
  the YAML, clear the task. Nothing of a refused batch was loaded.
- **Red after retries**: the warehouse or the source was away (3).
- **Pool**: `jkpi_warehouse`, one slot, because one process at a time may write to DuckDB. Make it once:
  `airflow pools set jkpi_warehouse 1 "one writer"`. On PostgreSQL it may have more slots.
- **By hand**: `jkpi load --source {source}`; as often as you like, nothing is loaded twice.
"""

workspace = read_workspace()

for source in workspace["sources"]:
    loaded_asset = source_asset(workspace["workspace"], source["source"])
    title = source["title"] or source["source"]
    with DAG(
        dag_id(workspace["workspace"], "load", source["source"]),
        dag_display_name=f"load: {title}",
        description=f"Land what is new of {source['source']}.",
        doc_md=DOC.format(**{**source, "title": title}, uri=loaded_asset.uri),
        schedule=source["schedule"],
        tags=["jkpi", "load", source["kind"], workspace["workspace"]],
        default_args={**TASK_ARGUMENTS, "owner": source["owner"] or "jkpi"},
        **DAG_ARGUMENTS,
    ):
        # Loads go before the tasks of the KPI DAG in the pool they share, so that it measures all that is due.
        JkpiOperator(
            task_id="load",
            arguments=["load", "--source", source["source"]],
            outlets=[loaded_asset],
            priority_weight=100,
        )
