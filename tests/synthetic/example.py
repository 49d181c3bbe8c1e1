"""An example that was generated, as the tests of this folder read it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jkpi.synthetic.clock import ZoneClock
from jkpi.synthetic.scenario import Scenario


@dataclass(frozen=True)
class Example:
    """An example as files, as the content of EXPECTED.json, and as the scenario behind them."""

    name: str
    folder: Path
    expected: dict[str, Any]
    clock: ZoneClock
    scenario: Scenario

    @property
    def data(self) -> Path:
        return self.folder / "data"
