"""Run by Airflow's interpreter: how the operator ends, alone and after each verdict of the check before it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from jkpi_wiring import JkpiOperator


class Instance:
    """As much of a task instance as the operator asks for."""

    def __init__(self, verdict: int | None) -> None:
        self.verdict = verdict

    def xcom_pull(self, **_: Any) -> int | None:
        return self.verdict

    def xcom_push(self, **_: Any) -> None:
        return


def ending(verdict: int | None, **arguments: Any) -> str | None:
    """The name of the exception, if any."""
    try:
        JkpiOperator(task_id="measure", arguments=["measure"], **arguments).execute({"ti": Instance(verdict)})
    except Exception as error:  # noqa: BLE001 - which one it is, is the answer
        return type(error).__name__
    return None


if __name__ == "__main__":
    after = {str(verdict): ending(verdict, after_check="check_landing") for verdict in (0, 1, 2, 3, None)}
    Path(sys.argv[1]).write_text(json.dumps({"alone": ending(None), "after": after}), encoding="utf-8")
