"""The result of one dbt run, read from its `run_results.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FAILED_STATUSES = {"error", "fail", "runtime error", "partial success"}


@dataclass(frozen=True)
class DbtFailure:
    """A failed model or test. message: one line."""

    name: str
    kind: str
    message: str

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"


@dataclass(frozen=True)
class MeasureReport:
    """One measure run. seconds: wall time. refresh_reason: why it was a full refresh; "" if it was incremental."""

    models: int
    tests: int
    seconds: float
    refresh_reason: str = ""
    failures: tuple[DbtFailure, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every model was built and every test passed."""
        return not self.failures

    def lines(self) -> list[str]:
        """The report as lines of text."""
        refresh_note = f", full refresh: {self.refresh_reason}" if self.refresh_reason else ""
        summary = f"{self.models} models and {self.tests} tests in {self.seconds:.1f} s{refresh_note}"
        return [summary, *(f"failed: {failure}" for failure in self.failures)]


def read_report(results: Path, seconds: float, refresh_reason: str) -> MeasureReport:
    """Read the report from the file `results`."""
    nodes: list[Mapping[str, Any]] = json.loads(results.read_text(encoding="utf-8"))["results"]
    ran = [node for node in nodes if node["status"] != "skipped"]
    return MeasureReport(
        models=sum(_kind(node) == "model" for node in ran),
        tests=sum(_kind(node) == "test" for node in ran),
        seconds=seconds,
        refresh_reason=refresh_reason,
        failures=tuple(
            DbtFailure(_name(node), _kind(node), _message(node)) for node in nodes if node["status"] in _FAILED_STATUSES
        ),
    )


def _kind(node: Mapping[str, Any]) -> str:
    return str(node["unique_id"]).split(".", 1)[0]


def _name(node: Mapping[str, Any]) -> str:
    return str(node["unique_id"]).split(".")[2]


def _message(node: Mapping[str, Any]) -> str:
    """The first specific line; dbt puts generic lines before it."""
    lines = [line.strip() for line in str(node.get("message") or node["status"]).splitlines() if line.strip()]
    specific = [line for line in lines if not line.startswith(("Runtime Error", "Database Error", "Compilation Error"))]
    return (specific or lines)[0]
