"""Suites as they stand in `expectations/`, and the proof that Great Expectations took all of each.

Great Expectations logs an expectation that it cannot use, leaves it out and says "success": so what it loaded is
counted against the file, one expectation at a time, and whatever it dropped is a fault of the suite.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jkpi import package_files
from jkpi.quality.great_expectations import library, quietly
from jkpi.quality.volume import FLOOR

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

SEVERITIES = ("critical", "warning", "info")


@dataclass(frozen=True)
class Suite:
    """One suite. `faults` says what of the file could not be used; a suite with faults proves nothing.

    from_rows: expectation -> least number of rows it is judged on; fewer say too little about the whole.
    written: the expectations that can be used, as the file has them.
    """

    name: str
    file: Path
    gx: ExpectationSuite
    columns: frozenset[str]
    from_rows: Mapping[str, int]
    written: tuple[Mapping[str, Any], ...]
    faults: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return len(self.gx.expectations)


def name_of(expectation: Any) -> str:
    """The name that a suite gives to one of its expectations, by which results and rejected rows know it."""
    return str((expectation.meta or {})["name"])


def suite_file(name: str) -> Path:
    """Where the suite of that name is kept."""
    return package_files.path("expectations") / "suites" / f"{name}.json"


def load_suite(file: Path) -> Suite:
    """The suite of a file. What is wrong with the file is not raised but said in `faults`."""
    written, faults = _read(file)
    expectations = written.get("expectations")
    if not faults and (not isinstance(expectations, list) or not expectations):
        faults = [f"{file.name}: holds no expectations"]
    usable: list[dict[str, Any]] = []
    for number, one in enumerate(expectations if isinstance(expectations, list) else [], start=1):
        fault = _fault(one, {kept["meta"]["name"] for kept in usable})
        if fault:
            faults.append(f"{file.name}: expectation {number} ({_label(one)}): {fault}")
        else:
            usable.append(one)
    with quietly():
        gx: ExpectationSuite = library().ExpectationSuite(name=file.stem, expectations=usable, meta=written.get("meta"))
    if len(gx.expectations) != len(usable):
        faults.append(f"{file.name}: {len(gx.expectations)} of {len(usable)} expectations were loaded")
    return Suite(
        name=file.stem,
        file=file,
        gx=gx,
        columns=frozenset(column for one in usable for column in columns_of(one)),
        from_rows={one["meta"]["name"]: int(one["meta"].get("from_rows", 0)) for one in usable},
        written=tuple(usable),
        faults=tuple(faults),
    )


def parameters(now: datetime) -> dict[str, Any]:
    """The values of the suites' `$PARAMETER`s at `now` (naive UTC)."""
    return {
        "now": now,
        "latest": now + timedelta(days=1),
        "horizon": now + timedelta(days=3653),
        "floor": FLOOR,
    }


def columns_of(expectation: Mapping[str, Any]) -> list[str]:
    """The columns an expectation speaks of, those of its row condition included."""
    kwargs = expectation.get("kwargs", {})
    named = [kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs]
    named += [*kwargs.get("column_list", []), *kwargs.get("column_set", [])]
    return [*named, *_condition_columns(kwargs.get("row_condition"))]


def _condition_columns(condition: Any) -> Iterable[str]:
    if isinstance(condition, Mapping):
        if "column" in condition:
            yield condition["column"]["name"]
        for part in condition.get("conditions", []):
            yield from _condition_columns(part)


def _read(file: Path) -> tuple[dict[str, Any], list[str]]:
    try:
        written = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        return {}, [f"{file.name}: cannot be read: {error.strerror}"]
    except ValueError as error:
        return {}, [f"{file.name}: is no JSON: {error}"]
    if not isinstance(written, dict) or written.get("name") != file.stem:
        return {}, [f"{file.name}: its name must be {file.stem!r}, as the file's"]
    return written, []


def _fault(one: Any, taken: Iterable[str]) -> str | None:
    """Why Great Expectations cannot use this expectation, or jkpi cannot speak of it."""
    if not isinstance(one, dict) or not isinstance(one.get("meta"), dict) or not one["meta"].get("name"):
        return "needs a name in its meta"
    if one["meta"]["name"] in set(taken):
        return "this name is taken"
    if one.get("severity") not in SEVERITIES:
        return f"needs a severity: {', '.join(SEVERITIES)}"
    try:
        with quietly() as said:
            kept = library().ExpectationSuite(name="one", expectations=[one]).expectations
    except (ValueError, TypeError, KeyError) as error:
        return _first_lines(error)
    if not kept:
        return said.last or "Great Expectations does not know it"
    return None


def _first_lines(error: Exception) -> str:
    """What a model of Great Expectations complains of, on one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return "; ".join(lines[1:] if len(lines) > 1 else lines) or type(error).__name__


def _label(one: Any) -> str:
    if isinstance(one, dict):
        meta = one.get("meta")
        return str((meta.get("name") if isinstance(meta, dict) else None) or one.get("type") or "without a name")
    return "no expectation"
