from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd

from jkpi.config.settings import Settings
from jkpi.quality.docs import build_docs
from jkpi.quality.incoming import incoming_validator
from jkpi.quality.landing import check_landing
from jkpi.quality.report import insert_rows
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse

Put = Callable[..., None]


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


def links(page: Path) -> list[str]:
    parser = Links()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser.found


def checked(settings: Settings) -> None:
    """A source with a lost day, and a batch of it with one row that has no id."""
    days = [datetime(2026, 1, 1, 9) + timedelta(days=n) for n in range(180) if n != 100]
    chunk = pd.DataFrame({"event_id": ["1", None], "touchpoint": "<b>x</b>", "occurred_at": datetime(2026, 5, 1)})
    with open_warehouse(settings) as warehouse:
        ensure_landing(warehouse)
        insert_rows(
            warehouse,
            "touchpoint_events",
            [{"event_id": f"{day}{n}", "source": "visits", "occurred_at": day} for day in days for n in range(30)],
        )
        for batch in ("one", "two"):
            found = incoming_validator(settings)("touchpoints", "visits", chunk)
            rows = [{"run_id": batch, **row, "batch_id": batch} for row in found.results]
            insert_rows(warehouse, "quality_results", rows)
        check_landing(settings, warehouse)


def test_docs_show_failed_expectations_and_work_offline(settings: Settings) -> None:
    checked(settings)

    index = build_docs(settings)

    assert index == settings.site_dir / "data_docs" / "index.html"
    text = index.read_text(encoding="utf-8")
    # Both batches of that moment, together.
    assert "<b>event_has_id</b> (warning): 2 of 4 rows, such as event_id (none)" in text
    assert "An event without an id cannot be identified." in text
    assert "2026-04-11: 0 rows, usually 30" in text
    pages = list(index.parent.rglob("*.html"))
    assert len(pages) == 1 + 3 + 3
    for page in pages:
        source = page.read_text(encoding="utf-8")
        assert not re.search(r"<script|<link\b[^>]*http|src=\"http|url\(.?http", source), page
        for link in links(page):
            if not link.startswith(("#", "http")):
                assert (page.parent / link).exists(), f"{page}: {link}"


def test_the_pages_of_great_expectations_show_the_same(settings: Settings) -> None:
    checked(settings)
    folder = build_docs(settings).parent

    (page,) = (folder / "validations" / "incoming_touchpoints").rglob("*.html")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))

    assert "2 unexpected values found. 50% of 4 total rows." in text
    assert "Data asset: visits" in text
    assert "2026-07-01T06:00:00" in text
    assert "$PARAMETER" not in text


def test_only_the_last_check_is_shown_and_old_pages_go(settings: Settings) -> None:
    checked(settings)
    build_docs(settings)
    later = replace(settings, now=settings.now + timedelta(days=1))
    with open_warehouse(later) as warehouse:
        check_landing(later, warehouse)

    folder = build_docs(later).parent

    assert [page.parent.name for page in (folder / "validations" / "landing_sources").rglob("*.html")] == [
        "20260701T060000.000000Z"
    ]
    assert not folder.with_name("data_docs.new").exists()


def test_index_before_any_check(settings: Settings) -> None:
    assert "Nothing has been checked yet." in build_docs(settings).read_text(encoding="utf-8")


def test_index_marks_synthetic_data(settings: Settings) -> None:
    pages: dict[bool, Any] = {
        is_synthetic: build_docs(replace(settings, synthetic=is_synthetic)).read_text(encoding="utf-8")
        for is_synthetic in (True, False)
    }

    assert "synthetic" in pages[True]
    assert "synthetic" not in pages[False]
