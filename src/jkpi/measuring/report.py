"""What one run of dbt came to, read from its `run_results.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_BAD = {"error", "fail", "runtime error", "partial success"}


@dataclass(frozen=True)
class Failure:
    """A model that could not be built, or a test that did not hold. `message` is one line."""

    name: str
    kind: str
    message: str

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"


@dataclass(frozen=True)
class MeasureReport:
    """One measuring: `seconds` is wall time, `refreshed` why everything was counted anew (empty: it was not)."""

    models: int
    tests: int
    seconds: float
    refreshed: str = ""
    failures: tuple[Failure, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every model was built and every test held."""
        return not self.failures

    def lines(self) -> list[str]:
        """For people: what ran, and what failed."""
        anew = f", everything counted anew: {self.refreshed}" if self.refreshed else ""
        head = f"{self.models} models and {self.tests} tests in {self.seconds:.1f} s{anew}"
        return [head, *(f"failed: {failure}" for failure in self.failures)]


def read_report(results: Path, seconds: float, refreshed: str) -> MeasureReport:
    """The report of the run that wrote this file."""
    nodes: list[Mapping[str, Any]] = json.loads(results.read_text(encoding="utf-8"))["results"]
    ran = [node for node in nodes if node["status"] != "skipped"]
    return MeasureReport(
        models=sum(_kind(node) == "model" for node in ran),
        tests=sum(_kind(node) == "test" for node in ran),
        seconds=seconds,
        refreshed=refreshed,
        failures=tuple(Failure(_name(node), _kind(node), _message(node)) for node in nodes if node["status"] in _BAD),
    )


def _kind(node: Mapping[str, Any]) -> str:
    return str(node["unique_id"]).split(".", 1)[0]


def _name(node: Mapping[str, Any]) -> str:
    return str(node["unique_id"]).split(".")[2]


def _message(node: Mapping[str, Any]) -> str:
    """The first telling line: dbt puts the model's path before it."""
    lines = [line.strip() for line in str(node.get("message") or node["status"]).splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(("Runtime Error", "Database Error", "Compilation Error"))]
    return (telling or lines)[0]
