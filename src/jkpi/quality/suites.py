"""Read the suites of `expectations/` and verify that Great Expectations loaded every expectation.

Great Expectations only logs an expectation that it cannot use, drops it and reports success. So each expectation is
loaded alone, and a dropped one is a fault of the suite.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jkpi import package_files
from jkpi.quality.great_expectations import load_gx, silenced
from jkpi.quality.volume import MIN_RATIO

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

SEVERITIES = ("critical", "warning", "info")


@dataclass(frozen=True)
class Suite:
    """One suite.

    min_rows: expectation -> smallest number of rows it is checked on.
    expectations: the usable expectations, as in the file.
    faults: what could not be used; a suite with faults must not be trusted.
    """

    name: str
    file: Path
    gx: ExpectationSuite
    columns: frozenset[str]
    min_rows: Mapping[str, int]
    expectations: tuple[Mapping[str, Any], ...]
    faults: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return len(self.gx.expectations)


def expectation_name(expectation: Any) -> str:
    """The name of an expectation in its suite; results and rejected rows refer to it."""
    return str((expectation.meta or {})["name"])


def suite_file(name: str) -> Path:
    """The file of the suite `name`."""
    return package_files.package_folder("expectations") / "suites" / f"{name}.json"


def load_suite(file: Path) -> Suite:
    """Load a suite. Problems of the file do not raise; they are listed in `faults`."""
    content, faults = _read_suite_file(file)
    expectations = content.get("expectations")
    if not faults and (not isinstance(expectations, list) or not expectations):
        faults = [f"{file.name}: has no expectations"]
    usable: list[dict[str, Any]] = []
    for number, expectation in enumerate(expectations if isinstance(expectations, list) else [], start=1):
        fault = _fault(expectation, {usable_expectation["meta"]["name"] for usable_expectation in usable})
        if fault:
            faults.append(f"{file.name}: expectation {number} ({_label(expectation)}): {fault}")
        else:
            usable.append(expectation)
    with silenced():
        gx: ExpectationSuite = load_gx().ExpectationSuite(name=file.stem, expectations=usable, meta=content.get("meta"))
    if len(gx.expectations) != len(usable):
        faults.append(f"{file.name}: {len(gx.expectations)} of {len(usable)} expectations were loaded")
    return Suite(
        name=file.stem,
        file=file,
        gx=gx,
        columns=frozenset(column for expectation in usable for column in expectation_columns(expectation)),
        min_rows={expectation["meta"]["name"]: int(expectation["meta"].get("min_rows", 0)) for expectation in usable},
        expectations=tuple(usable),
        faults=tuple(faults),
    )


def suite_parameters(now: datetime, latest: datetime | None = None) -> dict[str, Any]:
    """The values of the suites' `$PARAMETER`s at `now`. latest: the latest time that a row can have; None: a day after
    `now`. Times are naive UTC."""
    return {
        "now": now,
        "latest": latest or now + timedelta(days=1),
        "horizon": now + timedelta(days=3653),
        "min_ratio": MIN_RATIO,
    }


def expectation_columns(expectation: Mapping[str, Any]) -> list[str]:
    """The columns an expectation uses, including those of its row condition."""
    kwargs = expectation.get("kwargs", {})
    columns = [kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs]
    columns += [*kwargs.get("column_list", []), *kwargs.get("column_set", [])]
    return [*columns, *_condition_columns(kwargs.get("row_condition"))]


def _condition_columns(condition: Any) -> Iterable[str]:
    if isinstance(condition, Mapping):
        if "column" in condition:
            yield condition["column"]["name"]
        for condition_part in condition.get("conditions", []):
            yield from _condition_columns(condition_part)


def _read_suite_file(file: Path) -> tuple[dict[str, Any], list[str]]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        return {}, [f"{file.name}: cannot be read: {error.strerror}"]
    except ValueError as error:
        return {}, [f"{file.name}: not valid JSON: {error}"]
    if not isinstance(content, dict) or content.get("name") != file.stem:
        return {}, [f"{file.name}: its name must be {file.stem!r}, the name of the file"]
    return content, []


def _fault(expectation: Any, taken_names: Iterable[str]) -> str | None:
    """Why this expectation cannot be used; None if it can."""
    if (
        not isinstance(expectation, dict)
        or not isinstance(expectation.get("meta"), dict)
        or not expectation["meta"].get("name")
    ):
        return "needs a name in its meta"
    if expectation["meta"]["name"] in set(taken_names):
        return "another expectation has this name"
    if expectation.get("severity") not in SEVERITIES:
        return f"needs a severity: {', '.join(SEVERITIES)}"
    try:
        with silenced() as captured:
            kept = load_gx().ExpectationSuite(name="one", expectations=[expectation]).expectations
    except (ValueError, TypeError, KeyError) as error:
        return _one_line(error)
    if not kept:
        return captured.last or "unknown to Great Expectations"
    return None


def _one_line(error: Exception) -> str:
    """The error of a Great Expectations model on one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return "; ".join(lines[1:] if len(lines) > 1 else lines) or type(error).__name__


def _label(expectation: Any) -> str:
    if isinstance(expectation, dict):
        meta = expectation.get("meta")
        return str(
            (meta.get("name") if isinstance(meta, dict) else None) or expectation.get("type") or "without a name"
        )
    return "not an expectation"
