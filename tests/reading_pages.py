"""What a published page says to somebody who reads it in a browser, beside what the tables say."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from jkpi.warehouse import Warehouse

QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-sync"),
]
_FACTORS = {"%": 0.01, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBER = re.compile(r"^([+\-−]?)([\d,]+)(?:\.(\d+))?\s*(%|s|min|h|d)?$")
_CARDS = """() => [...document.querySelectorAll('[data-kpi]')].filter(card => card.querySelector('.value')).map(
card => {
  const small = [...card.querySelectorAll('.small span')].map(part => part.textContent);
  const n = (small.find(text => text.startsWith('n ')) || '').slice(2);
  return [card.dataset.kpi, card.querySelector('.value').textContent.trim(), n];
})"""
_LATEST = """
select kpi, unit, statistic, max_by(value, period_start) as value, max_by(sample_size, period_start) as n
from marts.fct_kpi_readings
where journey = :journey and period = 'week' and segment = 'all' and is_primary and status = 'final'
    and value is not null
group by kpi, unit, statistic
"""


def differences(page: Path, w: Warehouse, journey: str) -> tuple[int, list[str]]:
    """How many KPIs the page shows with a number, and each whose number, or n, is not that of its newest final week."""
    place = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)
    if place is None:
        pytest.skip("no Chromium on the PATH: install it (apt-get install chromium) to read the pages in a browser")
    from playwright.sync_api import sync_playwright

    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=place, args=QUIET)
        opened = browser.new_page()
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.on("request", lambda request: wrong.append(request.url) if request.url != page.as_uri() else None)
        opened.goto(page.as_uri())
        cards = opened.evaluate(_CARDS)
        browser.close()
    known = {"kpi-" + row["kpi"].replace(".", "-"): row for row in w.rows(_LATEST, {"journey": journey})}
    for anchor, shown, n in cards:
        row = known.get(anchor)
        if row is None or not _says(shown, row["value"]):
            wrong.append(f"{anchor}: the page says {shown!r}, the tables {row and row['value']}")
        elif n and int(n.replace(",", "")) != row["n"]:
            wrong.append(f"{anchor}: the page says n {n!r}, the tables {row['n']}")
    wrong += [f"{anchor} is not on the page" for anchor in known if anchor not in {card[0] for card in cards}]
    return len(cards), wrong


def _says(shown: str, value: float) -> bool:
    """Whether a text is that number, to the digits that it has."""
    found = _NUMBER.match(shown.replace("\u202f", " ").replace("\u00a0", " "))
    if not found:
        return False
    sign, whole, digits, unit = found.groups()
    factor = _FACTORS.get(unit or "", 1.0)
    number = float(f"{whole.replace(',', '')}.{digits or 0}") * factor * (-1 if sign in ("-", "−") else 1)
    return abs(number - value) <= 0.5 * factor * 10.0 ** -len(digits or "") + 1e-9
