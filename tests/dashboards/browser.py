"""A dashboard in a real browser: signed in, tab by tab, every chart waited for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTH = 1600
SECONDS = 120_000

SHOWN = """[...document.querySelectorAll('.dashboard-component-chart-holder')]
  .filter(e => e.offsetParent && e.querySelector('.chart-slice'))"""

SETTLED = (
    f"() => {SHOWN}"
    """.every(e => !e.querySelector('.loading, [data-test="loading-indicator"]')
  && e.querySelector('canvas, table, svg, .header-line, [role=alert], .ant-empty, .ant-alert'))"""
)

CHARTS = (
    f"() => {SHOWN}"
    """.map(e => ({
  name: (e.querySelector('[data-test="editable-title-input"], .header-title')?.textContent || '').trim(),
  drawn: !!e.querySelector('canvas, tbody tr, .header-line'),
  text: e.innerText.replace(/\\s+/g, ' ').slice(0, 400),
  alert: !!e.querySelector('[role=alert], .ant-alert-error'),
}))"""
)

HEIGHT = """() => Math.max(...[...document.querySelectorAll('.dashboard-component-chart-holder, .dashboard-markdown')]
  .filter(e => e.offsetParent).map(e => e.getBoundingClientRect().bottom + window.scrollY)) + 40"""


@dataclass
class Seen:
    """What a tab showed. `charts`: (name, its text); `empty`: the names of charts that drew nothing."""

    tab: str
    charts: list[tuple[str, str]] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)


def chromium() -> str | None:
    """Where it is, if anywhere."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


@contextmanager
def signed_in(url: str, username: str, password: str) -> Iterator[Page]:
    """A page of a fresh browser in which the user is signed in."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        page = browser.new_context(viewport={"width": WIDTH, "height": 1200}).new_page()
        sign_in(page, url, username, password)
        yield page
        browser.close()


def sign_in(page: Page, url: str, username: str, password: str) -> None:
    """Through the form; again where it was not ready yet for what was typed into it."""
    from playwright.sync_api import TimeoutError

    for _ in range(6):
        page.goto(f"{url}/login/", wait_until="load")
        page.fill('input[id="username"], [data-test="username-input"]', username, timeout=SECONDS)
        page.fill('input[type="password"]', password)
        page.click('[data-test="login-button"], button[type="submit"], input[type="submit"]')
        try:
            page.wait_for_url(lambda where: "/login" not in where, timeout=20_000, wait_until="domcontentloaded")
            return
        except TimeoutError:
            continue
    raise AssertionError(f"{username} cannot sign in: {page.inner_text('body')[:500]}")


def visit(page: Page, url: str, slug: str, pictures: Path | None = None) -> list[Seen]:
    """Open every tab of a dashboard; `pictures` is where to put a screenshot of each."""
    from playwright.sync_api import TimeoutError

    page.set_viewport_size({"width": WIDTH, "height": 1200})
    page.goto(f"{url}/superset/dashboard/{slug}/?show_filters=1", wait_until="domcontentloaded")
    try:
        page.wait_for_selector(".dashboard-component-chart-holder", timeout=SECONDS)
    except TimeoutError as error:
        raise AssertionError(f"{page.url} shows no dashboard: {page.inner_text('body')[:500]}") from error
    tabs = page.locator(".dashboard-component-tabs [role=tab]")
    seen = []
    for number in range(tabs.count()):
        tabs.nth(number).click()
        page.wait_for_timeout(500)
        # Charts below the fold are drawn when they come into view: let all of them be in view.
        for _ in range(2):
            page.set_viewport_size({"width": WIDTH, "height": min(8000, max(900, int(page.evaluate(HEIGHT))))})
            page.wait_for_function(SETTLED, timeout=SECONDS)
            page.wait_for_timeout(700)
        found = page.evaluate(CHARTS)
        name = (tabs.nth(number).text_content() or "").strip()
        empty = [chart["name"] for chart in found if chart["alert"] or not chart["drawn"]]
        seen.append(Seen(name, [(chart["name"], chart["text"]) for chart in found], empty))
        if pictures is not None:
            pictures.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=pictures / f"{slug}-{number + 1}-{name.lower()}.png")
        page.set_viewport_size({"width": WIDTH, "height": 1200})
    return seen
