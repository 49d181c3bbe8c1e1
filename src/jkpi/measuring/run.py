"""One measuring: decide what to count, let dbt count it, say how it went."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

from jkpi import package_files
from jkpi.config.settings import Settings
from jkpi.errors import CheckFailed, SystemFailure
from jkpi.measuring.environment import dbt_environment
from jkpi.measuring.report import MeasureReport, read_report
from jkpi.measuring.run_state import begin_run, fingerprint, finish_run, has_added, is_first, why_anew
from jkpi.protocols import SILENCE, Progress
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse


def measure(settings: Settings, full_refresh: bool = False, progress: Progress = SILENCE) -> MeasureReport:
    """Count every KPI of the current map, as of `settings.now`. The caller holds no connection to a DuckDB file.

    Only what new rows and the time that passed have touched is counted again, unless the map has changed, time was
    set back, a batch was taken back, or `full_refresh` asks for it.

    Raises:
        CheckFailed: everything was counted, and does not hold what it promises.
        SystemFailure: dbt could not count: a locked file, a server that is away, a model that fails.
        InputError: the warehouse is of a kind that dbt cannot reach.
    """
    environment = dbt_environment(settings)
    project = package_files.path("dbt_project")
    as_of = settings.now.astimezone(UTC).replace(tzinfo=None)
    place = settings.private / "dbt"
    with _alone(place):
        with open_warehouse(settings) as warehouse:
            ensure_landing(warehouse)
            current = fingerprint(warehouse, project)
            refreshed = "it was asked for" if full_refresh else why_anew(warehouse, current, as_of)
            anew = refreshed or ("nothing was there yet" if is_first(warehouse) else "")
            views_stand = not anew and warehouse.engine == "duckdb" and has_added(warehouse)
            begin_run(warehouse, as_of, current, anew)
        results = place / "target" / "run_results.json"
        results.unlink(missing_ok=True)
        started = time.monotonic()
        exception = _run_dbt(arguments(project, place, bool(anew), views_stand), environment, place, progress)
        seconds = time.monotonic() - started
        if not results.exists():
            raise _broken(exception, place)
        report = read_report(results, seconds, refreshed)
        if not report.failures:
            with open_warehouse(settings) as warehouse:
                finish_run(warehouse, seconds)
    return _judged(report)


def arguments(project: Path, place: Path, full_refresh: bool, views_stand: bool = False) -> list[str]:
    """dbt's command line: all that it writes goes below `place`, nothing into the project.

    `views_stand`: each view is there as this run would make it, and stays when tables under it are made anew. That is
    so of DuckDB; PostgreSQL takes a view away with its table.
    """
    excluded = [] if full_refresh else ["tag:whole", *(["config.materialized:view"] if views_stand else [])]
    return [
        *("--no-use-colors", "--quiet", "--log-level", "none", "--no-version-check"),
        "build",
        *("--project-dir", str(project), "--profiles-dir", str(project)),
        *("--target-path", str(place / "target"), "--log-path", str(place / "logs")),
        *("--exclude-resource-type", "unit_test", "--exclude-resource-type", "exposure"),
        *(["--full-refresh"] if full_refresh else ["--exclude", *excluded]),
    ]


def _run_dbt(arguments: Sequence[str], environment: dict[str, str], place: Path, progress: Progress) -> str:
    """Run the child to its end; the text of an exception that stopped it, or nothing."""
    command = [sys.executable, "-m", "jkpi.measuring.dbt_process", *arguments]
    exception = ""
    with (place / "child.log").open("wb") as log:
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


def _judged(report: MeasureReport) -> MeasureReport:
    broken = [failure for failure in report.failures if failure.kind != "test"]
    if broken:
        raise SystemFailure(
            "measuring failed: " + "; ".join(map(str, broken)),
            hint="what depends on it was left as it was; the log is in .jkpi/dbt/logs/dbt.log",
        )
    if report.failures:
        raise CheckFailed(
            "the readings do not hold what they promise: " + "; ".join(map(str, report.failures)),
            hint="the log in .jkpi/dbt/logs/dbt.log has the SQL that finds the rows",
        )
    return report


def _broken(exception: str, place: Path) -> SystemFailure:
    """dbt did not come so far as to run anything."""
    said = (place / "child.log").read_text(encoding="utf-8", errors="replace").strip()
    lines = [line.strip() for line in (exception or said or "no reason was given").splitlines() if line.strip()]
    telling = lines[0] if exception else lines[-1]
    return SystemFailure(f"measuring could not start: {telling}", hint=f"see {place / 'logs' / 'dbt.log'}")


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """One measuring a workspace at a time: two would write the same tables and the same target folder."""
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemFailure(
                "this workspace is being measured already", hint="wait until that run is done"
            ) from None
        yield
