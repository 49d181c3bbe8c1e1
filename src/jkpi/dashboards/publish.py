"""Publish dashboards: check the bundle, import it into Superset, set access rights, verify the charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jkpi.config.secrets import require_secrets
from jkpi.config.settings import Settings
from jkpi.dashboards.build import build_bundle
from jkpi.dashboards.bundle import DashboardBundle
from jkpi.dashboards.client import connect
from jkpi.dashboards.columns import check_bundle
from jkpi.dashboards.database import superset_database
from jkpi.dashboards.publish_tables import snapshot_link
from jkpi.dashboards.push import sync_bundle
from jkpi.dashboards.scopes import MonthlyOnlyKpis, workspace_scopes
from jkpi.dashboards.security import apply_security, workspace_roles
from jkpi.dashboards.verify import VerificationResult, verify_charts
from jkpi.errors import CheckFailed, InputError
from jkpi.journeys.model import Journey


@dataclass(frozen=True)
class DashboardReport:
    """Result of publishing dashboards. `changed`: the differences that were found and removed; `empty`: charts without
    data."""

    urls: tuple[str, ...]
    charts: int
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    security_changes: tuple[str, ...]
    roles: tuple[str, ...]
    empty: tuple[str, ...]


def workspace_bundle(
    settings: Settings, journeys: Sequence[Journey], monthly_only: MonthlyOnlyKpis = frozenset()
) -> DashboardBundle:
    """The validated bundle of a workspace. `monthly_only`: see `monthly_only_kpis`.

    Raises:
        JkpiError: it does not fit the tables.
    """
    database_secret = settings.superset.database if settings.superset else None
    override = database_secret.get_secret_value() if database_secret else None
    database = superset_database(settings.warehouse_url, snapshot_link(settings), override)
    bundle = build_bundle(settings.name, database, workspace_scopes(settings, journeys, monthly_only))
    check_bundle(bundle)
    return bundle


def publish_dashboards(
    settings: Settings, journeys: Sequence[Journey], monthly_only: MonthlyOnlyKpis = frozenset()
) -> DashboardReport:
    """Update Superset to match the maps. The tables must be published before. `monthly_only`: see `monthly_only_kpis`.

    Raises:
        InputError: jkpi.yml names no Superset, one of its secrets is missing, or it refuses the user.
        SystemFailure: Superset cannot be reached, or refuses the bundle.
        CheckFailed: a chart's query fails.
    """
    connection = settings.superset
    if connection is None:
        raise InputError(
            "jkpi.yml has no superset section",
            hint="add superset: {url: ..., username: ..., password: env:NAME}; for an example see make superset",
        )
    require_secrets(connection.unresolved_secrets)
    bundle = workspace_bundle(settings, journeys, monthly_only)
    client = connect(connection.url, connection.username, connection.password.get_secret_value(), connection.provider)
    try:
        synced = sync_bundle(client, bundle)
        security_changes = apply_security(client, bundle, synced.remote)
        verification = verify_charts(client, bundle, synced.remote)
    finally:
        client.session.close()
    _require_all_charts(verification)
    return DashboardReport(
        urls=tuple(f"{connection.url}/superset/dashboard/{dashboard.slug}/" for dashboard in bundle.dashboards),
        charts=verification.charts,
        changed=("everything is new",) if synced.is_new else synced.changed,
        removed=synced.removed,
        security_changes=tuple(security_changes),
        roles=tuple(role.name for role in workspace_roles(bundle)),
        empty=verification.empty,
    )


def _require_all_charts(verification: VerificationResult) -> None:
    if verification.failed:
        failures_text = "; ".join(f"{name}: {reason}" for name, reason in verification.failed[:5])
        raise CheckFailed(
            f"{len(verification.failed)} of {verification.charts} charts failed: {failures_text}",
            hint="check that Superset can read the published tables; see `superset: {database: ...}` in jkpi.yml",
        )
