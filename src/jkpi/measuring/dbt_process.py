"""The process that runs dbt: `python -m jkpi.measuring.dbt_process PARSED_PROJECT ARGUMENTS...`, one JSON object a line
on its stdout.

dbt keeps connections and a DuckDB file's lock for as long as its process lives; so it gets one of its own. Lines are
{"total": nodes}, {"done": name} and at the end {"success": bool, "exception": text or null}.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from jkpi.measuring.parsed_project import keep_parsed_project, read_parsed_project


def main(parsed_project: Path, arguments: Sequence[str]) -> int:
    """Run dbt with these arguments; 0 where all went well. It parses the project only if parsed_project does not
    exist; what it parsed is then kept there."""
    out = _claim_stdout()
    from dbt.cli.main import dbtRunner

    # dbt keeps nearly all that it makes until its end: looking through it for rubbish takes an eighth of its time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)

    def write_message(message: dict[str, Any]) -> None:
        out.write(json.dumps(message) + "\n")
        out.flush()

    def on_event(event: Any) -> None:
        if event.info.name == "ConcurrencyLine":
            write_message({"total": event.data.node_count})
        elif event.info.name == "NodeFinished" and event.data.node_info.materialized != "ephemeral":
            write_message({"done": event.data.node_info.node_name})

    manifest = read_parsed_project(parsed_project)
    result = dbtRunner(manifest=manifest, callbacks=[on_event]).invoke(list(arguments))
    if manifest is None and result.exception is None:
        keep_parsed_project(parsed_project, Path(arguments[arguments.index("--target-path") + 1]))
    exception = str(result.exception) if result.exception else None
    write_message({"success": result.success, "exception": exception})
    return 0 if result.success else 1


def _claim_stdout() -> TextIO:
    """The pipe to the parent; what anything else prints goes to stderr."""
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return pipe


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
