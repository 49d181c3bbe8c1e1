"""Access rights: a role for each journey, which shows only its rows, and a role that shows all rows of a workspace.

Superset applies the rule to every query of the role's users, also to those of annotations and of their own charts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jkpi.dashboards.bundle import DashboardBundle
from jkpi.dashboards.push import RemoteObjects
from jkpi.errors import SystemFailure

ALL_JOURNEYS = "all"


@dataclass(frozen=True)
class JourneyRole:
    """A role of the workspace; `journey` is None for the role that sees all."""

    name: str
    journey: str | None


def workspace_roles(bundle: DashboardBundle) -> list[JourneyRole]:
    """The roles of a workspace."""
    journey_roles = [JourneyRole(f"{bundle.certifier}: {journey}", journey) for journey in bundle.journeys]
    return [*journey_roles, JourneyRole(f"{bundle.certifier}: {ALL_JOURNEYS}", None)]


def apply_security(client: Any, bundle: DashboardBundle, remote: RemoteObjects) -> list[str]:
    """Create or update the roles, and return the changes as text. What others added to a role or dashboard is kept.

    Raises:
        SystemFailure: afterwards a role sees more than its journey.
    """
    changed: list[str] = []
    role_ids = {row["name"]: row["id"] for row in client.listed("security/roles/", ["id", "name"])}
    workspace_role_ids: dict[str, int] = {}
    for role in workspace_roles(bundle):
        if role.name not in role_ids:
            changed.append(f"new role: {role.name}")
            role_ids[role.name] = client.ask("POST", "security/roles/", json={"name": role.name})["id"]
        workspace_role_ids[role.name] = role_ids[role.name]
    # The rule comes before the permission, so that a role never sees more than it should.
    for role in workspace_roles(bundle):
        if role.journey is not None:
            changed += _restrict_to_journey(
                client, role, workspace_role_ids[role.name], sorted(remote.datasets.values())
            )
    changed += _grant_dataset_access(client, bundle, workspace_role_ids)
    changed += _assign_dashboard_roles(client, bundle, remote, workspace_role_ids)
    return changed


def _restrict_to_journey(client: Any, role: JourneyRole, role_id: int, datasets: list[int]) -> list[str]:
    """The rule that limits a role to the rows of its journey."""
    wanted = {
        "name": role.name,
        "description": "Managed by jkpi; manual changes are overwritten.",
        "filter_type": "Regular",
        "group_key": "journey",
        "clause": f"journey = '{role.journey}'",
        "tables": datasets,
        "roles": [role_id],
    }
    name_filter = [{"col": "name", "opr": "eq", "value": role.name}]
    rule_ids = [row["id"] for row in client.listed("rowlevelsecurity/", ["id", "name"], name_filter)]
    if not rule_ids:
        client.ask("POST", "rowlevelsecurity/", json=wanted)
        change = [f"new rule: {role.name}"]
    elif _fetch_rule(client, rule_ids[0]) != wanted:
        client.ask("PUT", f"rowlevelsecurity/{rule_ids[0]}", json=wanted)
        change = [f"updated rule: {role.name}"]
    else:
        return []
    rule_ids = [row["id"] for row in client.listed("rowlevelsecurity/", ["id", "name"], name_filter)]
    if not rule_ids or _fetch_rule(client, rule_ids[0]) != wanted:
        raise SystemFailure(
            f"the rule {role.name!r} is not in force in Superset", hint="check Settings, Row Level Security in Superset"
        )
    return change


def _fetch_rule(client: Any, rule_id: int) -> dict[str, Any]:
    remote_rule = client.ask("GET", f"rowlevelsecurity/{rule_id}")["result"]
    keys = ("name", "description", "filter_type", "group_key", "clause")
    tables, roles = (sorted(item["id"] for item in remote_rule[key]) for key in ("tables", "roles"))
    return {**{key: remote_rule[key] for key in keys}, "tables": tables, "roles": roles}


def _grant_dataset_access(client: Any, bundle: DashboardBundle, ids: dict[str, int]) -> list[str]:
    """Grant the right to read the workspace's datasets, for each role."""
    names = tuple(f"[{bundle.certifier}].[{bundle.certifier} {name}](" for name in bundle.assets.datasets)
    permission_ids = {
        row["id"]
        for row in client.listed("security/permissions-resources/", [])
        if row["permission"]["name"] == "datasource_access" and row["view_menu"]["name"].startswith(names)
    }
    if len(permission_ids) < len(names):
        raise SystemFailure(
            "Superset has no permission for some of the datasets",
            hint="run the command again; if it fails again, see the log of Superset",
        )
    changed = []
    for name, role_id in ids.items():
        granted_ids = {row["id"] for row in client.ask("GET", f"security/roles/{role_id}/permissions/")["result"]}
        if not permission_ids <= granted_ids:
            body = {"permission_view_menu_ids": sorted(permission_ids | granted_ids)}
            client.ask("POST", f"security/roles/{role_id}/permissions", json=body)
            changed.append(f"rights: {name}")
    return changed


def _assign_dashboard_roles(
    client: Any, bundle: DashboardBundle, remote: RemoteObjects, ids: dict[str, int]
) -> list[str]:
    """Grant each dashboard to the roles with rows on it, if Superset has dashboard roles (DASHBOARD_RBAC)."""
    changed = []
    for dashboard in bundle.dashboards:
        wanted = {ids[role.name] for role in workspace_roles(bundle) if _may_view(role, dashboard.journey)}
        dashboard_id = remote.dashboards[dashboard.uuid]
        current_roles = {row["id"] for row in client.ask("GET", f"dashboard/{dashboard_id}")["result"]["roles"]}
        # Our roles of other journeys are removed, roles of others stay.
        after = (current_roles - set(ids.values())) | wanted
        if after != current_roles:
            client.ask("PUT", f"dashboard/{dashboard_id}", json={"roles": sorted(after)})
            changed.append(f"roles of dashboard: {dashboard.title}")
    return changed


def _may_view(role: JourneyRole, journey: str | None) -> bool:
    return journey is None or role.journey in (None, journey)
