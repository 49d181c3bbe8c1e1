"""Shared by the DAG files: the contents of the workspace, and the operator that runs a verb of the `jkpi` command.

Airflow uses jkpi through the command line only: a verb closes the warehouse when its task ends, and jkpi may have an
environment of its own. Environment variables of Airflow:

- `JKPI_WORKSPACE`: the workspace, as an absolute path. Required.
- `JKPI_COMMAND`: the command, such as `/opt/jkpi/bin/jkpi`. Default: the `jkpi` next to Airflow's interpreter.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.providers.standard.hooks.subprocess import SubprocessHook
from airflow.sdk import Asset, BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

# While one process writes to DuckDB, no other can read, so every verb takes the only slot of this pool.
POOL = "jkpi_warehouse"

EXIT_OK, EXIT_CHECK_FAILED, EXIT_WRONG_INPUT = 0, 1, 2
LINT_SECONDS = 25

DAG_ARGUMENTS: dict[str, Any] = {
    "start_date": datetime(2026, 1, 1, tzinfo=UTC),
    "catchup": False,
    "max_active_runs": 1,
    "dagrun_timeout": timedelta(hours=8),
}
TASK_ARGUMENTS: dict[str, Any] = {
    "pool": POOL,
    "retries": 4,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=30),
    "execution_timeout": timedelta(hours=2),
}


def jkpi_command() -> list[str]:
    """The jkpi command as a list of arguments."""
    return shlex.split(os.environ.get("JKPI_COMMAND", "")) or [str(Path(sys.executable).with_name("jkpi"))]


def read_workspace() -> dict[str, Any]:
    """The output of `jkpi lint --no-data --json`: name, journeys and sources of the workspace.

    Raises:
        RuntimeError: the workspace does not lint. The message has all problems; Airflow shows it as an import error.
    """
    if not Path(os.environ.get("JKPI_WORKSPACE", "")).is_absolute():
        raise RuntimeError("JKPI_WORKSPACE is not set to an absolute path: set it in Airflow's environment")
    lint = subprocess.run(
        [*jkpi_command(), "lint", "--no-data", "--json"],
        capture_output=True,
        text=True,
        timeout=LINT_SECONDS,
        check=False,
    )
    if lint.returncode != EXIT_OK:
        raise RuntimeError(f"jkpi lint, exit code {lint.returncode}:\n{lint.stderr.strip()}")
    description: dict[str, Any] = json.loads(lint.stdout)
    return description


def dag_id(workspace: str, *words: str) -> str:
    """`jkpi_<workspace>_<words>`, with the characters that Airflow allows."""
    return "_".join(["jkpi", _slug(workspace), *words])


def source_asset(workspace: str, source: str) -> Asset:
    """The Asset that a load of that source updates."""
    return Asset(f"jkpi://{_slug(workspace)}/{source}", group="jkpi")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9_.-]+", "_", text.lower())


class JkpiOperator(BaseOperator):
    """Run one verb of the `jkpi` command; its output is the task's log.

    A failed check (exit code 1) and invalid input (2) fail the task at once, because a retry would fail again. Anything
    else, such as a locked file or an unavailable server, is retried with growing pauses.

    Args:
        arguments: the verb and its options.
        after_check: the id of an upstream check that may have failed, but must have finished.
            Needs `trigger_rule="all_done"`.
    """

    ui_color = "#e8f1ee"

    def __init__(self, *, arguments: list[str], after_check: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.arguments = arguments
        self.after_check = after_check
        self.hook: SubprocessHook | None = None

    def execute(self, context: Any) -> None:
        """Run the verb in the workspace and push its exit code for downstream tasks."""
        instance = context["ti"]
        if self.after_check:
            check_exit_code = instance.xcom_pull(task_ids=self.after_check, key="exit_code")
            if check_exit_code not in (EXIT_OK, EXIT_CHECK_FAILED):
                raise AirflowFailException(
                    f"{self.after_check} did not finish (exit code {check_exit_code}): see its log"
                )
        self.hook = SubprocessHook()
        environment = {**os.environ, "DO_NOT_TRACK": "1"}
        code = self.hook.run_command(
            [*jkpi_command(), *self.arguments], env=environment, cwd=os.environ["JKPI_WORKSPACE"]
        ).exit_code
        instance.xcom_push(key="exit_code", value=code)
        if code in (EXIT_CHECK_FAILED, EXIT_WRONG_INPUT):
            raise AirflowFailException(f"jkpi {self.arguments[0]}: exit code {code}; see the log above")
        if code != EXIT_OK:
            raise AirflowException(f"jkpi {self.arguments[0]}: exit code {code}")

    def on_kill(self) -> None:
        """Stop the verb with its task; unfinished work is rolled back and the warehouse is closed."""
        running = self.hook and self.hook.sub_process
        if self.hook and running and running.poll() is None:
            self.hook.send_sigterm()  # type: ignore[no-untyped-call]
