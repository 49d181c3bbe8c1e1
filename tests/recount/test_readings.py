"""Every reading of the examples against the recount."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.recount.compare import label_differences, number_differences, read_readings, side_by_side, unmatched
from tests.recount.durations import KEY as DURATION_KEY
from tests.recount.durations import LABELS as DURATION_LABELS
from tests.recount.durations import NUMBERS as DURATION_NUMBERS
from tests.recount.durations import duration_counts, read_durations
from tests.recount.early import KEY as EARLY_KEY
from tests.recount.early import LABELS as EARLY_LABELS
from tests.recount.early import NUMBERS as EARLY_NUMBERS
from tests.recount.early import early_readings, read_early
from tests.recount.facts import Facts, read_facts
from tests.recount.readings import KEY, LABELS, NUMBERS, all_readings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["equipment_repair", "spare_parts"])
def counted(request: pytest.FixtureRequest, demo_folder: Callable[[str], Path]) -> tuple[Facts, str]:
    """Facts and warehouse URL of an example that was loaded, checked and measured. The tests only read."""
    folder = demo_folder(request.param)
    url = f"duckdb:///{folder / 'warehouse.duckdb'}"
    return read_facts(folder, url), url


@pytest.fixture(scope="module")
def sides(counted: tuple[Facts, str]) -> pd.DataFrame:
    """The product's readings beside those of the recount."""
    facts, url = counted
    return side_by_side(all_readings(facts), read_readings(url, facts.versions[-1].document["journey"]))


def test_both_have_the_same_readings(sides: pd.DataFrame) -> None:
    assert unmatched(sides).empty, unmatched(sides).head(20).to_string()
    assert len(sides) > 1000
    assert not sides.duplicated(KEY).any()


@pytest.mark.parametrize("number", NUMBERS)
def test_both_have_the_same_numbers(sides: pd.DataFrame, number: str) -> None:
    assert number_differences(sides, number).empty, number_differences(sides, number).head(20).to_string()


@pytest.mark.parametrize("word", [*LABELS, "matures_at", "status"])
def test_both_have_the_same_labels(sides: pd.DataFrame, word: str) -> None:
    assert label_differences(sides, word).empty, label_differences(sides, word).head(20).to_string()


def test_both_have_the_same_early_readings(counted: tuple[Facts, str]) -> None:
    facts, url = counted
    product = read_early(url, facts.versions[-1].document["journey"])
    sides = side_by_side(early_readings(facts), product, EARLY_KEY)
    assert unmatched(sides).empty, unmatched(sides).head(20).to_string()
    # The repair's moment of truth waits half a day: no early age is a day before that.
    assert len(sides) > 1000 or facts.versions[-1].document["journey"] == "equipment_repair"
    found = {column: number_differences(sides, column) for column in EARLY_NUMBERS}
    found |= {column: label_differences(sides, column) for column in EARLY_LABELS}
    assert all(frame.empty for frame in found.values()), found


def test_both_have_the_same_duration_histograms(counted: tuple[Facts, str]) -> None:
    facts, url = counted
    product = read_durations(url, facts.versions[-1].document["journey"])
    sides = side_by_side(duration_counts(facts), product, DURATION_KEY)
    assert unmatched(sides).empty, unmatched(sides).head(20).to_string()
    # No moment of the spare parts is about a duration.
    assert len(sides) > 1000 or facts.versions[-1].document["journey"] == "spare_parts"
    assert not sides.duplicated(DURATION_KEY).any()
    found = {column: number_differences(sides, column) for column in DURATION_NUMBERS}
    found |= {column: label_differences(sides, column) for column in DURATION_LABELS}
    assert all(frame.empty for frame in found.values()), found
