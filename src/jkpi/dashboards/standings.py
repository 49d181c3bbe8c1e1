"""Beside each number of a moment of truth how sure it is, and how the moment stands: looked up, not counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from jkpi.dashboards.titles import Row, Titles, naive
from jkpi.formatting import dashboard_text
from jkpi.journeys.model import Journey
from jkpi.warehouse.base import Warehouse

NOT_BY_ITSELF = "not judged by itself"
_READINGS = """
select
    journey, kpi, segment, segment_value, segment_label, period, period_start, value, ci_low, ci_high, sample_size, unit
from dashboards.dash_readings
where is_primary and promise is not null and status = 'final' and value is not null and period in ('week', 'month')
order by journey, kpi, segment, segment_value, period, period_start
"""


def standing_rows(
    w: Warehouse, journeys: Sequence[Journey], states: Sequence[Mapping[Any, Any]], titles: Titles, now: datetime
) -> Iterator[Row]:
    """The rows of `dash_moment_readings`: each final week and month of a moment in every segment, with its interval and
    the state that the series has today."""
    by_kpi: dict[tuple[str, str], list[Row]] = {}
    for row in w.rows(_READINGS):
        by_kpi.setdefault((row["journey"], row["kpi"]), []).append(row)
    known = {(row["journey"], row["moment"], row["segment"], row["segment_value"]): row for row in states}
    for journey in journeys:
        today = titles.today(journey.journey, now)
        units = {kpi_id: dashboard_text.unit_of(kpi) for kpi_id, kpi, _, _ in journey.all_kpis()}
        for moment in journey.moments_of_truth:
            named = titles.of_journey(journey.journey) | titles.of_moment(journey.journey, moment.moment, moment.kpi)
            for row in by_kpi.get((journey.journey, moment.kpi), ()):
                segment = (row["segment"], row["segment_value"])
                judged = segment[0] == "all" or segment[0] in moment.by
                yield {
                    **row,
                    **named,
                    "interval_text": dashboard_text.interval(row["ci_low"], row["ci_high"], units[moment.kpi])
                    or "none",
                    "state_text": _standing(known.get((journey.journey, moment.moment, *segment)), judged, today),
                    "as_of": naive(now),
                }


def _standing(state: Mapping[Any, Any] | None, judged: bool, today: date) -> str:
    if state is None:
        return dashboard_text.UNJUDGED if judged else NOT_BY_ITSELF
    return dashboard_text.standing(state["state"], state["since"], today)
