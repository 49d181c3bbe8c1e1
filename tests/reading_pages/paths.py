"""Observed paths: visits and stage transitions, with loops and drop-offs, against the map."""

from __future__ import annotations

from datetime import timedelta

from tests.reading_pages.account import Account
from tests.reading_pages.page import Shown
from tests.reading_pages.tables import Tables

END = "(end)"


def check(shown: Shown, tables: Tables, account: Account) -> None:
    """Every transition between stages in the weeks of the page, and the visits of four weeks."""
    order = [stage["stage"] for stage in tables.stages]
    moves: dict[str, dict[str, int]] = {stage: {} for stage in order}
    for row in tables.rows(
        "select * from marts.fct_stage_transitions where journey = :journey and segment = 'all'"
        " and period_start between :first and :sunday",
        first=tables.first,
        sunday=tables.last + timedelta(days=6),
    ):
        of = moves.setdefault(row["stage"], {})
        of[row["next_stage"]] = of.get(row["next_stage"], 0) + row["count_transitions"]
    for stage in shown["stages"]:
        name = stage["stage"]
        _visits(name, stage["visits"], tables, account)
        lane, there = stage["lanes"]["paths"], moves.get(name, {})
        account.set("transitions", name, [way["target"] for way in lane["paths"]], there)
        account.same("unmeasured", name, "not measured yet" in lane["none"], not there)
        for way in lane["paths"]:
            where = f"{name} to {way['target']}"
            count = there.get(way["target"])
            account.number("count", where, way["count"], count)
            account.number("share of transitions", where, way["share"], count and count / sum(there.values()))
            account.same("kind of transition", where, way["kind"], _kind(order, name, way["target"]))


def _kind(order: list[str], stage: str, target: str) -> str:
    """on_map, dropped_off, back (a loop, also to itself) or skip."""
    following = [*order, END][order.index(stage) + 1]
    if target == following:
        return "on_map"
    if target == END:
        return "dropped_off"
    return "back" if target in order and order.index(target) <= order.index(stage) else "skip"


def _visits(stage: str, text: str, tables: Tables, account: Account) -> None:
    since = tables.naive_now - timedelta(days=28)
    found = tables.rows(
        "select count(*) as n from marts.fct_stage_visits"
        " where journey = :journey and is_in_viewpoint and stage = :stage"
        " and entered_at >= :since and entered_at < :until",
        stage=stage,
        since=since,
        until=tables.naive_now,
    )
    account.number("visits", stage, text.split(" visit")[0], found[0]["n"])
