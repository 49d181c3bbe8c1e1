"""Touchpoints: position, number of events, last event, and whether they are confirmed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.reading_pages.account import Account
from tests.reading_pages.page import Shown
from tests.reading_pages.tables import Tables
from tests.reading_pages.texts import is_ago

_LANES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "touchpoints": lambda drawn: True,
    "front": lambda drawn: drawn["stage_side"] == "front",
    "back": lambda drawn: drawn["stage_side"] == "back",
    "self_service": lambda drawn: drawn["stage_side"] == "front" and not drawn["is_staffed"],
    "staffed": lambda drawn: drawn["stage_side"] == "front" and drawn["is_staffed"],
}


def check(shown: Shown, tables: Tables, account: Account) -> None:
    """Every touchpoint in every lane that it belongs to, and what the map does not have."""
    drawn = tables.rows("select * from raw.map_touchpoints where journey = :journey and is_current")
    covered = tables.rows(
        "select * from marts.rpt_map_coverage where journey = :journey or element = 'unmapped_touchpoint'"
    )
    seen = {row["name"]: row for row in covered if row["element"] == "touchpoint"}
    for stage in shown["stages"]:
        here = {row["touchpoint"]: row for row in drawn if row["stage"] == stage["stage"]}
        for lane, belongs in _LANES.items():
            listed = stage["lanes"][lane]["touchpoints"]
            due = [name for name, row in here.items() if belongs(row)]
            account.set(f"touchpoints in lane {lane}", stage["stage"], [point["touchpoint"] for point in listed], due)
            for point in listed:
                if row := here.get(point["touchpoint"]):
                    _touchpoint(point, row, seen.get(row["touchpoint"]), tables, account)
        _confirmations(stage, here, seen, tables, account)
    unmapped = [row for row in covered if row["element"] == "unmapped_touchpoint"]
    wanted = [f"{row['count_events'] or 0:,} × {_spoken(row['name'])}" for row in unmapped]
    account.set("touchpoints off the map", "the page", shown["unmapped"], wanted)


def _touchpoint(
    point: dict[str, Any], drawn: dict[str, Any], seen: dict[str, Any] | None, tables: Tables, account: Account
) -> None:
    name = drawn["touchpoint"]
    last = seen and seen["last_evidence_at"]
    channel = _spoken(drawn["channel"] or "").lower() or "no channel"
    account.same("channel", name, point["small"][0], channel)
    account.same("evidence", name, point["small"][-1], _known(drawn, "confirmed"))
    if not seen or not last:
        account.same("volume", name, point["volume"], "")
        account.same("last event", name, "no data yet" in point["small"], True)
        return
    recent, ever = seen["count_events_28d"], seen["count_events"]
    count, _, span = point["volume"].partition(" × ")
    account.number("volume", name, count, ever if recent is None else recent)
    points = tables.rows("select 1 as one from raw.map_viewpoints where journey = :journey and is_current limit 1")
    whose = " by all customers" if points else ""
    account.same("span of the volume", name, span, ("so far" if recent is None else "in 28 days") + whose)
    ages = [text for text in point["small"] if text.endswith((" ago", "just now"))]
    account.add("last event", name, ages, last, len(ages) == 1 and is_ago(ages[0], tables.past(last)))


def _confirmations(
    stage: dict[str, Any], here: dict[str, Any], seen: dict[str, Any], tables: Tables, account: Account
) -> None:
    """The data of each touchpoint: hypothesis or confirmed, and the age of its last event."""
    texts = dict(stage["lanes"]["data"]["confirmations"])
    account.set("confirmations", stage["stage"], texts, here)
    for name, text in texts.items():
        known, _, age = text.partition("; ")
        account.same("evidence", name, known, _known(here.get(name, {}), "confirmed by customers"))
        last = seen[name]["last_evidence_at"] if name in seen else None
        fits = is_ago(age, tables.past(last)) if last else age == "no data yet"
        account.add("last event", name, age, last, fits)


def _known(drawn: dict[str, Any], confirmed: str) -> str:
    return confirmed if drawn.get("evidence") == "confirmed_by_customers" else "hypothesis"


def _spoken(identifier: str) -> str:
    return identifier.replace("_", " ").replace("-", " ").strip().capitalize()
