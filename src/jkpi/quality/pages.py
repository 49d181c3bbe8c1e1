"""The pages of the Data Docs, made to be read without a network, and the index that leads to them.

Great Expectations' pages fetch styles, scripts and fonts from seven hosts, and without scripts their index is empty.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jkpi.config.settings import Settings
from jkpi.quality.report import Door, Result

_TEMPLATES = Path(__file__).parent / "templates"
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL | re.IGNORECASE)
_LINK = re.compile(r"<link\b[^>]*>", re.IGNORECASE)
_IMAGE = re.compile(r"<img\b[^>]*\bsrc=\"https?://[^>]*>", re.IGNORECASE)
_FOOTER = re.compile(r"<footer>.*?</footer>", re.DOTALL)
_BACKGROUND = re.compile(r"background:\s*url\('https?://[^;]*;")
_ORDER = {"critical": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class Check:
    """One suite on one subject. `written` holds the expectations of the suite by name; times are naive UTC."""

    door: Door
    subject: str
    suite: str
    checked_at: datetime
    results: tuple[Result, ...]
    written: Mapping[str, Mapping[str, Any]]

    @property
    def file_name(self) -> str:
        return re.sub(r"[^\w.-]", "_", self.subject)

    @property
    def page(self) -> str:
        """Where Great Expectations puts the page, from the index."""
        return f"validations/{self.suite}/{self.door}/{self.checked_at:%Y%m%dT%H%M%S.%fZ}/{self.file_name}.html"

    @property
    def held(self) -> int:
        return sum(one.success for one in self.results)

    @property
    def failed(self) -> list[Result]:
        """What did not hold, the gravest first."""
        return sorted((one for one in self.results if not one.success), key=lambda one: _ORDER.get(one.severity, 0))

    def notes(self, result: Result) -> str:
        """What the suite says of an expectation, in a sentence."""
        return str(self.written.get(result.expectation, {}).get("notes") or "")


def make_self_contained(folder: Path) -> None:
    """Take everything out of the pages that comes from elsewhere, and put in one style sheet instead."""
    style = f"<style>{(_TEMPLATES / 'docs.css').read_text(encoding='utf-8')}</style>"
    for page in folder.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for pattern in (_SCRIPT, _LINK, _IMAGE, _FOOTER, _BACKGROUND):
            text = pattern.sub("", text)
        page.write_text(text.replace("</head>", f"{style}</head>", 1), encoding="utf-8")
    # Fonts and pictures that no page shows any more.
    shutil.rmtree(folder / "static", ignore_errors=True)


def write_index(folder: Path, checks: Sequence[Check], settings: Settings) -> None:
    """The first page: every check, whether it held, and in a sentence what did not."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    suites = sorted(page.stem for page in (folder / "expectations").glob("*.html"))
    text = environment.get_template("index.html.j2").render(
        style=(_TEMPLATES / "docs.css").read_text(encoding="utf-8"),
        workspace=settings.name,
        synthetic=settings.synthetic,
        now=settings.now,
        doors=[(title, [one for one in checks if one.door == door]) for door, title in _TITLES.items()],
        checks=checks,
        suites=suites,
    )
    (folder / "index.html").write_text(text, encoding="utf-8")


_TITLES: Mapping[Door, str] = {
    "incoming": "What comes in",
    "landing": "What has landed",
    "marts": "What goes out",
}
