"""Run Airflow on an example workspace: `make airflow`. Everything is on loopback; Ctrl-C ends all of it.

With `--check` it ends by itself: it waits until each load DAG ran on its schedule, the KPI DAG followed by its Asset,
and a file receiver has the alert; then it stops. Exit code 0 means success.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
import urllib.error
from pathlib import Path

from scripts.standalone import HOST, ROOT, Api, ScriptError, echo, log_tail, require_free_port, run_standalone


def main() -> int:
    """Start Airflow, wait for Ctrl-C or for the check, and stop it in every case. Returns the exit code."""
    options = parse()
    # A shell makes background programs ignore Ctrl-C, and the parts of Airflow would inherit that.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    scratch = Path(tempfile.mkdtemp(prefix="jkpi-airflow-")) if options.check else None
    home = (options.home or (scratch / "airflow" if scratch else ROOT / ".airflow")).resolve()
    workspace = (options.workspace or (scratch or ROOT / "jkpi-demo" / "airflow") / options.example).resolve()
    try:
        require_free_port(options.port)
        if not (options.workspace and (workspace / "jkpi.yml").exists()):
            prepare_workspace(options.example, workspace)
        with run_standalone(home, workspace, options.port) as process:
            if not options.check:
                print_addresses(home, workspace, options.port)
                raise ScriptError(f"Airflow ended by itself with code {process.wait()}\n{log_tail(home)}")
            wait_for_alert(Api(options.port), workspace, options.timeout)
            code = 0
    except KeyboardInterrupt:
        echo("stopped")
        code = 130 if options.check else 0
    except ScriptError as failure:
        echo(f"airflow: {failure}", *([f"files are kept in {scratch}"] if scratch else []))
        return 1
    if scratch:
        shutil.rmtree(scratch)
    return code


def parse() -> argparse.Namespace:
    """The command line options."""
    parser = argparse.ArgumentParser(prog="airflow.py", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--example", default="equipment_repair", help="equipment_repair or spare_parts")
    parser.add_argument("--workspace", type=Path, help="a workspace of your own instead of the example's")
    parser.add_argument("--home", type=Path, help="AIRFLOW_HOME; else .airflow, or with --check a temporary folder")
    parser.add_argument("--port", type=int, default=os.environ.get("JKPI_AIRFLOW_PORT", "8080"))
    parser.add_argument("--check", action="store_true", help="end by itself: 0 if the alert arrived, else 1")
    parser.add_argument("--timeout", type=int, default=900, help="seconds that --check waits for the alert")
    return parser.parse_args()


def prepare_workspace(example: str, workspace: Path) -> None:
    """Create the workspace of the example and its synthetic data, unless they exist."""
    from jkpi.cli.demo import prepare_example as make_example
    from jkpi.errors import JkpiError
    from jkpi.pipeline.progress import Display

    try:
        make_example(example, workspace, Display())
    except JkpiError as error:
        raise ScriptError(f"{error}\n{error.hint}") from None


def print_addresses(home: Path, workspace: Path, port: int) -> None:
    """Print where Airflow, the workspace, the map and the logs are."""
    from jkpi.config.settings import load_settings

    settings = load_settings(workspace)
    echo(
        "",
        f"  Airflow     http://{HOST}:{port}    no login: every user of this machine is an admin",
        f"  workspace   {workspace}",
        *(f"  messages    {path}" for path in message_files(workspace)),
        f"  the map     {settings.site_dir}",
        f"  task logs   {home / 'logs'}",
        f"  Airflow log {home / 'standalone.log'}",
        "",
        "At the first start the load DAGs run at once and the KPI DAG follows, which takes some minutes;",
        "after that they run on their schedules, or by hand. Ctrl-C ends everything.",
    )


def message_files(workspace: Path) -> list[Path]:
    """The files of the file receivers; they exist once there are messages."""
    from jkpi.config.settings import load_settings

    return [receiver.path for receiver in load_settings(workspace).receivers.values() if receiver.path is not None]


def wait_for_alert(api: Api, workspace: Path, timeout: int) -> None:
    """Wait for the loads on schedule, for the KPI runs that their Asset events made, and for the alert."""
    end = time.monotonic() + timeout
    last_line, is_done = "", False
    while not is_done:
        if time.monotonic() > end:
            raise ScriptError(f"not done after {timeout} s: {last_line}")
        line = last_line
        # On a busy machine one request may time out; the next one succeeds.
        with contextlib.suppress(urllib.error.URLError, TimeoutError):
            line, is_done = pipeline_progress(api)
        if line != last_line:
            echo(line)
        last_line = line
        time.sleep(0 if is_done else 2)
    messages = [path for path in message_files(workspace) if path.exists() and path.stat().st_size]
    if not messages:
        raise ScriptError("every DAG ran, but no alert arrived at a file receiver")
    for path in messages:
        echo("", f"{path}:", "", path.read_text(encoding="utf-8"))


def pipeline_progress(api: Api) -> tuple[str, bool]:
    """The progress of the sources as text, and whether all of them are loaded and measured."""
    if problems := api.get("importErrors")["import_errors"]:
        raise ScriptError("\n".join(problem["stack_trace"] for problem in problems))
    runs = api.get("dags/~/dagRuns?limit=100")["dag_runs"]
    if failed := [f"{run['dag_id']} {run['dag_run_id']}" for run in runs if run["state"] == "failed"]:
        raise ScriptError(f"failed: {', '.join(failed)}")
    sources = {dag["dag_id"] for dag in api.get("dags?tags=load")["dags"]}
    # The digest also runs on a schedule, but is no load.
    on_schedule = {run["dag_id"] for run in runs if run["run_type"] == "scheduled" and run["state"] == "success"}
    loaded = on_schedule & sources
    measured = {
        event["source_dag_id"]
        for event in api.get("assets/events")["asset_events"]
        if event["created_dagruns"] and all(run["state"] == "success" for run in event["created_dagruns"])
    }
    line = f"of {len(sources)} sources: loaded on schedule {len(loaded)}, measured after that {len(measured)}"
    return line, bool(sources) and sources == loaded == measured


if __name__ == "__main__":
    sys.exit(main())
