"""`jkpi demo`: an example from its data to its alert and its map."""

from __future__ import annotations

import shutil
from pathlib import Path

from jkpi.cli import report
from jkpi.cli.init import make_workspace
from jkpi.cli.output import complain, give
from jkpi.config.settings import WORKSPACE_FILE, load_settings
from jkpi.pipeline import steps
from jkpi.pipeline.progress import Display


def prepare(example: str, directory: Path, display: Display) -> None:
    """Make the example's workspace and its synthetic data, each where it is missing."""
    from jkpi.synthetic.generator import generate

    if not (directory / WORKSPACE_FILE).exists():
        make_workspace(directory, example)
    if not (directory / "data").exists():
        unfinished = directory / ".unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        with display.step("make data"):
            generate(example, unfinished)
        (unfinished / "data").rename(directory / "data")
        shutil.rmtree(unfinished)


def demonstrate(example: str, directory: Path, display: Display, as_json: bool) -> int:
    """Make the workspace and its synthetic data where they are missing, run the whole line, show what came of it.

    Returns the exit code.
    """
    prepare(example, directory, display)
    settings = load_settings(directory)
    done = steps.run(settings, display)
    messages = [
        line
        for receiver in settings.receivers.values()
        if receiver.path is not None and receiver.path.exists()
        for line in ["", f"{receiver.path}:", "", *receiver.path.read_text(encoding="utf-8").splitlines()]
    ]
    pages = sorted(str(page) for page in settings.output.glob("*.html"))
    lines = [*report.run_lines(done), *messages, "", "open the map in a browser:", *(f"  {page}" for page in pages)]
    give({"run": done, "workspace": directory, "messages": messages, "pages": pages}, lines, as_json)
    for step in done.steps:
        if step.error:
            complain(step.error, False)
    return done.exit_code
