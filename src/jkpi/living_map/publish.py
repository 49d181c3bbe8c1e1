"""Write the pages of all journeys and their index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jkpi.config.settings import Settings
from jkpi.living_map.files import write_atomically
from jkpi.living_map.page_model import build_index, build_page
from jkpi.living_map.published_readings import save_first_published
from jkpi.living_map.queries import read_page_data
from jkpi.living_map.render import render_index, render_page
from jkpi.state.alert_records import MomentState, OpenAlert
from jkpi.warehouse.base import Warehouse

INDEX_FILE = "index.html"


def publish_maps(
    settings: Settings, warehouse: Warehouse, states: Sequence[MomentState], alerts: Sequence[OpenAlert] = ()
) -> list[Path]:
    """Write one page a journey and an index of them to `settings.site_dir`.

    Args:
        states: state of each moment of truth.
        alerts: open alerts about drops.

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
    # The index last, so that it never links to a page that does not exist yet.
    texts = [(settings.site_dir / map_page.file, render_page(map_page)) for map_page in pages]
    texts.append((settings.site_dir / INDEX_FILE, render_index(overview)))
    for path, text in texts:
        write_atomically(path, text)
    return [path for path, _ in (texts[-1:] + texts[:-1])]
