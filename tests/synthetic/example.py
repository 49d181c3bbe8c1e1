"""An example that was generated, as the tests of this folder read it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jkpi.synthetic.clock import ZoneClock
from jkpi.synthetic.generator import build_scenario
from jkpi.synthetic.random_streams import RandomStreams
from jkpi.synthetic.scenario import Scenario


@dataclass(frozen=True)
class Example:
    """An example as files, as the content of EXPECTED.json, and as the scenario behind them."""

    name: str
    folder: Path
    expected: dict[str, Any]
    clock: ZoneClock

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @cached_property
    def scenario(self) -> Scenario:
        """Built when a test asks for it: most read the files alone."""
        return build_scenario(self.name, RandomStreams(self.name, 7), self.clock)
