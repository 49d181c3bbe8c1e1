"""Every stage with every lane and its texts from the map."""

from __future__ import annotations

from typing import Any

from tests.reading_pages.account import Account
from tests.reading_pages.page import Shown
from tests.reading_pages.tables import Tables, anchor

LANES = (
    *(
        "goals",
        "thoughts",
        "actions",
        "stories",
        "touchpoints",
        "self_service",
        "staffed",
        "front",
        "paths",
        "feelings",
    ),
    *("satisfaction", "pains", "moments", "kpis", "waits", "back", "support", "opportunities", "initiatives", "owners"),
    "data",
)
_TEXTS = {
    **{lane: lane for lane in ("goals", "thoughts", "actions", "feelings", "pains", "support", "opportunities")},
    "back": "backstage",
}


def check(shown: Shown, tables: Tables, account: Account) -> None:
    """In the order of the map."""
    shown_stages = [(stage["stage"], stage["title"]) for stage in shown["stages"]]
    account.same("stages", "the map", shown_stages, [(stage["stage"], stage["title"]) for stage in tables.stages])
    drawn = {stage["stage"]: stage for stage in tables.stages}
    for stage in shown["stages"]:
        account.set("lanes", stage["stage"], stage["lanes"], LANES)
        if stage["stage"] in drawn:
            _texts(stage, drawn[stage["stage"]], account)
            _people(stage, drawn[stage["stage"]], tables, account)


def _texts(stage: dict[str, Any], drawn: dict[str, Any], account: Account) -> None:
    name, content, lanes = drawn["stage"], drawn["content"], stage["lanes"]
    for lane, key in _TEXTS.items():
        wanted = [" ".join(text.split()) for text in content.get(key) or ()]
        account.same(lane, name, lanes[lane]["texts"], wanted)
        is_missing = any(text in ("not on the map yet", "nothing here") for text in lanes[lane]["none"])
        there = wanted or (lane == "back" and lanes[lane]["touchpoints"])
        account.same(f"that {lane} are missing", name, is_missing, not there)
    stories = [story["story"] for story in content.get("stories") or ()]
    account.set("stories", name, lanes["stories"]["stories"], stories)
    account.same(
        "initiatives",
        name,
        lanes["initiatives"]["initiatives"],
        [initiative["action"] for initiative in content.get("initiatives") or ()],
    )


def _people(stage: dict[str, Any], drawn: dict[str, Any], tables: Tables, account: Account) -> None:
    """The owners of the stage and of its moments of truth; and the KPIs of the stage."""
    name = drawn["stage"]
    here = [kpi for kpi, row in tables.kpis.items() if row["stage"] == name]
    moments = [moment["owner"] for moment in tables.moments.values() if moment["kpi"] in here]
    owners = [owner for owner in (drawn["owner"], *moments) if owner]
    account.set("owners", name, stage["lanes"]["owners"]["owners"], owners)
    account.set("KPIs of the stage", name, stage["lanes"]["kpis"]["cards"], [anchor("kpi", kpi) for kpi in here])
