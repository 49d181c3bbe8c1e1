"""A workspace with `as_of`: what is dated later has not happened yet, so it is no mistake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jkpi.config.settings import Settings, load_settings
from jkpi.loading.report import rejected_warning
from jkpi.loading.sample import sample_source
from tests.loading.conftest import NOW, ROWS, TICKETS

LATER = ROWS + "4,ben,B,Closed,web,20/07/2026 10:00,low\n"


def test_a_later_closing_lands_and_is_neither_rejected_nor_warned_of(each: Any) -> None:
    each.later(workspace_now=NOW, clock=NOW + timedelta(days=100))
    each.write("data/one.csv", LATER)
    (report,) = each.load()
    assert (report.read, report.loaded, report.rejected, report.warnings) == (4, 4, 0, ())
    assert rejected_warning([report]) is None
    assert each.reasons() == {}
    sample = sample_source(each.source(TICKETS), each.settings)
    assert (sample.errors, sample.warnings) == ((), ())


def test_without_as_of_a_later_row_is_a_mistake(each: Any) -> None:
    each.write("data/one.csv", LATER)
    (report,) = each.load()
    assert (report.loaded, report.reasons) == (3, {"date in the future": 1})


def test_a_row_that_waited_is_a_duplicate_when_as_of_is_later(each: Any) -> None:
    each.later(workspace_now=NOW, clock=NOW + timedelta(days=100))
    each.write("data/one.csv", LATER)
    each.load()
    each.later(now=NOW + timedelta(days=30), workspace_now=NOW + timedelta(days=30))
    each.write("data/two.csv", LATER + "5,anna,C,New,web,21/07/2026 10:00,low\n")
    _, report = each.load()
    assert (report.loaded, report.duplicates, report.rejected) == (1, 4, 0)


AS_OF = datetime(2026, 6, 30, 6, tzinfo=UTC)
DAY, YEAR = timedelta(days=1), timedelta(days=365)
LATEST = [
    ("no as_of", {}, AS_OF + DAY),
    ("as_of behind the clock", {"workspace_now": AS_OF, "clock": AS_OF + 3 * YEAR}, AS_OF + 3 * YEAR + DAY),
    ("as_of ahead of the clock", {"workspace_now": AS_OF, "clock": AS_OF - YEAR}, AS_OF + YEAR + DAY),
    ("as_of shortly before", {"workspace_now": AS_OF, "clock": AS_OF + DAY}, AS_OF + YEAR + DAY),
]


@pytest.mark.parametrize(("case", "known", "latest"), LATEST, ids=[case for case, _, _ in LATEST])
def test_the_latest_time_of_a_row(case: str, known: dict[str, datetime], latest: datetime) -> None:
    settings = Settings(Path("/w"), "w", "duckdb:///w", "sqlite://", Path("/w/site"), AS_OF, **known)  # type: ignore[arg-type]
    assert settings.latest_row_time == latest


def test_the_clock_is_known_where_as_of_fixes_another_time(tmp_path: Path) -> None:
    (tmp_path / "jkpi.yml").write_text("workspace: w\n")
    assert load_settings(tmp_path).clock is None
    (tmp_path / "jkpi.yml").write_text("workspace: w\nas_of: 2020-06-30T06:00:00Z\n")
    fixed = load_settings(tmp_path)
    assert fixed.clock is not None
    assert fixed.latest_row_time > datetime.now(UTC)
