"""Publish the living maps, the tables that dashboards read, and the dashboards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from jkpi.config.settings import Settings
from jkpi.documents.validation_errors import did_you_mean
from jkpi.errors import InputError
from jkpi.warehouse.open import open_warehouse

if TYPE_CHECKING:
    from jkpi.dashboards.publish import DashboardReport

PublishTarget = Literal["all", "maps", "dashboards"]


@dataclass(frozen=True)
class PublishReport:
    """What was published. `snapshot`: the tables for dashboards, of a DuckDB warehouse; `dashboards`: None without
    Superset."""

    pages: tuple[Path, ...] = ()
    snapshot: Path | None = None
    dashboards: DashboardReport | None = None


def parse_publish_target(text: str) -> PublishTarget:
    """The target of that name.

    Raises:
        InputError: unknown target.
    """
    targets: tuple[PublishTarget, ...] = get_args(PublishTarget)
    for target in targets:
        if target == text:
            return target
    raise InputError(f"unknown target {text!r}", hint=did_you_mean(text, targets))


def publish(settings: Settings, target: PublishTarget = "all") -> PublishReport:
    """Write the living maps and the Data Docs of the checks, copy the tables for dashboards, and update dashboards
    if jkpi.yml configures Superset. Before the first measurement it writes maps only."""
    pages = _publish_maps(settings) if target in ("all", "maps") else ()
    if target == "maps":
        return PublishReport(pages)
    return _publish_dashboards(settings, pages, is_requested=target == "dashboards")


def _publish_maps(settings: Settings) -> tuple[Path, ...]:
    from jkpi.living_map.publish import publish_maps
    from jkpi.quality.docs import build_docs
    from jkpi.state.alert_reader import moment_states, open_alerts

    states, alerts = moment_states(settings.state_url), open_alerts(settings.state_url)
    with open_warehouse(settings) as warehouse:
        pages = publish_maps(settings, warehouse, states, alerts)
    return (*pages, build_docs(settings))


def _publish_dashboards(settings: Settings, pages: tuple[Path, ...], is_requested: bool) -> PublishReport:
    from jkpi.dashboards.publish import publish_dashboards
    from jkpi.dashboards.publish_tables import is_measured, monthly_only_kpis, publish_tables
    from jkpi.pipeline.workspace import read_map

    journeys, _, _ = read_map(settings)
    with open_warehouse(settings) as warehouse:
        if not is_requested and not is_measured(warehouse):
            return PublishReport(pages)
        snapshot = publish_tables(settings, warehouse, journeys)
        monthly_only = monthly_only_kpis(warehouse)
    # The warehouse is closed here, so that other processes need not wait for Superset.
    if not is_requested and settings.superset is None:
        return PublishReport(pages, snapshot)
    return PublishReport(pages, snapshot, publish_dashboards(settings, journeys, monthly_only))
