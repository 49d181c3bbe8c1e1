"""Run Superset with the dashboards of an example: `make superset`. It is on loopback; Ctrl-C ends it.

The pipeline may run meanwhile: `jkpi run -w WORKSPACE` publishes new data, and charts show it when they are reloaded.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from scripts.standalone import HOST, ROOT, ScriptError, echo, require_free_port
from scripts.superset_server import SupersetServer, run_superset


def main() -> int:
    """Prepare and start Superset, publish the dashboards, then wait for Ctrl-C. Returns the exit code."""
    from jkpi.errors import JkpiError

    options = parse()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    workspace = (options.workspace or ROOT / "jkpi-demo" / options.example).resolve()
    try:
        require_free_port(options.port, "JKPI_SUPERSET_PORT")
        prepare_readings(options.example if options.workspace is None else None, workspace)
        with run_superset(options.home.resolve(), options.port) as server:
            publish_example_dashboards(workspace, server)
            if options.check:
                return 0
            print_addresses(workspace, server, options.home.resolve())
            signal.pause()
    except KeyboardInterrupt:
        echo("stopped")
    except ScriptError as failure:
        echo(f"superset: {failure}")
        return 1
    except JkpiError as error:
        echo(f"superset: {error}", f"          {error.hint}")
        return error.exit_code
    return 0


def parse() -> argparse.Namespace:
    """The command line options."""
    parser = argparse.ArgumentParser(prog="dashboards.py", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--example", default="equipment_repair", help="equipment_repair or spare_parts")
    parser.add_argument("--workspace", type=Path, help="a workspace of your own instead of the example's")
    parser.add_argument("--home", type=Path, default=ROOT / ".superset" / "home", help="folder of Superset's metadata")
    parser.add_argument("--port", type=int, default=os.environ.get("JKPI_SUPERSET_PORT", "8088"))
    parser.add_argument("--check", action="store_true", help="end by itself when the dashboards are published")
    return parser.parse_args()


def prepare_readings(example: str | None, workspace: Path) -> None:
    """Create the example and measure it, unless that is done."""
    from jkpi.cli.demo import prepare_example as make_example
    from jkpi.config.settings import load_settings
    from jkpi.dashboards.publish_tables import is_measured
    from jkpi.pipeline import steps
    from jkpi.pipeline.progress import Display
    from jkpi.warehouse.open import open_warehouse

    if example is not None:
        make_example(example, workspace, Display())
    settings = load_settings(workspace)
    with open_warehouse(settings) as warehouse:
        measured = is_measured(warehouse)
    if not measured:
        echo("measuring first; this takes about a minute")
        failed = [step.error for step in steps.run(settings, Display()).steps if step.error]
        if failed:
            raise ScriptError("; ".join(str(error) for error in failed))


def publish_example_dashboards(workspace: Path, server: SupersetServer) -> None:
    """Publish like `jkpi publish dashboards`, but to this Superset."""
    from jkpi.cli.report import render_publish
    from jkpi.config.settings import load_settings
    from jkpi.config.superset import SupersetConnection
    from jkpi.pipeline.publish import publish

    connection = SupersetConnection(server.url, server.username, SecretStr(server.password))
    echo("", *render_publish(publish(replace(load_settings(workspace), superset=connection), "dashboards")))


def print_addresses(workspace: Path, server: SupersetServer, home: Path) -> None:
    """Print the addresses of the dashboards, and the login."""
    echo(
        "",
        f"  Superset    {server.url}    only from this machine ({HOST})",
        f"  user        {server.username}",
        f"  password    {server.password}",
        f"  workspace   {workspace}",
        f"  log         {home / 'superset.log'}",
        "",
        "Ctrl-C ends it.",
    )


if __name__ == "__main__":
    sys.exit(main())
