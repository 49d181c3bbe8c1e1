"""Each example is generated once for all tests of this folder, whichever worker asks first."""

from __future__ import annotations

import json

import pytest

from jkpi.synthetic.clock import make_clock
from jkpi.synthetic.generator import generate
from jkpi.synthetic.ground_truth import AS_OF, EXAMPLE_DROPS, EXAMPLES, FIRST_DAY
from tests.shared import shared_folder
from tests.synthetic.example import Example


@pytest.fixture(scope="session", params=EXAMPLES)
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Example:
    name = request.param
    with shared_folder(tmp_path_factory, f"generated_{name}") as folder:
        file = folder / "data" / "EXPECTED.json"
        if not (folder / "ready").exists():
            generate(name, folder)
            (folder / "ready").touch()
    clock = make_clock(EXAMPLE_DROPS[name].timezone, FIRST_DAY, AS_OF)
    return Example(name, folder, json.loads(file.read_text(encoding="utf-8")), clock)
