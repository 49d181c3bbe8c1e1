"""The process that runs dbt: `python -m jkpi.measuring.dbt_process ARGUMENTS...`, one JSON object a line on its stdout.

dbt keeps connections and a DuckDB file's lock for as long as its process lives; so it gets one of its own. Lines are
{"total": nodes}, {"done": name} and at the end {"success": bool, "exception": text or null}.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO


def main(arguments: Sequence[str]) -> int:
    """Run dbt with these arguments; 0 where all went well."""
    out = _own_stdout()
    from dbt.cli.main import dbtRunner

    # dbt keeps nearly all that it makes until its end: looking through it for rubbish takes an eighth of its time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)

    def say(message: dict[str, Any]) -> None:
        out.write(json.dumps(message) + "\n")
        out.flush()

    def hear(event: Any) -> None:
        if event.info.name == "ConcurrencyLine":
            say({"total": event.data.node_count})
        elif event.info.name == "NodeFinished" and event.data.node_info.materialized != "ephemeral":
            say({"done": event.data.node_info.node_name})

    result = dbtRunner(callbacks=[hear]).invoke(list(arguments))
    exception = str(result.exception) if result.exception else None
    say({"success": result.success, "exception": exception})
    return 0 if result.success else 1


def _own_stdout() -> TextIO:
    """The pipe to the parent; what anything else prints goes to stderr."""
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return pipe


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
