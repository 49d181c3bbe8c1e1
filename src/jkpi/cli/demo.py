"""`jkpi demo`: an example from data to alert and living map."""

from __future__ import annotations

import shutil
from pathlib import Path

from jkpi.cli import report
from jkpi.cli.init import create_workspace
from jkpi.cli.output import print_error, print_result
from jkpi.config.settings import WORKSPACE_FILE, load_settings
from jkpi.pipeline import steps
from jkpi.pipeline.progress import Display


def prepare_example(example: str, directory: Path, display: Display) -> None:
    """Create the workspace of the example and its synthetic data, unless they exist."""
    from jkpi.synthetic.generator import generate

    if not (directory / WORKSPACE_FILE).exists():
        create_workspace(directory, example)
    if not (directory / "data").exists():
        unfinished = directory / ".unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        with display.step("make data"):
            generate(example, unfinished)
        (unfinished / "data").rename(directory / "data")
        shutil.rmtree(unfinished)


def run_demo(example: str, directory: Path, display: Display, as_json: bool) -> int:
    """Create the example if needed, run all steps and print the messages and pages.

    Returns:
        The exit code.
    """
    prepare_example(example, directory, display)
    settings = load_settings(directory)
    run_report = steps.run(settings, display)
    messages = [
        line
        for receiver in settings.receivers.values()
        if receiver.path is not None and receiver.path.exists()
        for line in ["", f"{receiver.path}:", "", *receiver.path.read_text(encoding="utf-8").splitlines()]
    ]
    pages = sorted(str(page) for page in settings.site_dir.glob("*.html"))
    lines = [
        *report.render_run(run_report),
        *messages,
        "",
        "open the living map in a browser:",
        *(f"  {page}" for page in pages),
    ]
    print_result({"run": run_report, "workspace": directory, "messages": messages, "pages": pages}, lines, as_json)
    for step in run_report.steps:
        if step.error:
            print_error(step.error, False)
    return run_report.exit_code
