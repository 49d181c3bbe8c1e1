"""One measure run: decide between incremental and full refresh, run dbt, report the result."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

from jkpi import package_files
from jkpi.config.settings import Settings
from jkpi.errors import CheckFailed, SystemFailure
from jkpi.measuring.environment import dbt_environment
from jkpi.measuring.parsed_project import parsed_project_path
from jkpi.measuring.report import MeasureReport, read_report
from jkpi.measuring.run_state import (
    begin_run,
    finish_run,
    full_refresh_reason,
    inputs_fingerprint,
    is_first_run,
    was_incremental,
)
from jkpi.protocols import NO_PROGRESS, Progress
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse


def measure(settings: Settings, full_refresh: bool = False, progress: Progress = NO_PROGRESS) -> MeasureReport:
    """Measure every KPI of the current maps as of `settings.now`. No connection to a DuckDB file may be open.

    The run is incremental, unless the map has changed, time was set back, a batch was removed, or `full_refresh` is
    set.

    Raises:
        CheckFailed: everything was measured, but a dbt test failed.
        SystemFailure: dbt could not run: a locked file, a server that does not answer, a model that fails.
        InputError: dbt cannot use this kind of warehouse.
    """
    environment = dbt_environment(settings)
    project = package_files.package_folder("dbt_project")
    as_of = settings.now.astimezone(UTC).replace(tzinfo=None)
    dbt_dir = settings.internal_dir / "dbt"
    with _workspace_lock(dbt_dir):
        with open_warehouse(settings) as warehouse:
            ensure_landing(warehouse)
            inputs = inputs_fingerprint(warehouse, project)
            refresh_reason = "it was requested" if full_refresh else full_refresh_reason(warehouse, inputs, as_of)
            full_build_reason = refresh_reason or ("first run" if is_first_run(warehouse) else "")
            keep_views = not full_build_reason and warehouse.engine == "duckdb" and was_incremental(warehouse)
            begin_run(warehouse, as_of, inputs, full_build_reason)
        results = dbt_dir / "target" / "run_results.json"
        results.unlink(missing_ok=True)
        started = time.monotonic()
        arguments = dbt_arguments(project, dbt_dir, bool(full_build_reason), keep_views)
        exception = _run_dbt(dbt_command(project, arguments, environment), environment, dbt_dir, progress)
        seconds = time.monotonic() - started
        if not results.exists():
            raise _start_failure(exception, dbt_dir)
        report = read_report(results, seconds, refresh_reason)
        if not report.failures:
            with open_warehouse(settings) as warehouse:
                finish_run(warehouse, seconds)
    return _raise_on_failure(report)


def dbt_arguments(project: Path, dbt_dir: Path, full_refresh: bool, keep_views: bool = False) -> list[str]:
    """The arguments of dbt. Everything it writes goes below `dbt_dir`, nothing into the project.

    keep_views: do not build views again. Only for DuckDB, where views survive the replacement of their tables;
    PostgreSQL drops a view with its table.
    """
    excluded = [] if full_refresh else ["tag:whole", *(["config.materialized:view"] if keep_views else [])]
    return [
        *("--no-use-colors", "--quiet", "--log-level", "none", "--no-version-check"),
        "build",
        *("--project-dir", str(project), "--profiles-dir", str(project)),
        *("--target-path", str(dbt_dir / "target"), "--log-path", str(dbt_dir / "logs")),
        *("--exclude-resource-type", "unit_test", "--exclude-resource-type", "exposure"),
        *(["--full-refresh"] if full_refresh else ["--exclude", *excluded]),
    ]


def dbt_command(project: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The command of the child process that runs dbt."""
    parsed_project = str(parsed_project_path(project, environment))
    return [sys.executable, "-m", "jkpi.measuring.dbt_process", parsed_project, *arguments]


def _run_dbt(command: Sequence[str], environment: dict[str, str], dbt_dir: Path, progress: Progress) -> str:
    """Run dbt in a child process. Returns the text of the exception that stopped it, or ""."""
    exception = ""
    with (dbt_dir / "child.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            for message in map(json.loads, process.stdout or ()):
                if "total" in message:
                    progress.start("measuring", message["total"])
                elif "done" in message:
                    progress.advance()
                else:
                    exception = message["exception"] or ""
            process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
            if process.stdout:
                process.stdout.close()
    return exception


def _raise_on_failure(report: MeasureReport) -> MeasureReport:
    model_failures = [failure for failure in report.failures if failure.kind != "test"]
    if model_failures:
        raise SystemFailure(
            "measuring failed: " + "; ".join(map(str, model_failures)),
            hint="models that depend on it were not built; see .jkpi/dbt/logs/dbt.log",
        )
    if report.failures:
        raise CheckFailed(
            "dbt tests failed: " + "; ".join(map(str, report.failures)),
            hint="the SQL that finds the rows is in .jkpi/dbt/logs/dbt.log",
        )
    return report


def _start_failure(exception: str, dbt_dir: Path) -> SystemFailure:
    """The error if dbt did not start."""
    log_text = (dbt_dir / "child.log").read_text(encoding="utf-8", errors="replace").strip()
    lines = [line.strip() for line in (exception or log_text or "no reason was given").splitlines() if line.strip()]
    reason = lines[0] if exception else lines[-1]
    return SystemFailure(f"measuring could not start: {reason}", hint=f"see {dbt_dir / 'logs' / 'dbt.log'}")


@contextmanager
def _workspace_lock(dbt_dir: Path) -> Iterator[None]:
    """Allow one measure run per workspace, because two would write the same tables and target folder."""
    dbt_dir.mkdir(parents=True, exist_ok=True)
    with (dbt_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemFailure("another measure run of this workspace is active", hint="wait until it ends") from None
        yield
