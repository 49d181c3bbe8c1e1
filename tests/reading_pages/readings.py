"""KPIs: value, interval, n, week, baseline, goal and other statistics; their weeks; time KPIs; emotions."""

from __future__ import annotations

import re
from typing import Any

from tests.reading_pages.account import Account
from tests.reading_pages.page import Shown
from tests.reading_pages.tables import Tables, anchor
from tests.reading_pages.texts import among, day_in, says

_GOAL = re.compile(r"^(promise|target): at (least|most) (.+)$")


def check(shown: Shown, tables: Tables, account: Account) -> None:
    """Every KPI of the map, in its stage or over the whole journey."""
    cards = {card["kpi"]: card for card in shown["cards"]}
    account.set(
        "KPIs", "the page", [card["kpi"] for card in shown["cards"]], [anchor("kpi", kpi) for kpi in tables.kpis]
    )
    for kpi, drawn in tables.kpis.items():
        if card := cards.get(anchor("kpi", kpi)):
            account.same("stage of the KPI", kpi, card["stage"], drawn["stage"])
            _card(kpi, card, tables, account)
        _weeks(kpi, shown["weeks"].get(anchor("def", kpi), []), tables, account)
    for stage in shown["stages"]:
        _waits(stage, tables, account)
        _feelings(stage, tables, account)


def goal(account: Account, where: str, text: str, noun: str, level: float | None, direction: str) -> None:
    """A promise or target as on the map, with its direction."""
    found = _GOAL.match(text)
    if level is None or found is None:
        account.same("goal", where, text, "" if level is None else f"{noun}: {level}")
        return
    side = "least" if direction == "higher" else "most"
    account.add("goal", where, text, level, found.groups()[:2] == (noun, side) and says(found.group(3), level))


def goal_status(reading: dict[str, Any] | None, level: float | None, direction: str, noun: str) -> str:
    """Kept or missed if the whole interval is on one side of the goal; else too close to call."""
    if reading is None or level is None:
        return ""
    low, high = (reading["value"] if reading[side] is None else reading[side] for side in ("ci_low", "ci_high"))
    above, below = low >= level, high <= level
    if above if direction == "higher" else below:
        return "keeps the promise" if noun == "promise" else "meets the target"
    if high < level if direction == "higher" else low > level:
        return f"{'below' if direction == 'higher' else 'above'} the {noun}"
    return "too close to call"


def _card(kpi: str, card: dict[str, Any], tables: Tables, account: Account) -> None:
    newest, drawn = tables.newest(kpi), tables.kpis[kpi]
    account.number("KPI", kpi, card["value"], newest["value"] if newest else None)
    noun, level = "target", drawn["target"]
    if level is None:
        promised = [moment["promise"] for moment in tables.moments.values() if moment["kpi"] == kpi]
        noun, level = ("promise", promised[0]) if promised else (noun, None)
    goal(account, kpi, card["goal"], noun, level, drawn["direction"])
    if newest is None:
        return
    account.interval("interval", kpi, among(card["small"], "95 %:"), newest["ci_low"], newest["ci_high"])
    n = None if newest["unit"] == "count" else newest["sample_size"]
    account.number("n", kpi, among(card["small"], "n "), n)
    week = among(card["small"], "week of ")
    account.add("week", kpi, week, newest["period_start"], day_in(week, tables.today) == newest["period_start"])
    account.same("goal status", kpi, card["status"], goal_status(newest, level, drawn["direction"], noun))
    health = tables.rows(
        "select baseline from marts.rpt_journey_health where journey = :journey and kpi = :kpi", kpi=kpi
    )
    baseline = health[0]["baseline"] if health else None
    account.number("baseline", kpi, among(card["small"], "baseline "), baseline)
    _others(kpi, card["extras"], newest, tables, account)


def _others(kpi: str, statistics: list[list[str]], newest: dict[str, Any], tables: Tables, account: Account) -> None:
    """The other statistics of that week."""
    there = {
        row["statistic"]: row["value"]
        for row in tables.weeks[kpi]
        if row["period_start"] == newest["period_start"] and not row["is_primary"] and row["value"] is not None
    }
    account.set("other statistics", kpi, [name for name, _ in statistics], there)
    for name, value in statistics:
        account.number("other statistic", f"{kpi} {name}", value, there.get(name))


def _weeks(kpi: str, weeks: list[list[str]], tables: Tables, account: Account) -> None:
    """The table of the weeks, newest first."""
    wanted = [row for row in reversed(tables.weeks[kpi]) if row["is_primary"]]
    account.same("count of weeks", kpi, len(weeks), len(wanted))
    for (week, value, interval, n, status), row in zip(weeks, wanted, strict=False):
        where = f"{kpi} in the week of {row['period_start']}"
        hidden = row["status"] == "withheld"
        account.add("week", where, week, row["period_start"], day_in(week, tables.today) == row["period_start"])
        account.number("KPI", where, value, None if hidden else row["value"])
        low, high = (None, None) if hidden else (row["ci_low"], row["ci_high"])
        account.interval("interval", where, interval, low, high)
        account.number("n", where, n, row["sample_size"] or 0)
        account.same("status", where, status, row["status"])


def _waits(stage: dict[str, Any], tables: Tables, account: Account) -> None:
    timed = [k for k, row in tables.kpis.items() if row["stage"] == stage["stage"] and row["kind"].startswith("time_")]
    waits = {wait["kpi"]: wait for wait in stage["lanes"]["waits"]["times"]}
    account.set("waits", stage["stage"], waits, [anchor("kpi", kpi) for kpi in timed])
    for kpi in timed:
        newest, wait = tables.newest(kpi), waits.get(anchor("kpi", kpi))
        if wait:
            account.number("wait", kpi, wait["value"], newest["value"] if newest else None)
        if wait and newest:
            _others(kpi, wait["extras"], newest, tables, account)


def _feelings(stage: dict[str, Any], tables: Tables, account: Account) -> None:
    """The share in which the emotion was present; or that the stage has no emotion KPI."""
    lane = stage["lanes"]["feelings"]
    emotions = [k for k, row in tables.kpis.items() if row["stage"] == stage["stage"] and row["kind"] == "emotion"]
    feelings = {feeling["kpi"]: feeling for feeling in lane["emotions"]}
    account.set("feelings", stage["stage"], feelings, [anchor("kpi", kpi) for kpi in emotions])
    account.same("unmeasured", stage["stage"], "not measured" in lane["none"], not emotions)
    for kpi in emotions:
        newest, feeling = tables.newest(kpi), feelings.get(anchor("kpi", kpi))
        if feeling:
            account.number(
                "presence", kpi, feeling["value"], newest["numerator"] / newest["denominator"] if newest else None
            )
            account.number(
                "n of presence", kpi, among(feeling["small"], "n "), newest["denominator"] if newest else None
            )
