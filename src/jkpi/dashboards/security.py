"""Who sees what: a role for each journey, which shows its rows and no others, and one that shows all of a workspace.

Superset keeps to the rule in every query of the role's users, those of annotations and of their own charts as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jkpi.dashboards.bundle import Bundle
from jkpi.dashboards.push import There
from jkpi.errors import SystemFailure

EVERYTHING = "all"


@dataclass(frozen=True)
class Role:
    """A role of the workspace; `journey` is None for the one that sees all."""

    name: str
    journey: str | None


def roles_of(bundle: Bundle) -> list[Role]:
    """The roles that a workspace has."""
    named = [Role(f"{bundle.signature}: {journey}", journey) for journey in bundle.journeys]
    return [*named, Role(f"{bundle.signature}: {EVERYTHING}", None)]


def secure(client: Any, bundle: Bundle, there: There) -> list[str]:
    """Make the roles, and say in words what had to be changed. What others gave to a role or a dashboard stays.

    Raises:
        SystemFailure: afterwards a role sees more than its journey.
    """
    changed: list[str] = []
    known = {row["name"]: row["id"] for row in client.listed("security/roles/", ["id", "name"])}
    ids: dict[str, int] = {}
    for role in roles_of(bundle):
        if role.name not in known:
            changed.append(f"new role: {role.name}")
            known[role.name] = client.ask("POST", "security/roles/", json={"name": role.name})["id"]
        ids[role.name] = known[role.name]
    # The rule before the right: at no time does a role see more than it should.
    for role in roles_of(bundle):
        if role.journey is not None:
            changed += _restrict(client, role, ids[role.name], sorted(there.datasets.values()))
    changed += _grant(client, bundle, ids)
    changed += _open(client, bundle, there, ids)
    return changed


def _restrict(client: Any, role: Role, role_id: int, datasets: list[int]) -> list[str]:
    """The rule that a role sees the rows of its journey."""
    wanted = {
        "name": role.name,
        "description": "Made by jkpi; changes by hand are undone.",
        "filter_type": "Regular",
        "group_key": "journey",
        "clause": f"journey = '{role.journey}'",
        "tables": datasets,
        "roles": [role_id],
    }
    named = [{"col": "name", "opr": "eq", "value": role.name}]
    found = [row["id"] for row in client.listed("rowlevelsecurity/", ["id", "name"], named)]
    if not found:
        client.ask("POST", "rowlevelsecurity/", json=wanted)
        change = [f"new rule: {role.name}"]
    elif _rule(client, found[0]) != wanted:
        client.ask("PUT", f"rowlevelsecurity/{found[0]}", json=wanted)
        change = [f"mended rule: {role.name}"]
    else:
        return []
    found = [row["id"] for row in client.listed("rowlevelsecurity/", ["id", "name"], named)]
    if not found or _rule(client, found[0]) != wanted:
        raise SystemFailure(
            f"the rule {role.name!r} does not hold in Superset", hint="look at Settings, Row Level Security there"
        )
    return change


def _rule(client: Any, rule_id: int) -> dict[str, Any]:
    held = client.ask("GET", f"rowlevelsecurity/{rule_id}")["result"]
    keys = ("name", "description", "filter_type", "group_key", "clause")
    tables, roles = (sorted(one["id"] for one in held[key]) for key in ("tables", "roles"))
    return {**{key: held[key] for key in keys}, "tables": tables, "roles": roles}


def _grant(client: Any, bundle: Bundle, ids: dict[str, int]) -> list[str]:
    """The right to read the workspace's datasets, for each role."""
    names = tuple(f"[{bundle.signature}].[{bundle.signature} {name}](" for name in bundle.assets.datasets)
    rights = {
        row["id"]
        for row in client.listed("security/permissions-resources/", [])
        if row["permission"]["name"] == "datasource_access" and row["view_menu"]["name"].startswith(names)
    }
    if len(rights) < len(names):
        raise SystemFailure("Superset has no right for each of the datasets", hint="run again; see the log of Superset")
    changed = []
    for name, role_id in ids.items():
        held = {row["id"] for row in client.ask("GET", f"security/roles/{role_id}/permissions/")["result"]}
        if not rights <= held:
            body = {"permission_view_menu_ids": sorted(rights | held)}
            client.ask("POST", f"security/roles/{role_id}/permissions", json=body)
            changed.append(f"rights: {name}")
    return changed


def _open(client: Any, bundle: Bundle, there: There, ids: dict[str, int]) -> list[str]:
    """Each dashboard to the roles that have rows on it, where Superset keeps dashboards by role (DASHBOARD_RBAC)."""
    changed = []
    for dashboard in bundle.dashboards:
        wanted = {ids[role.name] for role in roles_of(bundle) if _may_open(role, dashboard.journey)}
        dashboard_id = there.dashboards[dashboard.uuid]
        held = {row["id"] for row in client.ask("GET", f"dashboard/{dashboard_id}")["result"]["roles"]}
        # Roles of other journeys of ours are taken off, roles of others stay.
        after = (held - set(ids.values())) | wanted
        if after != held:
            client.ask("PUT", f"dashboard/{dashboard_id}", json={"roles": sorted(after)})
            changed.append(f"roles of dashboard: {dashboard.title}")
    return changed


def _may_open(role: Role, journey: str | None) -> bool:
    return journey is None or role.journey in (None, journey)
