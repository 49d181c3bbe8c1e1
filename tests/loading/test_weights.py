"""Survey weights: rows whose weight cannot be used are rejected with their reason."""

from __future__ import annotations

from typing import Any

import pytest

WEIGHTED = """
source: weighted
kind: responses
from: {files: "data/weighted.csv"}
columns: {response_id: number, responded_at: answered, score: score, weight: w}
constants: {survey: quarterly, question: overall}
scale: [1, 5]
"""


def _weights() -> list[tuple[str, dict[str, int], float | None]]:
    return [
        ("1.5", {}, 1.5),
        ("0.000001", {}, 1e-6),
        ("", {"missing weight": 1}, None),
        ("0", {"weight is not above zero": 1}, None),
        ("-1", {"weight is not above zero": 1}, None),
        ("heavy", {"weight is not a number": 1}, None),
        ("inf", {"weight is not a number": 1}, None),
        ("nan", {"weight is not a number": 1}, None),
        ("1e9", {"weight is out of range": 1}, None),
        ("1e-9", {"weight is out of range": 1}, None),
    ]


@pytest.mark.parametrize(("weight", "reasons", "landed"), _weights())
def test_a_weight_is_positive_and_finite(
    place: Any, weight: str, reasons: dict[str, int], landed: float | None
) -> None:
    place.write("data/weighted.csv", f"number,answered,score,w\n1,2026-06-01,4,{weight}\n")
    (report,) = place.load(WEIGHTED)
    assert dict(report.reasons) == reasons
    assert [row["weight"] for row in place.rows("weight", table="survey_responses")] == ([landed] if landed else [])
