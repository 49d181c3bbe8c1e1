"""A page opened in a browser and read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-sync"),
]
_HARVEST = Path(__file__).with_name("harvest.js")

Shown = dict[str, Any]
"""The texts of a page, as harvest.js reads them."""


def read_page(page: Path) -> tuple[Shown, list[str]]:
    """The texts of the page; and errors of its script and requests to other addresses."""
    with empty_page() as opened:
        wrong: list[str] = []
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.on("request", lambda request: wrong.append(request.url) if request.url != page.as_uri() else None)
        opened.goto(page.as_uri())
        shown: Shown = opened.evaluate(_HARVEST.read_text(encoding="utf-8"))
    return shown, wrong


@contextmanager
def empty_page() -> Iterator[Page]:
    """An empty page of a fresh browser; the test is skipped where there is none."""
    place = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)
    if place is None:
        pytest.skip("no Chromium on the PATH: install it (apt-get install chromium) to read the pages in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=place, args=QUIET)
        yield browser.new_page()
        browser.close()
