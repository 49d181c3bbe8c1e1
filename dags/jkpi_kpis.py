"""The KPI DAG of the workspace: whenever a source was loaded, measure, tell who must know, publish."""

from __future__ import annotations

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, AssetAny, chain

from jkpi_wiring import DAG_ARGUMENTS, TASK_ARGUMENTS, JkpiOperator, dag_id, read_workspace, source_asset

DOC = """
### KPIs of {journeys}

Runs whenever a load DAG brought one of its sources up to date: {sources}.

| task | what it does | if it fails |
|---|---|---|
| check_landing | Great Expectations on what came in | what depends on it is withheld, not alerted; the rest goes on |
| measure | dbt counts: readings by day, week, month and segment | nothing is told or published |
| check_marts | Great Expectations on what was measured | nothing is told or published |
| alert | judges each moment of truth, delivers what is in the outbox | tried again: nothing is told twice |
| publish | writes the living map of each journey, puts dashboards into Superset | tried again |
| all_well | nothing; red if any of the above was | |

- **Exit codes**: 1 a check failed and 2 wrong input are not tried again; anything else is, with growing pauses.
- **Again by hand**: clear the task. Every verb may run twice; the second finds nothing new to do.
- **Pool**: `jkpi_warehouse`, one slot, shared with the load DAGs. Make it once:
  `airflow pools set jkpi_warehouse 1 "one writer"`. Without it the tasks stay scheduled and Airflow warns on this page.
- **Messages** come from the task `alert` and its outbox, never from an Airflow callback: callbacks deliver at most
  once.
"""

workspace = read_workspace()
name = workspace["workspace"]
journeys = [journey["journey"] for journey in workspace["journeys"]]
assets = [source_asset(name, source["source"]) for source in workspace["sources"]]

with DAG(
    dag_id(name, "kpis"),
    dag_display_name=f"KPIs: {name}",
    description="Check, measure, check, alert, publish.",
    doc_md=DOC.format(journeys=", ".join(journeys), sources=", ".join(f"`{found.uri}`" for found in assets)),
    schedule=AssetAny(*assets) if assets else None,
    tags=["jkpi", "kpis", name, *journeys],
    default_args={
        **TASK_ARGUMENTS,
        "owner": ", ".join(dict.fromkeys(journey["owner"] for journey in workspace["journeys"])) or "jkpi",
    },
    **DAG_ARGUMENTS,
):
    check_landing = JkpiOperator(task_id="check_landing", arguments=["check", "--checkpoint", "landing"])
    measure = JkpiOperator(
        task_id="measure", arguments=["measure"], trigger_rule="all_done", after_check="check_landing"
    )
    check_marts = JkpiOperator(task_id="check_marts", arguments=["check", "--checkpoint", "marts"])
    evaluate = JkpiOperator(task_id="alert", arguments=["alert"])
    publish = JkpiOperator(task_id="publish", arguments=["publish"])
    all_succeeded = EmptyOperator(task_id="all_well", pool="default_pool")

    chain(check_landing, measure, check_marts, evaluate, publish, all_succeeded)
    # A run is as red as its last task: a failed check stays to be seen, though the line goes on after it.
    check_landing >> all_succeeded
