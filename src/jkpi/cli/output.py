"""What the command line says: results to stdout, for people or as JSON; progress and errors to stderr."""

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
from jkpi.pipeline.progress import note


def say(*lines: str) -> None:
    """Lines for people, to stdout."""
    for line in lines:
        sys.stdout.write(line + "\n")


def give(result: Any, lines: Iterable[str], as_json: bool) -> None:
    """The result of a verb: one JSON document, or its lines."""
    if as_json:
        say(json.dumps(plain(result), ensure_ascii=False, indent=2))
    else:
        say(*lines)


def complain(error: JkpiError, as_json: bool) -> None:
    """An error: what, where and what next; with `--json` as a document as well."""
    note(f"jkpi: {error.message}")
    if error.hint:
        note(f"      {error.hint}")
    if as_json:
        problems = plain(error.problems) if isinstance(error, WorkspaceError) else []
        document = {"error": error.message, "hint": error.hint, "problems": problems, "exit_code": error.exit_code}
        say(json.dumps(document, ensure_ascii=False, indent=2))


def table(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> list[str]:
    """Rows as aligned text; `columns` maps a key to its heading. Numbers stand to the right."""
    listed = list(rows)
    cells = [[_cell(row.get(key)) for key in columns] for row in listed]
    widths = [max(len(line[n]) for line in [list(columns.values()), *cells]) for n in range(len(columns))]
    right = [bool(listed) and all(isinstance(row.get(key), int | float | None) for row in listed) for key in columns]

    def render(line: list[str]) -> str:
        spaced = (text.rjust(w) if r else text.ljust(w) for text, w, r in zip(line, widths, right, strict=True))
        return "  ".join(spaced).rstrip()

    return [render(line) for line in [list(columns.values()), ["-" * width for width in widths], *cells]]


def plain(value: Any) -> Any:
    """Anything of ours as what JSON knows."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, JkpiError):
        return {"error": value.message, "hint": value.hint, "exit_code": value.exit_code}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Path) else value


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return f"{value:,}" if isinstance(value, int) else str(value)
