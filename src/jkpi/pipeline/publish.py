"""`jkpi publish`: the pages, the tables that dashboards read, and the dashboards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from jkpi.config.settings import Settings
from jkpi.documents.documents import nearest
from jkpi.errors import InputError
from jkpi.warehouse.open import open_warehouse

if TYPE_CHECKING:
    from jkpi.dashboards.publish import DashboardReport

What = Literal["all", "maps", "dashboards"]


@dataclass(frozen=True)
class Published:
    """What was written. `snapshot`: what dashboards read of a DuckDB warehouse; `dashboards`: None where none were
    asked for."""

    pages: tuple[Path, ...] = ()
    snapshot: Path | None = None
    dashboards: DashboardReport | None = None

    def lines(self) -> list[str]:
        """For people."""
        lines = [str(page) for page in self.pages]
        if self.snapshot:
            lines.append(str(self.snapshot))
        return [*lines, *(self.dashboards.lines() if self.dashboards else ())]


def chosen_part(what: str) -> What:
    """The part of that name.

    Raises:
        InputError: there is none.
    """
    parts: tuple[What, ...] = get_args(What)
    for part in parts:
        if part == what:
            return part
    raise InputError(f"nothing called {what!r} can be published", hint=nearest(what, parts))


def publish(settings: Settings, what: What = "all") -> Published:
    """Write the living map of each journey and the Data Docs of the checks; copy the tables that dashboards read; and
    where jkpi.yml names a Superset, put the dashboards there. Before anything was measured there are maps only."""
    pages = _maps(settings) if what in ("all", "maps") else ()
    if what == "maps":
        return Published(pages)
    return _dashboards(settings, pages, asked=what == "dashboards")


def _maps(settings: Settings) -> tuple[Path, ...]:
    from jkpi.alerts.store.alerts import moment_states
    from jkpi.living_map.publish import publish_map
    from jkpi.quality.docs import build_docs
    from jkpi.state.open_alerts import open_falls

    states, falls = moment_states(settings), open_falls(settings.state_url)
    with open_warehouse(settings) as warehouse:
        pages = publish_map(settings, warehouse, states, falls)
    return (*pages, build_docs(settings))


def _dashboards(settings: Settings, pages: tuple[Path, ...], asked: bool) -> Published:
    from jkpi.dashboards.publish import publish_dashboards
    from jkpi.dashboards.publish_tables import coarse_kpis, is_measured, publish_tables
    from jkpi.pipeline.workspace import read_map

    journeys, _, _ = read_map(settings)
    with open_warehouse(settings) as warehouse:
        if not asked and not is_measured(warehouse):
            return Published(pages)
        snapshot = publish_tables(settings, warehouse, journeys)
        coarse = coarse_kpis(warehouse)
    # The warehouse is let go: whoever writes need not wait for Superset.
    if not asked and settings.superset is None:
        return Published(pages, snapshot)
    return Published(pages, snapshot, publish_dashboards(settings, journeys, coarse))
