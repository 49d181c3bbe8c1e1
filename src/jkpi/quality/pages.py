"""The index of the Data Docs, and the pages made self-contained.

The pages of Great Expectations load styles, scripts and fonts from seven hosts, and their index is empty without
scripts.
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
from jkpi.quality.report import Checkpoint, QualityResult

_TEMPLATES = Path(__file__).parent / "templates"
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL | re.IGNORECASE)
_LINK = re.compile(r"<link\b[^>]*>", re.IGNORECASE)
_IMAGE = re.compile(r"<img\b[^>]*\bsrc=\"https?://[^>]*>", re.IGNORECASE)
_FOOTER = re.compile(r"<footer>.*?</footer>", re.DOTALL)
_BACKGROUND = re.compile(r"background:\s*url\('https?://[^;]*;")
_SEVERITY_ORDER = {"critical": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class SuiteResult:
    """The results of one suite on one subject. expectations: those of the suite, by name. Times are naive UTC."""

    checkpoint: Checkpoint
    subject: str
    suite: str
    checked_at: datetime
    results: tuple[QualityResult, ...]
    expectations: Mapping[str, Mapping[str, Any]]

    @property
    def file_name(self) -> str:
        return re.sub(r"[^\w.-]", "_", self.subject)

    @property
    def page(self) -> str:
        """The path of Great Expectations' page, relative to the index."""
        return f"validations/{self.suite}/{self.checkpoint}/{self.checked_at:%Y%m%dT%H%M%S.%fZ}/{self.file_name}.html"

    @property
    def count_passed(self) -> int:
        return sum(result.success for result in self.results)

    @property
    def failed(self) -> list[QualityResult]:
        """Failed expectations, the most severe first."""
        return sorted(
            (result for result in self.results if not result.success),
            key=lambda result: _SEVERITY_ORDER.get(result.severity, 0),
        )

    def notes(self, result: QualityResult) -> str:
        """The suite's note on an expectation."""
        return str(self.expectations.get(result.expectation, {}).get("notes") or "")


def make_self_contained(folder: Path) -> None:
    """Remove external resources from the pages and add one style sheet."""
    style = f"<style>{(_TEMPLATES / 'docs.css').read_text(encoding='utf-8')}</style>"
    for page in folder.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for pattern in (_SCRIPT, _LINK, _IMAGE, _FOOTER, _BACKGROUND):
            text = pattern.sub("", text)
        page.write_text(text.replace("</head>", f"{style}</head>", 1), encoding="utf-8")
    # Fonts and images that no page uses any more.
    shutil.rmtree(folder / "static", ignore_errors=True)


def write_index(folder: Path, suite_results: Sequence[SuiteResult], settings: Settings) -> None:
    """Write the index: every check, its status, and the failed expectations."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    suites = sorted(page.stem for page in (folder / "expectations").glob("*.html"))
    text = environment.get_template("index.html.j2").render(
        style=(_TEMPLATES / "docs.css").read_text(encoding="utf-8"),
        workspace=settings.name,
        synthetic=settings.synthetic,
        now=settings.now,
        checkpoints=[
            (title, [suite_result for suite_result in suite_results if suite_result.checkpoint == checkpoint])
            for checkpoint, title in _TITLE_BY_CHECKPOINT.items()
        ],
        checks=suite_results,
        suites=suites,
    )
    (folder / "index.html").write_text(text, encoding="utf-8")


_TITLE_BY_CHECKPOINT: Mapping[Checkpoint, str] = {
    "incoming": "Incoming rows",
    "landing": "Landing tables",
    "marts": "Marts",
}
