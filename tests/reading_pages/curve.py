"""The satisfaction curve: for each stage the question with most responses, and the share of peaks and ends."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, timedelta
from typing import Any

from tests.reading_pages.account import Account
from tests.reading_pages.page import Shown
from tests.reading_pages.tables import Tables
from tests.reading_pages.texts import among

_ANSWERS = """
select kpi, score from marts.fct_responses
where journey = :journey and is_in_viewpoint and score is not null and responded_date between :first and :sunday
"""


def check(shown: Shown, tables: Tables, account: Account) -> None:
    """Every point of the curve, and every peak and end."""
    sunday = tables.last + timedelta(days=6)
    scores: dict[str, list[float]] = {}
    for row in tables.rows(_ANSWERS, first=tables.first, sunday=sunday):
        if (scaled := _scaled(tables.kpis.get(row["kpi"]), row["score"])) is not None:
            scores.setdefault(row["kpi"], []).append(scaled)
    marks = {column: _where(column, tables) for column in ("peak", "end")}
    for stage in shown["stages"]:
        name, lane = stage["stage"], stage["lanes"]["satisfaction"]
        here = {kpi: found for kpi, found in scores.items() if tables.kpis[kpi]["stage"] == name}
        account.same("points of the curve", name, len(lane["scores"]), 1 if here else 0)
        account.same("unmeasured", name, "no survey here" in lane["none"], not here)
        for point in lane["scores"]:
            _point(name, point, here, account)
        for column, share in marks.items():
            part = among(lane["peakEnd"], f"{column} of ").removesuffix(" of instances")
            account.number(f"{column} of the curve", name, part, share.get(name) if here else None)


def _point(stage: str, point: dict[str, Any], here: dict[str, list[float]], account: Account) -> None:
    most = max((len(found) for found in here.values()), default=0)
    found = here.get(point["kpi"], [])
    account.same("answers to the question of the curve", stage, len(found), most)
    account.number("satisfaction", stage, point["value"], sum(found) / len(found) if found else None)
    account.number("n of satisfaction", stage, among(point["sample"].split(", "), "n "), len(found))


def _scaled(kpi: dict[str, Any] | None, score: float) -> float | None:
    """0 to 1 on its own scale, 1 is best; nothing where the question has no scale."""
    if kpi is None or kpi["scale_min"] is None or kpi["scale_max"] is None or kpi["scale_max"] <= kpi["scale_min"]:
        return None
    share = (score - kpi["scale_min"]) / (kpi["scale_max"] - kpi["scale_min"])
    return 1 - share if kpi["polarity"] == "low_is_easy" else share


def _where(column: str, tables: Tables) -> dict[str, float]:
    """Stage -> share of the instances begun in the weeks of the page whose peak or end is there."""
    places = tables.rows("select touchpoint, stage from raw.map_touchpoints where journey = :journey and is_current")
    stage_of = {row["touchpoint"]: row["stage"] for row in places}
    counted: Counter[str] = Counter()
    for row in tables.rows(
        f"select started_at, {column}_touchpoint as touchpoint from marts.fct_journey_instances"
        f" where journey = :journey and is_in_viewpoint and {column}_touchpoint is not null"
    ):
        day = row["started_at"].replace(tzinfo=UTC).astimezone(tables.zone).date()
        if tables.first <= day <= tables.last + timedelta(days=6):
            counted[stage_of.get(row["touchpoint"], "")] += 1
    return {stage: count / counted.total() for stage, count in counted.items()}
