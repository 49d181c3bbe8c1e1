"""`jkpi publish dashboards`: the bundle checked, put into Superset, secured, and its charts asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jkpi.config.secrets import require
from jkpi.config.settings import Settings
from jkpi.dashboards.build import make_bundle
from jkpi.dashboards.bundle import Bundle
from jkpi.dashboards.client import connect
from jkpi.dashboards.columns import check_bundle
from jkpi.dashboards.database import database_of
from jkpi.dashboards.publish_tables import snapshot_link
from jkpi.dashboards.push import push
from jkpi.dashboards.scopes import Coarse, subjects_of
from jkpi.dashboards.security import roles_of, secure
from jkpi.dashboards.verify import Proof, prove
from jkpi.errors import CheckFailed, InputError
from jkpi.journeys.model import Journey

_SHOWN = 20


@dataclass(frozen=True)
class DashboardReport:
    """What was put where. `changed` says what differed before; nothing, if nothing did."""

    urls: tuple[str, ...]
    charts: int
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    secured: tuple[str, ...]
    roles: tuple[str, ...]
    empty: tuple[str, ...]

    def lines(self) -> list[str]:
        """For people."""
        lines = [*self.urls, f"{len(self.urls)} dashboards, {self.charts} charts, each asked for its rows"]
        lines += _few("changed", [*self.changed, *self.secured]) or ["nothing had to be changed"]
        lines += [*_few("removed", self.removed), *_few("empty", self.empty)]
        return [*lines, f"roles to give to people, beside Gamma: {', '.join(self.roles)}"]


def _few(word: str, things: Sequence[str]) -> list[str]:
    more = [f"{word}: {len(things) - _SHOWN} more"] if len(things) > _SHOWN else []
    return [*(f"{word}: {thing}" for thing in things[:_SHOWN]), *more]


def bundle_of(settings: Settings, journeys: Sequence[Journey], coarse: Coarse = frozenset()) -> Bundle:
    """Everything that a workspace has in Superset, checked. `coarse`: see `coarse_kpis`.

    Raises:
        JkpiError: it does not fit the tables.
    """
    given = settings.superset.database if settings.superset else None
    override = given.get_secret_value() if given else None
    database = database_of(settings.warehouse_url, snapshot_link(settings), override)
    bundle = make_bundle(settings.name, database, subjects_of(settings, journeys, coarse))
    check_bundle(bundle)
    return bundle


def publish_dashboards(
    settings: Settings, journeys: Sequence[Journey], coarse: Coarse = frozenset()
) -> DashboardReport:
    """Bring Superset to what the maps say. The tables are published before; `coarse`: see `coarse_kpis`.

    Raises:
        InputError: no Superset is named, a secret of it is not there, or it refuses the user.
        SystemFailure: it is away, or refuses what is put there.
        CheckFailed: a chart's query fails.
    """
    there = settings.superset
    if there is None:
        raise InputError(
            "jkpi.yml names no Superset",
            hint="write superset: {url: ..., username: ..., password: env:NAME}; or look at the example: make superset",
        )
    require(there.missing)
    bundle = bundle_of(settings, journeys, coarse)
    client = connect(there.url, there.username, there.password.get_secret_value(), there.provider)
    try:
        pushed = push(client, bundle)
        secured = secure(client, bundle, pushed.there)
        proof = prove(client, bundle, pushed.there)
    finally:
        client.session.close()
    _all_answered(proof)
    return DashboardReport(
        urls=tuple(f"{there.url}/superset/dashboard/{dashboard.slug}/" for dashboard in bundle.dashboards),
        charts=proof.charts,
        changed=("everything is new",) if pushed.is_new else pushed.changed,
        removed=pushed.removed,
        secured=tuple(secured),
        roles=tuple(role.name for role in roles_of(bundle)),
        empty=proof.empty,
    )


def _all_answered(proof: Proof) -> None:
    if proof.broken:
        told = "; ".join(f"{name}: {reason}" for name, reason in proof.broken[:5])
        raise CheckFailed(
            f"{len(proof.broken)} of {proof.charts} charts cannot be drawn: {told}",
            hint="does Superset reach what was published? See `superset: {database: ...}` in jkpi.yml",
        )
