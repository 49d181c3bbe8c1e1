"""Moments of truth: value, interval, n, last day, promise, state and since when; above the map and in its lane."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from tests.reading_pages.account import Account
from tests.reading_pages.page import Shown
from tests.reading_pages.readings import goal, goal_status
from tests.reading_pages.tables import Row, Tables, anchor
from tests.reading_pages.texts import among, day_in

_LAST_DAY = re.compile(r"^(.+) on (\d+ \w+(?: \d{4})?) \(n ([\d,]+)\)$")
_LENGTH = re.compile(r", (\d+) days?(?: ago)?$")


def check(shown: Shown, tables: Tables, account: Account) -> None:
    """Every moment of truth of the map, twice: above it and in its stage."""
    cards = {card["moment"]: card for card in shown["moments"]}
    account.set("moments of truth", "the page", cards, [anchor("moment", moment) for moment in tables.moments])
    inside = {(stage["stage"], moment["moment"]): moment for stage in shown["stages"] for moment in _in_lane(stage)}
    placed = {(tables.kpis[m["kpi"]]["stage"], anchor("moment", name)): name for name, m in tables.moments.items()}
    account.set("moments in their stages", "the map", inside, [place for place in placed if place[0]])
    for name in tables.moments:
        if card := cards.get(anchor("moment", name)):
            _card(name, card, tables, account)
    for place, lane in inside.items():
        if place in placed:
            name, small = placed[place], lane["small"]
            _check_latest_week(name, lane["value"], among(small, "95 %:"), among(small, "n "), tables, account)
            since = next((text for text in small if text.startswith(("since", "dropped on"))), "")
            _state(name, lane["state"], since, tables, account)


def _in_lane(stage: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stage["lanes"]["moments"]["moments"]
    return found


def _card(name: str, card: dict[str, Any], tables: Tables, account: Account) -> None:
    drawn, terms = tables.moments[name], card["terms"]
    kpi, direction = drawn["kpi"], tables.kpis[drawn["kpi"]]["direction"]
    newest = _check_latest_week(
        name, card["value"], terms.get("95 % interval", ""), terms.get("n", ""), tables, account
    )
    _state(name, card["states"][0], card["since"], tables, account)
    goal(account, name, card["goal"], "promise", drawn["promise"], direction)
    account.same("goal status", name, card["status"], goal_status(newest, drawn["promise"], direction, "promise"))
    if newest:
        week = terms["Final"]
        account.add("week", name, week, newest["period_start"], day_in(week, tables.today) == newest["period_start"])
    account.same("owner", name, terms["Owner"], drawn["owner"] or "no owner")
    firing = [
        f"{row['segment']} = {row['segment_value']}"
        for row in tables.states
        if (row["journey"], row["moment"]) == (tables.journey, name) and row["segment"] != "all" and row["alert_id"]
    ]
    parts = " ".join(card["states"][1:]).removeprefix("firing in ")
    account.set("firing segments", name, _ungrouped(parts), firing)
    _last_day(name, kpi, terms.get("Last final day", ""), tables, account)


def _ungrouped(parts: str) -> list[str]:
    """`region = south and west; tier = gold` -> one text for each value."""
    groups = [group.split(" = ", 1) for group in parts.split("; ")] if parts else []
    return [f"{segment} = {value}" for segment, values in groups for value in re.split(", | and ", values)]


def _check_latest_week(
    name: str, value: str, interval: str, n: str, tables: Tables, account: Account
) -> dict[str, Any] | None:
    """The latest final week of the statistic of the moment."""
    drawn = tables.moments[name]
    newest = tables.newest(drawn["kpi"], drawn["statistic"])
    account.number("moment", name, value, newest["value"] if newest else None)
    account.interval(
        "interval", name, interval, newest["ci_low"] if newest else None, newest["ci_high"] if newest else None
    )
    account.number("n", name, n, newest["sample_size"] if newest else None)
    return newest


def _state(name: str, word: str, since: str, tables: Tables, account: Account) -> None:
    """The state of the total, its first day, and how many days ago that was."""
    series: Row | None = next(
        (
            row
            for row in tables.states
            if (row["journey"], row["moment"], row["segment"]) == (tables.journey, name, "all")
        ),
        None,
    )
    state = series["state"] if series else "not evaluated yet"
    account.same("state", name, word, "ok" if state == "resolved" else state.replace("_", " "))
    day = series["state_since"] if series else None
    if day is None:
        account.same("since", name, since, "")
        return
    length = _LENGTH.search(since)
    fits = day_in(since, tables.today) == day and timedelta(int(length.group(1)) if length else 0) == tables.today - day
    account.add("since", name, since, day, fits)


def _last_day(name: str, kpi: str, text: str, tables: Tables, account: Account) -> None:
    found = tables.rows(
        "select * from marts.fct_kpi_readings where journey = :journey and kpi = :kpi and statistic = :statistic"
        " and segment = 'all' and period = 'day' and status = 'final' and value is not null and period_start >= :first"
        " order by period_start desc limit 1",
        kpi=kpi,
        statistic=tables.moments[name]["statistic"],
        first=tables.first,
    )
    match = _LAST_DAY.match(text)
    if not found or not match:
        account.same("last day", name, text, found[0]["period_start"] if found else "")
        return
    value, day, n = match.groups()
    account.number("last day", name, value, found[0]["value"])
    account.number("n of the last day", name, n, found[0]["sample_size"])
    account.same("last day", name, day_in(day, tables.today), found[0]["period_start"])
