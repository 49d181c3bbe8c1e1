"""Stage transitions, scaled responses, peaks and ends of a journey, from the marts.

Counts cover the weeks of the charts. A drop-off is decided only when the window of the journey is over, so a shorter
period would show none.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from jkpi.living_map.page_data import JourneyInsights, KpiReading, QuestionScore, SegmentWeek, StageTransition
from jkpi.living_map.published_readings import JOIN_FIRST_PUBLISHED
from jkpi.warehouse.base import Warehouse


def read_insights(warehouse: Warehouse, journey: str, first: date, last: date) -> JourneyInsights:
    """All insights of a journey from Monday `first` to the Sunday after `last`."""
    scope: dict[str, Any] = {"journey": journey, "first": first, "until": last + timedelta(days=7)}
    return JourneyInsights(
        transitions=_stage_transitions(warehouse, scope),
        scores=_question_scores(warehouse, scope),
        peaks=_peak_or_end_counts(warehouse, scope, "peak_touchpoint"),
        ends=_peak_or_end_counts(warehouse, scope, "end_touchpoint"),
        segment_weeks=_segment_weeks(warehouse, scope),
        versions=tuple(
            (int(row["version"]), row["valid_from"].date())
            for row in warehouse.rows(
                "select version, valid_from from raw.map_journeys where journey = :journey order by valid_from", scope
            )
            if row["valid_from"] is not None
        ),
    )


def _stage_transitions(warehouse: Warehouse, scope: dict[str, Any]) -> tuple[StageTransition, ...]:
    if not warehouse.table_exists("marts", "fct_stage_transitions"):
        return ()
    rows = warehouse.rows(
        "select stage, next_stage, sum(count_transitions) as moved from marts.fct_stage_transitions"
        " where journey = :journey and segment = 'all' and period_start >= :first and period_start < :until"
        " group by stage, next_stage order by moved desc, next_stage",
        scope,
    )
    return tuple(StageTransition(row["stage"], row["next_stage"], int(row["moved"])) for row in rows)


def _question_scores(warehouse: Warehouse, scope: dict[str, Any]) -> tuple[QuestionScore, ...]:
    if not warehouse.table_exists("marts", "fct_responses"):
        return ()
    rows = warehouse.rows(
        "select kpis.kpi, kpis.stage, count(answers.score) as answered, avg("
        "   case when kpis.polarity = 'low_is_easy' then kpis.scale_max - answers.score"
        "   else answers.score - kpis.scale_min end / (kpis.scale_max - kpis.scale_min)) as scaled"
        " from marts.fct_responses as answers"
        " inner join raw.map_kpis as kpis on answers.journey = kpis.journey and answers.kpi = kpis.kpi"
        " where kpis.is_current and kpis.journey = :journey and kpis.scale_max > kpis.scale_min"
        " and answers.is_in_viewpoint and answers.score is not null"
        " and answers.responded_date >= :first and answers.responded_date < :until"
        " group by kpis.kpi, kpis.stage, kpis.stage_position order by kpis.stage_position, answered desc, kpis.kpi",
        scope,
    )
    return tuple(QuestionScore(row["kpi"], row["stage"], float(row["scaled"]), int(row["answered"])) for row in rows)


def _peak_or_end_counts(warehouse: Warehouse, scope: dict[str, Any], column: str) -> tuple[tuple[str, int], ...]:
    if not warehouse.table_exists("marts", "fct_journey_instances"):
        return ()
    rows = warehouse.rows(
        f"select {column} as touchpoint, count(*) as instances from marts.fct_journey_instances"
        f" where is_in_viewpoint and journey = :journey and {column} is not null"
        " and started_at >= :first and started_at < :until"
        f" group by {column} order by instances desc, touchpoint",
        scope,
    )
    return tuple((row["touchpoint"], int(row["instances"])) for row in rows)


def _segment_weeks(warehouse: Warehouse, scope: dict[str, Any]) -> tuple[Any, ...]:
    if not warehouse.table_exists("marts", "fct_kpi_readings"):
        return ()
    names = ("value", "ci_low", "ci_high", "sample_size")
    rows = warehouse.rows(
        "select readings.kpi, readings.statistic, readings.segment, readings.segment_value, readings.period_start,"
        " readings.value, readings.ci_low, readings.ci_high, readings.sample_size, readings.open_count,"
        " readings.status, readings.unit, readings.is_suppressed,"
        f" {', '.join(f'published.{name} as published_{name}' for name in names)}"
        f" from marts.fct_kpi_readings as readings {JOIN_FIRST_PUBLISHED}"
        " inner join raw.map_kpis as kpis on readings.journey = kpis.journey and readings.kpi = kpis.kpi"
        " and readings.definition = kpis.definition"
        " where kpis.is_current and readings.journey = :journey and readings.period = 'week' and readings.is_primary"
        " and readings.period_start >= :first and readings.period_start < :until"
        " order by readings.kpi, readings.segment, readings.segment_value, readings.period_start",
        scope,
    )
    weeks_by_segment: dict[tuple[str, str, str], list[SegmentWeek]] = defaultdict(list)
    for row in rows:
        reading = KpiReading(
            statistic=row["statistic"],
            period_start=row["period_start"],
            value=row["value"],
            low=row["ci_low"],
            high=row["ci_high"],
            sample_size=int(row["sample_size"] or 0),
            open_count=int(row["open_count"] or 0),
            status=row["status"],
            unit=row["unit"],
            is_primary=True,
        )
        weeks_by_segment[row["kpi"], row["segment"], row["segment_value"]].append(
            SegmentWeek(reading, bool(row["is_suppressed"]), _first_published(reading, row))
        )
    return tuple((key, tuple(weeks)) for key, weeks in weeks_by_segment.items())


def _first_published(reading: KpiReading, row: dict[str, Any]) -> KpiReading | None:
    if row["published_value"] is None:
        return None
    return replace(
        reading,
        value=row["published_value"],
        low=row["published_ci_low"],
        high=row["published_ci_high"],
        sample_size=int(row["published_sample_size"] or 0),
        status="final",
    )
