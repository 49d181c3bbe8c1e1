"""Output of the command line: results to stdout, as text or JSON; progress and errors to stderr."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

from jkpi.errors import JkpiError, WorkspaceError
from jkpi.pipeline.progress import log


def echo(*lines: str) -> None:
    """Write lines to stdout."""
    for line in lines:
        sys.stdout.write(line + "\n")


def print_result(result: Any, lines: Iterable[str], as_json: bool) -> None:
    """Print the result of a verb: one JSON document, or its lines."""
    if as_json:
        echo(json.dumps(to_json(result), ensure_ascii=False, indent=2))
    else:
        echo(*lines)


def print_error(error: JkpiError, as_json: bool) -> None:
    """Print an error and its hint to stderr; with `--json` also a document to stdout."""
    log(f"jkpi: {error.message}")
    if error.hint:
        log(f"      {error.hint}")
    if as_json:
        problems = to_json(error.problems) if isinstance(error, WorkspaceError) else []
        document = {"error": error.message, "hint": error.hint, "problems": problems, "exit_code": error.exit_code}
        echo(json.dumps(document, ensure_ascii=False, indent=2))


def render_table(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> list[str]:
    """Rows as aligned text; `columns` maps a key to its heading. Numbers are right-aligned."""
    row_list = list(rows)
    cells = [[_format_cell(row.get(key)) for key in columns] for row in row_list]
    widths = [max(len(line[n]) for line in [list(columns.values()), *cells]) for n in range(len(columns))]
    right_aligned = [
        bool(row_list) and all(isinstance(row.get(key), int | float | None) for row in row_list) for key in columns
    ]

    def render(line: list[str]) -> str:
        padded = (text.rjust(w) if r else text.ljust(w) for text, w, r in zip(line, widths, right_aligned, strict=True))
        return "  ".join(padded).rstrip()

    return [render(line) for line in [list(columns.values()), ["-" * width for width in widths], *cells]]


def to_json(value: Any) -> Any:
    """A report, error, path or time as JSON values."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: to_json(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, JkpiError):
        return {"error": value.message, "hint": value.hint, "exit_code": value.exit_code}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_json(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Path) else value


def _format_cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return f"{value:,}" if isinstance(value, int) else str(value)
