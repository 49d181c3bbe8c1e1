"""The KPI DAG of the workspace: check, measure, evaluate and publish whenever a source was loaded."""

from __future__ import annotations

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, AssetAny, chain

from jkpi_wiring import DAG_ARGUMENTS, TASK_ARGUMENTS, JkpiOperator, dag_id, read_workspace, source_asset

DOC = """
### KPIs of {journeys}

Runs whenever a load DAG has updated one of its sources: {sources}.

| task | what it does | if it fails |
|---|---|---|
| check_landing | Great Expectations on the loaded data | dependent readings are withheld; the other steps continue |
| measure | dbt: readings by day, week, month and segment | nothing is evaluated or published |
| check_marts | Great Expectations on the readings | nothing is evaluated or published |
| evaluate | evaluates moments of truth, delivers the outbox | retried: no notification is sent twice |
| publish | writes the living maps, updates the Superset dashboards | retried |
| all_succeeded | no work; fails if any task above failed | |

- **Exit codes**: 1 a check failed and 2 wrong input are not retried; everything else is, with growing pauses.
- **Manual run**: clear the task. Every verb is safe to run again.
- **Pool**: `jkpi_warehouse`, one slot, shared with the load DAGs. Create it once:
  `airflow pools set jkpi_warehouse 1 "one writer"`. Without it the tasks stay scheduled and Airflow warns on this page.
- **Messages** come from the task `evaluate` and the outbox, never from an Airflow callback: callbacks deliver at most
  once.
"""

workspace = read_workspace()
name = workspace["workspace"]
journeys = [journey["journey"] for journey in workspace["journeys"]]
assets = [source_asset(name, source["source"]) for source in workspace["sources"]]

with DAG(
    dag_id(name, "kpis"),
    dag_display_name=f"KPIs: {name}",
    description="Check, measure, check, evaluate, publish.",
    doc_md=DOC.format(journeys=", ".join(journeys), sources=", ".join(f"`{asset.uri}`" for asset in assets)),
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
    evaluate = JkpiOperator(task_id="evaluate", arguments=["evaluate"])
    publish = JkpiOperator(task_id="publish", arguments=["publish"])
    all_succeeded = EmptyOperator(task_id="all_succeeded", pool="default_pool")

    chain(check_landing, measure, check_marts, evaluate, publish, all_succeeded)
    # The state of a run is that of its last task, so a failed check fails the run although the other steps continue.
    check_landing >> all_succeeded
