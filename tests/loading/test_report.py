"""The numbers of a batch report add up, or the batch does not land."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jkpi.errors import SystemFailure
from jkpi.loading.report import BatchReport, StagedCounts, balanced_report, count_reasons, rejected_warning

NOTHING = StagedCounts(read=0, skipped=0, rows=0, duplicates=0, conflicts=0, rejects=0, new_rejects_by_reason={})


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param({}, (0, 0, 0, 0), id="nothing"),
        pytest.param({"read": 3, "rows": 3}, (3, 0, 0, 0), id="all rows are new"),
        pytest.param({"read": 3, "rows": 3, "duplicates": 2}, (1, 0, 2, 0), id="repeated rows"),
        pytest.param({"read": 5, "rows": 3, "skipped": 2}, (3, 0, 0, 2), id="skipped rows"),
        pytest.param(
            {"read": 4, "rows": 2, "rejects": 2, "new_rejects_by_reason": {"missing date": 2}},
            (2, 2, 0, 0),
            id="rejected rows",
        ),
        pytest.param(
            {"read": 4, "rows": 2, "rejects": 2, "new_rejects_by_reason": {"missing date": 1}},
            (2, 1, 1, 0),
            id="a reject that is known counts as duplicate",
        ),
        pytest.param(
            {"read": 3, "rows": 3, "conflicts": 1, "rejects": 1, "new_rejects_by_reason": {"same id": 1}},
            (2, 1, 0, 0),
            id="a conflict is staged as row and as reject",
        ),
    ],
)
def test_counts_of_a_batch_add_up(counts: dict[str, object], expected: tuple[int, int, int, int]) -> None:
    report = balanced_report(replace(NOTHING, **counts), "tickets", "a.csv", "b1", ["careful"])  # type: ignore[arg-type]
    assert (report.loaded, report.rejected, report.duplicates, report.skipped) == expected
    assert (report.source, report.origin, report.batch_id, report.status) == ("tickets", "a.csv", "b1", "loaded")
    assert report.warnings == ("careful",)


@pytest.mark.parametrize("counts", [{"read": 1}, {"rows": 1}, {"read": 2, "rows": 2, "conflicts": 1}])
def test_counts_that_do_not_add_up_are_an_error(counts: dict[str, int]) -> None:
    with pytest.raises(SystemFailure, match=r"a\.csv: the numbers do not add up, so nothing was loaded"):
        balanced_report(replace(NOTHING, **counts), "tickets", "a.csv", "b1")  # type: ignore[arg-type]


def batch(read: int, **reasons: int) -> BatchReport:
    return BatchReport("tickets", "a.csv", "loaded", read=read, rejected=sum(reasons.values()), reasons=reasons)


def test_reasons_are_summed_over_batches_most_frequent_first() -> None:
    assert list(count_reasons([batch(9, late=1, odd=2), batch(9, late=3)]).items()) == [("late", 4), ("odd", 2)]


@pytest.mark.parametrize(
    ("read", "rejected", "warning"),
    [(0, 0, None), (100, 5, None), (100, 6, "6.0 % of the rows were rejected (6 of 100)")],
)
def test_many_rejects_are_a_warning(read: int, rejected: int, warning: str | None) -> None:
    assert rejected_warning([batch(read, late=rejected)]) == warning
