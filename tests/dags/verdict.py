"""Run by Airflow's interpreter: how the operator ends, alone and after each exit code of the check before it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from jkpi_wiring import JkpiOperator


class Instance:
    """The part of a task instance that the operator uses."""

    def __init__(self, exit_code: int | None) -> None:
        self.exit_code = exit_code

    def xcom_pull(self, **_: Any) -> int | None:
        return self.exit_code

    def xcom_push(self, **_: Any) -> None:
        return


def ending(exit_code: int | None, **arguments: Any) -> str | None:
    """The name of the exception, if any."""
    try:
        JkpiOperator(task_id="measure", arguments=["measure"], **arguments).execute({"ti": Instance(exit_code)})
    except Exception as error:  # noqa: BLE001 - which one it is, is the answer
        return type(error).__name__
    return None


if __name__ == "__main__":
    after = {str(exit_code): ending(exit_code, after_check="check_landing") for exit_code in (0, 1, 2, 3, None)}
    Path(sys.argv[1]).write_text(json.dumps({"alone": ending(None), "after": after}), encoding="utf-8")
