"""`jkpi publish map`: the pages of all journeys, written so that a reader never meets half of one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from jkpi.config.settings import Settings
from jkpi.errors import SystemFailure
from jkpi.living_map.page_model import build_index, build_page
from jkpi.living_map.published_readings import save_first_published
from jkpi.living_map.queries import read_page_data
from jkpi.living_map.render import render_index, render_page
from jkpi.state.alert_reader import MomentState, OpenAlert
from jkpi.warehouse.base import Warehouse


def write_atomically(path: Path, text: str) -> None:
    """Beside its place first, then moved there in one step.

    Raises:
        SystemFailure: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(text)
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SystemFailure(
            f"the page {path} cannot be written: {error.strerror}", hint="look at the folder's rights and free space"
        ) from error


INDEX_FILE = "index.html"


def publish_maps(
    settings: Settings, warehouse: Warehouse, states: Sequence[MomentState], alerts: Sequence[OpenAlert] = ()
) -> list[Path]:
    """Write one page a journey and an index of them into `settings.output`; `states` and `falls`: what was judged, and
    what of it has an open alert.

    Returns:
        The files written, the index first.

    Raises:
        SystemFailure: the folder cannot be written.
    """
    save_first_published(warehouse, settings.now)
    journeys = read_page_data(warehouse, settings.now)
    pages = [
        build_page(page_data, states, settings.now, synthetic=settings.synthetic, alerts=alerts)
        for page_data in journeys
    ]
    overview = build_index(settings.name, pages, settings.now, synthetic=settings.synthetic)
    # The index last: it never points at a page that is not there yet.
    texts = [(settings.site_dir / map_page.file, render_page(map_page)) for map_page in pages]
    texts.append((settings.site_dir / INDEX_FILE, render_index(overview)))
    for path, text in texts:
        write_atomically(path, text)
    return [path for path, _ in (texts[-1:] + texts[:-1])]
