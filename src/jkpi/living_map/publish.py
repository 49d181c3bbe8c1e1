"""`jkpi publish map`: the pages of all journeys, written so that a reader never meets half of one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from jkpi.config.settings import Settings
from jkpi.errors import SystemFailure
from jkpi.living_map.page_model import index, page
from jkpi.living_map.published_readings import remember
from jkpi.living_map.queries import read_journeys
from jkpi.living_map.render import render_index, render_page
from jkpi.state.engine import MomentState
from jkpi.state.open_alerts import Fall
from jkpi.warehouse.base import Warehouse


def write_whole(path: Path, text: str) -> None:
    """Beside its place first, then moved there in one step.

    Raises:
        SystemFailure: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(text)
            part.chmod(0o644)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SystemFailure(
            f"the page {path} cannot be written: {error.strerror}", hint="look at the folder's rights and free space"
        ) from error


INDEX = "index.html"


def publish_map(
    settings: Settings, w: Warehouse, states: Sequence[MomentState], falls: Sequence[Fall] = ()
) -> list[Path]:
    """Write one page a journey and an index of them into `settings.output`; `states` and `falls`: what was judged, and
    what of it has an open alert.

    Returns:
        The files written, the index first.

    Raises:
        SystemFailure: the folder cannot be written.
    """
    remember(w, settings.now)
    facts = read_journeys(w, settings.now)
    pages = [page(journey, states, settings.now, synthetic=settings.synthetic, falls=falls) for journey in facts]
    overview = index(settings.name, pages, settings.now, synthetic=settings.synthetic)
    # The index last: it never points at a page that is not there yet.
    texts = [(settings.output / made.file, render_page(made)) for made in pages]
    texts.append((settings.output / INDEX, render_index(overview)))
    for path, text in texts:
        write_whole(path, text)
    return [path for path, _ in (texts[-1:] + texts[:-1])]
