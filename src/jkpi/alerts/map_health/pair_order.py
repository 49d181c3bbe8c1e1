"""Conditions of a KPI that times a pair of touchpoints: too many pairs in the wrong order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from jkpi.alerts.map_health.condition import MapCondition
from jkpi.alerts.series.moment_context import owner_receivers
from jkpi.config.settings import Settings
from jkpi.formatting.numbers import format_count, format_percent
from jkpi.journeys.model import Journey
from jkpi.warehouse.base import Warehouse

_PAIR_ORDER = "select * from marts.rpt_pair_order where count_wrong_order_28d > 0 order by journey, kpi"


def pairs_in_wrong_order(
    warehouse: Warehouse, journeys: Sequence[Journey], settings: Settings, now: datetime
) -> list[MapCondition]:
    """KPIs of which more than max_wrong_order_share of the pairs of four weeks came in the wrong order. Such pairs are
    left out of the KPI, so its readings are right for the others only."""
    if not warehouse.table_exists("marts", "rpt_pair_order"):
        return []
    by_name = {journey.journey: journey for journey in journeys}
    max_share = settings.alerting.options.max_wrong_order_share
    return [
        _condition(by_name[row["journey"]], row, settings, now)
        for row in warehouse.rows(_PAIR_ORDER)
        if row["journey"] in by_name and row["count_wrong_order_28d"] > max_share * row["count_pairs_28d"]
    ]


def _condition(journey: Journey, row: Mapping[str, Any], settings: Settings, now: datetime) -> MapCondition:
    titles = {
        touchpoint.touchpoint: touchpoint.display_title for stage in journey.stages for touchpoint in stage.touchpoints
    }
    first, last = (titles.get(row[name], row[name]) for name in ("from_touchpoint", "to_touchpoint"))
    wrong, pairs = row["count_wrong_order_28d"], row["count_pairs_28d"]
    share = format_percent(wrong / pairs)
    return MapCondition(
        "wrong_order",
        f"{journey.journey}/kpi/{row['kpi']}/wrong_order",
        journey.journey,
        "kpi",
        row["kpi"],
        row["kpi"],
        f"{row['kpi']}: {share} of its pairs are in the wrong order",
        journey.owner,
        owner_receivers(journey.owner, settings),
        now.date(),
        (
            ("Where", f"{journey.title} > {row['kpi']}"),
            (
                "Now",
                f"“{last}” came before “{first}” in {format_count(wrong)} of {format_count(pairs)} pairs of four weeks",
            ),
            ("Why", "They are left out of the KPI: how long they took is not known."),
            (
                "Next",
                "Compare the clocks of the two sources, and their time zones in YAML. If the order is right, exchange"
                " `from` and `to`.",
            ),
        ),
        f"select * from marts.rpt_pair_order\nwhere journey = '{journey.journey}' and kpi = '{row['kpi']}'",
        {"count_pairs_28d": pairs, "count_wrong_order_28d": wrong},
    )
