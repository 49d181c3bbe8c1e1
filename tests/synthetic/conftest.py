"""Each example generated once for all tests here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jkpi.synthetic.clock import Clock, clock
from jkpi.synthetic.generator import build_story, generate
from jkpi.synthetic.ground_truth import AS_OF, EXAMPLES, FIRST_DAY, PLANTED
from jkpi.synthetic.random_streams import Chance
from jkpi.synthetic.scenario import Story


@dataclass(frozen=True)
class Example:
    """An example as files, as EXPECTED.json tells it, and as the story it was made from."""

    name: str
    folder: Path
    expected: dict[str, Any]
    clock: Clock
    story: Story

    @property
    def data(self) -> Path:
        return self.folder / "data"


@pytest.fixture(scope="session", params=EXAMPLES)
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Example:
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    generate(name, folder)
    here = clock(PLANTED[name].timezone, FIRST_DAY, AS_OF)
    expected = json.loads((folder / "data" / "EXPECTED.json").read_text(encoding="utf-8"))
    return Example(name, folder, expected, here, build_story(name, Chance(name, 7), here))
