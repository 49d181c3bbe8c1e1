"""Each example is generated once for all tests of this folder."""

from __future__ import annotations

import json

import pytest

from jkpi.synthetic.clock import make_clock
from jkpi.synthetic.generator import build_scenario, generate
from jkpi.synthetic.ground_truth import AS_OF, EXAMPLE_DROPS, EXAMPLES, FIRST_DAY
from jkpi.synthetic.random_streams import RandomStreams
from tests.synthetic.example import Example


@pytest.fixture(scope="session", params=EXAMPLES)
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Example:
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    generate(name, folder)
    clock = make_clock(EXAMPLE_DROPS[name].timezone, FIRST_DAY, AS_OF)
    expected = json.loads((folder / "data" / "EXPECTED.json").read_text(encoding="utf-8"))
    return Example(name, folder, expected, clock, build_scenario(name, RandomStreams(name, 7), clock))
