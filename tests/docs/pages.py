"""Pages of the documentation, and their blocks and commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def pages() -> list[Path]:
    """README first: its commands make the workspace that the others use."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", DOCS / "index.md", *sorted(DOCS.rglob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands() -> Iterator[tuple[str, str]]:
    """(page, command): each command once, without the comment after it."""
    seen = set()
    for page in pages():
        for block in blocks(page, "sh"):
            for line in block.splitlines():
                command = re.sub(r"(^|\s{2,})#.*$", "", line).strip()
                if command and command not in seen:
                    seen.add(command)
                    yield str(page.relative_to(ROOT)), command


def slug(heading: str) -> str:
    """The anchor of a heading, as MkDocs and GitHub make it."""
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading.lower()).strip())
