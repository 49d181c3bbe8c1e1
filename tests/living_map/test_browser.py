"""The pages in a real browser: nothing leaves them, nothing is clipped, everything can be reached."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jkpi.config.settings import Settings
from jkpi.formatting.numbers import NARROW_NO_BREAK_SPACE
from jkpi.living_map import page_text
from jkpi.living_map.diagrams import DIAGRAMS
from jkpi.living_map.publish import publish_maps
from jkpi.state.alert_records import OpenAlert, OpenEarlyWarning
from jkpi.warehouse.landing import ensure_landing
from jkpi.warehouse.open import open_warehouse

from .conftest import JOURNEY, LAST_WEEK, NOW, SOURCES, STATES, Rows, fill_landing, fill_marts, marts

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

CLIPPED = """() => [...document.querySelectorAll('main *, header *, footer *')].filter(e => {
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  if (!box.width || style.visibility === 'hidden') return false;
  if (e.closest('svg, .unseen, .cell-head, .skip')) return false;
  if (e.closest('.map-scroll, .table-scroll') && !e.matches('.map-scroll, .table-scroll')) return false;
  return box.right > innerWidth + 1 || box.left < -1;
}).map(e => e.className || e.tagName)"""

OVERFLOWING = """() => [...document.querySelectorAll('.cell, .moment, .source, .kpi, .touchpoint, .stage-head, .pin')]
  .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.className + ': ' + e.textContent.trim().slice(0, 60))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    place = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )
    if place is None:
        pytest.skip("no Chromium on the PATH: install it (apt-get install chromium) to test the pages in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=place, args=QUIET)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, map_tables: Rows) -> Path:
    """The measured example and its index, and the map before any data."""
    folder = tmp_path_factory.mktemp("site")
    for name, tables in (("full", marts(map_tables)), ("empty", None)):
        with open_warehouse(f"duckdb:///{folder / name}.duckdb") as warehouse:
            ensure_landing(warehouse)
            fill_landing(warehouse, {**map_tables, **(SOURCES if tables else {})})
            if tables:
                fill_marts(warehouse, tables)
            settings = Settings(
                workspace=folder,
                name="service",
                warehouse_url="",
                state_url="",
                site_dir=folder / name,
                now=NOW,
                synthetic=True,
            )
            publish_maps(settings, warehouse, STATES if tables else ())
    return folder


def opened(browser: Browser, path: Path, width: int, scheme: str = "light", **more: Any) -> tuple[Page, list[str]]:
    """The page, and what went wrong with it: requests that are not itself, console messages, errors."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **more)  # type: ignore[arg-type]
    page, wrong = context.new_page(), list[str]()
    page.on("request", lambda request: wrong.append(request.url) if request.url != path.as_uri() else None)
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(path.as_uri())
    return page, [message for message in wrong if not message.startswith("data:")]


@pytest.mark.parametrize("name", [f"full/{JOURNEY}.html", "full/index.html", f"empty/{JOURNEY}.html"])
@pytest.mark.parametrize("width", [1440, 820, 390])
def test_nothing_is_requested_reported_or_clipped(browser: Browser, site: Path, name: str, width: int) -> None:
    page, wrong = opened(browser, site / name, width)
    assert wrong == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(CLIPPED) == []
    assert page.evaluate(OVERFLOWING) == []
    page.context.close()


def test_the_whole_map_fits_a_desktop(browser: Browser, site: Path) -> None:
    page, _ = opened(browser, site / f"full/{JOURNEY}.html", 1440)
    assert page.evaluate("(e => e.scrollWidth - e.clientWidth)(document.querySelector('.map-scroll'))") == 0
    lanes = page.locator(".stage").first.locator("[data-lane]:visible")
    assert lanes.count() == 13
    tops = page.evaluate("[...document.querySelectorAll('[data-lane=kpis]')].map(e => e.getBoundingClientRect().top)")
    assert len(set(tops)) == 1, "a lane stands at one height in all stages"
    page.context.close()


def test_dark_mode_is_dark_and_paper_is_light(browser: Browser, site: Path) -> None:
    page, _ = opened(browser, site / f"full/{JOURNEY}.html", 1440, "dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(16, 21, 27)"
    page.emulate_media(media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.context.close()


def test_paper_holds_the_map_on_one_a3_sheet(browser: Browser, site: Path) -> None:
    page, _ = opened(browser, site / f"full/{JOURNEY}.html", 1504)
    page.emulate_media(media="print")
    height = page.evaluate("document.querySelector('.map-section').getBoundingClientRect().height")
    assert height <= (297 - 22) / 25.4 * 96
    page.context.close()


def test_the_keyboard_reaches_everything_in_order(browser: Browser, site: Path) -> None:
    page, _ = opened(browser, site / f"full/{JOURNEY}.html", 1440)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the map"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    reachable = page.evaluate(
        "[...document.querySelectorAll('a[href], summary, [tabindex=\"0\"]')].filter(e => e.checkVisibility()).length"
    )
    reached, place = 1, 0.0
    while page.evaluate("document.activeElement.tagName") != "BODY" and reached <= reachable:
        page.keyboard.press("Tab")
        place = max(place, page.evaluate("scrollY + document.activeElement.getBoundingClientRect().top"))
        reached += 1
    assert reached >= reachable
    assert place > 3000
    page.context.close()


def test_headings_do_not_skip_levels(browser: Browser, site: Path) -> None:
    page, _ = opened(browser, site / f"full/{JOURNEY}.html", 1440)
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5')].map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    page.context.close()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
def test_a_screenshot_is_taken(browser: Browser, site: Path, tmp_path: Path, width: int, scheme: str) -> None:
    """For looking at: kept in JKPI_SCREENSHOTS where that names a folder."""
    page, _ = opened(browser, site / f"full/{JOURNEY}.html", width, scheme)
    place = Path(os.environ.get("JKPI_SCREENSHOTS", tmp_path)) / f"map_{width}_{scheme}.png"
    page.screenshot(path=place, full_page=True)
    assert place.stat().st_size > 100_000, "an empty page is small"
    page.context.close()


def drawn(page: Page) -> list[str]:
    """The lanes of the first stage as they stand, from the top."""
    found: list[str] = page.evaluate(
        "[...document.querySelector('.stage').querySelectorAll('[data-lane]')].filter(e => e.checkVisibility())"
        ".sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top).map(e => e.dataset.lane)"
    )
    return found


def test_six_views_show_their_lanes_by_mouse_and_by_keyboard(browser: Browser, site: Path) -> None:
    page, wrong = opened(browser, site / f"full/{JOURNEY}.html", 1440)
    seen = []
    page.locator("[role=tab]").first.focus()
    for diagram in DIAGRAMS:
        assert page.evaluate("document.activeElement.dataset.view") == diagram.key
        assert drawn(page) == list(diagram.lanes)
        seen.append(page.locator("[data-view-description]:visible").inner_text())
        page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.view") == "journey", "after the last comes the first"
    assert len(set(seen)) == len(DIAGRAMS) == 6
    page.locator("#tab-blueprint").click()
    lines = page.locator("[data-lane-head].line-above").evaluate_all("all => all.map(e => e.dataset.line)")
    assert [line for line in lines if line] == [
        "line of interaction",
        "line of visibility",
        "line of internal interaction",
    ]
    assert wrong == []
    page.context.close()


def test_a_week_that_late_data_changed_is_shown_as_it_was_published(
    browser: Browser, site: Path, tmp_path: Path
) -> None:
    database = tmp_path / "late.duckdb"
    shutil.copy(site / "full.duckdb", database)
    with open_warehouse(f"duckdb:///{database}") as warehouse:
        where = "kpi = 'repair.time_to_resolve' and period = 'week' and is_primary and segment = 'all'"
        (week,) = warehouse.rows(
            f"select min(period_start) as first, min_by(value, period_start) as value from marts.fct_kpi_readings"
            f" where {where} and status = 'final' and period_start >= date '2026-03-02'"
        )
        changed = "value = 0.123, ci_low = 0.1, ci_high = 0.15"
        warehouse.execute(
            f"update marts.fct_kpi_readings set {changed} where {where} and period_start = :first",
            {"first": week["first"]},
        )
        settings = Settings(tmp_path, "late", "", "", site_dir=tmp_path / "pages", now=NOW + timedelta(hours=1))
        publish_maps(settings, warehouse, STATES)
    page, wrong = opened(browser, tmp_path / f"pages/{JOURNEY}.html", 1440)
    weeks = (LAST_WEEK - week["first"]).days // 7
    page.locator("#week-input").fill(str(25 - weeks))
    card = page.locator("[data-kpi=kpi-repair-time_to_resolve]")
    assert card.locator(".value").inner_text() == page_text.format_reading(
        week["value"], "share", "share_within", against=0.92
    )
    assert "now 12" in card.locator(".picked").inner_text()
    assert wrong == []
    page.context.close()


def test_the_slider_shows_each_week_as_the_tables_have_it(browser: Browser, site: Path) -> None:
    page, wrong = opened(browser, site / f"full/{JOURNEY}.html", 1440)
    card = page.locator("[data-kpi=kpi-repair-time_to_resolve]")
    today, start = card.inner_text(), page.locator("#week-input").input_value()
    with open_warehouse(f"duckdb:///{site / 'full'}.duckdb") as warehouse:
        rows = warehouse.rows(
            "select period_start, value, sample_size, status from marts.fct_kpi_readings where period = 'week'"
            " and kpi = 'repair.time_to_resolve' and is_primary order by period_start"
        )
    assert len(rows) == 26
    for place in (0, 11, 22):
        page.locator("#week-input").fill(str(place))
        assert card.locator(".value").inner_text() == page_text.format_reading(
            rows[place]["value"], "share", "share_within", against=0.92
        )
        assert f"n {rows[place]['sample_size']}" in card.locator(".picked").inner_text()
        assert " now " not in card.locator(".picked").inner_text()
    assert "as first published" in page.locator("#selection-note").inner_text()
    page.locator("#week-input").fill(start)
    assert card.inner_text() == today
    assert wrong == []
    page.context.close()


def test_the_slider_goes_through_time_in_one_direction(browser: Browser, site: Path) -> None:
    """From the left to the right no card goes back in time, and weeks after today are not final."""
    page, wrong = opened(browser, site / f"full/{JOURNEY}.html", 1440)
    today = int(page.locator("#week-input").input_value())
    assert today == 23
    card = page.locator("[data-kpi=kpi-repair-time_to_resolve]")
    weeks = page.evaluate("JSON.parse(document.querySelector('#timeline').textContent).weeks")
    seen = []
    for place in (today - 2, today - 1, today, today + 1, today + 2):
        page.locator("#week-input").fill(str(place))
        note = card.locator(".picked, .small").last.inner_text()
        seen.append(next(number for number, week in enumerate(weeks) if week in note))
        assert ("may still change" in note) == (place > today)
    assert seen == list(range(today - 2, today + 3))
    assert wrong == []
    page.context.close()


def test_alerts_have_their_own_figures_and_follow_the_selected_segment(
    browser: Browser, site: Path, tmp_path: Path
) -> None:
    database = tmp_path / "parts.duckdb"
    shutil.copy(site / "full.duckdb", database)
    late = OpenAlert(
        "a1", JOURNEY, "technician_on_site", "all", "all", "firing", date(2026, 6, 9), 0.2, 0.15, 0.26, 391,
        date(2026, 6, 23), "baseline", 0.91,
    )  # fmt: skip
    south = replace(late, alert_id="a2", moment="told_once", segment="region", segment_value="south", value=0.31)
    with open_warehouse(f"duckdb:///{database}") as warehouse:
        columns = "* replace ('region' as segment, {value} as segment_value)"
        for value in ("'south'", "'north'"):
            warehouse.execute(
                f"insert into marts.fct_kpi_readings select {columns.format(value=value)}"
                " from marts.fct_kpi_readings where segment = 'all'"
            )
        states = [STATES[0], replace(STATES[1], firing_segments=("region = south",)), STATES[2]]
        settings = Settings(tmp_path, "parts", "", "", site_dir=tmp_path / "pages", now=NOW)
        publish_maps(settings, warehouse, states, [late, south])
    page, wrong = opened(browser, tmp_path / f"pages/{JOURNEY}.html", 1440)
    banner, card = page.locator(".headline"), page.locator("[data-moment=moment-technician_on_site]")
    assert "20 % " in plain(banner) and "baseline 91 % (n 391, 9 Jun to 23 Jun), since 9 Jun" in plain(banner)
    assert "(firing in region = south)" in plain(banner)
    assert plain(card.locator(".alert-value")) == "about 20 %"
    assert "All customers, week of 15 Jun" in plain(card.locator(".figure"))
    part = page.locator("[data-moment=moment-told_once]")
    assert "region = south" in plain(part.locator(".segment-alerts"))
    assert "tone-firing" in (part.get_attribute("class") or "")
    assert "firing in a segment" in plain(page.locator(".lane-moment", has_text="Told once").first)
    page.locator("#segment-input").select_option("region=south")
    assert plain(banner).startswith("Firing for region = south: ")
    assert "31 %" in plain(banner) and "20 %" not in plain(banner)
    assert not card.locator(".alert-value").is_visible()
    assert part.locator(".segment-alerts li").is_visible()
    page.locator("#segment-input").select_option("region=north")
    assert not banner.is_visible()
    page.locator("#segment-input").select_option("all")
    assert "20 %" in plain(banner)
    page.locator("#week-input").fill("3")
    assert banner.is_visible()
    assert not card.locator(".alert-value").is_visible()
    assert wrong == []
    page.context.close()


@pytest.mark.parametrize("width", [1300, 390])
def test_long_names_of_segments_stay_in_their_card(browser: Browser, site: Path, tmp_path: Path, width: int) -> None:
    parts = [("clinic", "Kardiologie"), ("clinic+payer", "Kardiologie+gesetzlich"), ("site", "x" * 70)]
    alerts = [
        OpenAlert(
            f"a{number}", JOURNEY, "told_once", *part, "firing", date(2026, 6, 9), 0.5, 0.4, 0.6, 47, baseline=0.86
        )
        for number, part in enumerate(parts)
    ]
    firing = tuple(" = ".join(part) for part in parts)
    states = [STATES[0], replace(STATES[1], firing_segments=firing), STATES[2]]
    with open_warehouse(f"duckdb:///{site / 'full'}.duckdb") as warehouse:
        settings = Settings(tmp_path, "long", "", "", site_dir=tmp_path / "pages", now=NOW)
        publish_maps(settings, warehouse, states, alerts)
    page, wrong = opened(browser, tmp_path / f"pages/{JOURNEY}.html", width)
    place = Path(os.environ.get("JKPI_SCREENSHOTS", tmp_path)) / f"long_{width}.png"
    page.locator(".moments").screenshot(path=place)
    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate(CLIPPED) == []
    assert wrong == []
    page.context.close()


def test_an_early_warning_is_in_the_headline_and_on_its_card(browser: Browser, site: Path, tmp_path: Path) -> None:
    sign = OpenEarlyWarning("e1", date(2026, 6, 27), "after 1 day 60 % are through instead of 80 %")
    states = [replace(state, state="ok", alert_id=None) for state in STATES]
    states[1] = replace(states[1], early_warning=sign)
    with open_warehouse(f"duckdb:///{site / 'full'}.duckdb") as warehouse:
        settings = Settings(tmp_path, "signs", "", "", site_dir=tmp_path / "pages", now=NOW)
        publish_maps(settings, warehouse, states)
    page, wrong = opened(browser, tmp_path / f"pages/{JOURNEY}.html", 1300)
    assert plain(page.locator(".headline-text")).startswith("No open alert, but an early warning: ")
    card = page.locator("[data-moment=moment-told_once]")
    line = card.locator("[data-alert-segment=all]")
    assert plain(line) == "early warning after 1 day 60 % are through instead of 80 %, since 27 Jun"
    assert "early warning" not in plain(page.locator("[data-moment=moment-ends_well]"))
    page.locator("#week-input").fill("3")
    assert not line.is_visible(), "a past week shows no alert of today"
    assert wrong == []
    page.context.close()


def plain(part: Locator) -> str:
    """What it says, with common spaces."""
    return " ".join(part.inner_text().replace(NARROW_NO_BREAK_SPACE, " ").split())


def test_the_stages_of_an_owner_are_highlighted(browser: Browser, site: Path) -> None:
    page, _ = opened(browser, site / f"full/{JOURNEY}.html", 1440)
    page.locator("#owner-input").select_option("field-service")
    kept = page.locator(".stage:not(.dimmed)").evaluate_all("all => all.map(e => e.dataset.stage)")
    assert kept == ["repair"]
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", [diagram.key for diagram in DIAGRAMS])
def test_axe_finds_nothing_serious(browser: Browser, site: Path, view: str, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page, _ = opened(browser, site / f"full/{JOURNEY}.html", 1440, scheme, bypass_csp=True)
    page.locator(f"#tab-{view}").click()
    found = Axe().run(page).response["violations"]
    grave = [(v["id"], n["target"]) for v in found if v["impact"] in ("serious", "critical") for n in v["nodes"][:3]]
    assert grave == []
    page.context.close()
