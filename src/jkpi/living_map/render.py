"""View model to HTML: one file that holds its styles, icons and drawings, and asks the network for nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from jkpi.living_map.digest.content import CHANCE, QUIET, Letter
from jkpi.living_map.views import Index, Page

_PACKAGE = "jkpi.living_map"


def render_page(page: Page) -> str:
    """The page of one journey."""
    return _environment().get_template("journey.html").render(page=page, **_shared())


def render_index(index: Index) -> str:
    """The page of all journeys."""
    return _environment().get_template("index.html").render(index=index, **_shared())


def render_letter(
    letter: Letter, sections: Sequence[tuple[str, str]], workspace: str, now: datetime, synthetic: bool
) -> str:
    """The weekly digest of one owner, fit for a mail."""
    colours = {
        "fires": "#b01f1a", "watch": "#7d5300", "changed": "#a3430b", "improved": "#1d6b3f", "stale": "#63399c",
    }  # fmt: skip
    return (
        _environment()
        .get_template("letter.html")
        .render(
            letter=letter,
            sections=sections,
            workspace=workspace,
            now=now,
            synthetic=synthetic,
            colours=colours,
            chance=CHANCE,
            quiet=QUIET,
        )
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    # Everything is escaped, whatever the file is called: titles and texts are other people's.
    return Environment(
        loader=PackageLoader(_PACKAGE, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=1)
def _shared() -> dict[str, Markup]:
    """Our own style sheet and icons: the only text that is not escaped, besides the charts."""
    templates = files(_PACKAGE) / "templates"
    script = (templates / "page.js").read_text(encoding="utf-8")
    # The page lets this one script run and no other, whatever a text on it may hold.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {
        "script": Markup(script),
        "script_hash": Markup(f"'sha256-{digest}'"),
        "css": Markup((templates / "page.css").read_text(encoding="utf-8")),
        "icons": Markup((templates / "icons.svg").read_text(encoding="utf-8")),
    }
