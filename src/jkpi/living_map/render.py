"""View model to HTML: one file with its styles, icons and charts; it loads nothing from the network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from jkpi.living_map.digest.content import ALL_QUIET_TEXT, CHANCE_NOTE, OwnerDigest
from jkpi.living_map.views import IndexPage, MapPage

_PACKAGE = "jkpi.living_map"
_SECTION_COLORS = {
    "firing": "#b01f1a",
    "watch": "#7d5300",
    "worse": "#a3430b",
    "better": "#1d6b3f",
    "stale": "#63399c",
}


def render_page(page: MapPage) -> str:
    """The page of one journey."""
    return _environment().get_template("journey.html").render(page=page, **_shared_assets())


def render_index(index: IndexPage) -> str:
    """The page of all journeys."""
    return _environment().get_template("index.html").render(index=index, **_shared_assets())


def render_digest_mail(
    digest: OwnerDigest, sections: Sequence[tuple[str, str]], workspace: str, now: datetime, synthetic: bool
) -> str:
    """The weekly digest of one owner, as HTML for a mail."""
    return (
        _environment()
        .get_template("digest.html")
        .render(
            digest=digest,
            sections=sections,
            workspace=workspace,
            now=now,
            synthetic=synthetic,
            section_colors=_SECTION_COLORS,
            chance_note=CHANCE_NOTE,
            all_quiet_text=ALL_QUIET_TEXT,
        )
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    # Everything is escaped in every template: titles and texts come from users.
    return Environment(
        loader=PackageLoader(_PACKAGE, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=1)
def _shared_assets() -> dict[str, Markup]:
    """Style sheet, script and icons: with the charts, the only text that is not escaped."""
    templates = files(_PACKAGE) / "templates"
    script = (templates / "page.js").read_text(encoding="utf-8")
    # The content security policy allows this script only, even if a text on the page contains another.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {
        "script": Markup(script),
        "script_hash": Markup(f"'sha256-{digest}'"),
        "css": Markup((templates / "page.css").read_text(encoding="utf-8")),
        "icons": Markup((templates / "icons.svg").read_text(encoding="utf-8")),
    }
