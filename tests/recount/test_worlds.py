"""The recount of the small worlds agrees with readings counted by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from tests.recount.readings import KEY, all_readings
from tests.recount.worlds import names, world


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_the_recount_agrees_with_readings_counted_by_hand(name: str) -> None:
    small_world = world(name)
    readings = all_readings(small_world.facts()).set_index(KEY)
    assert small_world.expected or readings.empty
    for wanted in small_world.expected:
        key = tuple(wanted[column] for column in KEY)
        if wanted["absent"]:
            assert key not in readings.index, key
            continue
        assert key in readings.index, (key, [other for other in readings.index if other[:2] == key[:2]])
        found = readings.loc[key]
        for column, text in wanted["values"].items():
            assert same(found[column], text), (key, column, found[column], text)


def same(found: object, text: str) -> bool:
    """Whether a value equals the text: a number to the digits given, `null`, a word, or a UTC timestamp."""
    if text == "null":
        return bool(pd.isna(found))  # type: ignore[call-overload]
    if isinstance(found, pd.Timestamp):
        return found == pd.Timestamp(text)
    if isinstance(found, bool | np.bool_):
        return bool(found) == (text == "yes")
    if isinstance(found, int | float | np.number):
        wanted = float(Fraction(text))  # a share can be written as it was counted: 2/3
        digits = len(text.partition(".")[2]) if "." in text and "/" not in text else 10
        return abs(float(found) - wanted) <= 0.5000001 * 10.0**-digits
    return str(found) == text
