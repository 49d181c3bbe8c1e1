"""Gather the evidence behind a transition from the warehouse: readings, contributions, comments, data gaps."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from jkpi.alerts.evidence.alert_context import AlertContext, main_detection, period_of, within_seconds_of
from jkpi.alerts.evidence.contributions import break_down
from jkpi.alerts.evidence.daily_readings import early_warning_sql, readings_sql, value_sql
from jkpi.alerts.evidence.reading_cache import ReadingCache, days_before
from jkpi.alerts.evidence.wave_readings import reference_days, with_reference_before
from jkpi.alerts.series.moment_context import MomentContext
from jkpi.alerts.series.watched import ALL_CUSTOMERS, WatchedMoment
from jkpi.alerts.transitions.model import StoredAlert, Transition
from jkpi.formatting.numbers import sanitize
from jkpi.warehouse.base import Warehouse

_COMMENTS = """
select comment
from raw.survey_responses
where survey = :survey and comment is not null and comment <> ''
    and responded_at >= :first and responded_at < :after
group by comment
order by max(responded_at) desc, comment
limit :number
"""
_COMMENTS_OF_WAVE = """
select comment
from raw.survey_responses
where survey = :survey and wave = :wave and comment is not null and comment <> ''
group by comment
order by max(responded_at) desc, comment
limit :number
"""
_MAX_LISTED_GAPS = 5
_LAST_MATURITY_QUERY = """
select max(matures_at) as decided_at
from marts.fct_kpi_readings
where journey = :journey and kpi = :kpi and statistic = :statistic and period = :period and segment = 'all'
    and status = 'withheld' and period_start >= :since
"""
_DATA_GAPS_QUERY = """
select distinct gaps.source, gaps.starts_at, gaps.ends_at, gaps.reason
from raw.blind_spots as gaps
inner join intermediate.int_kpi_sources as sources on gaps.source = sources.source
where sources.journey = :journey and sources.kpi = :kpi and gaps.starts_at < :decided and gaps.ends_at > :starts
order by gaps.starts_at desc, gaps.source
"""


def build_context(
    warehouse: Warehouse,
    transition: Transition,
    moment_context: MomentContext | None,
    cache: ReadingCache,
    max_comments: int = 0,
) -> AlertContext:
    """Evidence of a transition of a series. max_comments: number of comments of customers to include."""
    evaluated, stored_alert = transition.evaluated, transition.stored_alert
    earlier_receivers = stored_alert.receivers if stored_alert else ()
    if evaluated is None:
        title = _stored_title(stored_alert) if stored_alert else transition.alert_id
        return AlertContext(
            transition,
            title,
            stored_alert.owner if stored_alert else "",
            earlier_receivers,
            moment_context=moment_context,
        )
    series, (first, last), within_seconds = evaluated.series, period_of(transition), within_seconds_of(transition)
    daily_readings = cache.days(series, first, last, within_seconds)
    readings_query = readings_sql(series, first - days_before(series.watched), last, within_seconds)
    if transition.kind == "early_warning":
        daily_readings, readings_query = (
            (),
            early_warning_sql(series.watched, evaluated.early_warning) if evaluated.early_warning else "",
        )
    value_query, breakdown = "", None
    if transition.episode is not None:
        detection = main_detection(transition.episode, transition.transition_type)
        sample = (
            detection.recovery if transition.transition_type == "resolved" and detection.recovery else detection.drop
        )
        value_query = value_sql(series, sample, daily_readings, within_seconds)
        if transition.transition_type != "resolved":
            all_readings = cache.by_segment(series.watched, within_seconds)
            if detection.comparison is not None:
                all_readings = with_reference_before(all_readings, reference_days(detection, evaluated.result), first)
            breakdown = break_down(all_readings, series, detection.drop)
    gaps: tuple[str, ...] = ()
    if transition.kind == "data_gap" and moment_context:
        gaps = _data_gaps(warehouse, series.watched, transition.onset, moment_context.timezone)
    customer_comments: tuple[str, ...] = ()
    if (
        max_comments
        and moment_context
        and moment_context.survey
        and transition.kind == "drop"
        and transition.transition_type != "superseded"
    ):
        waves = dict(evaluated.result.waves)
        customer_comments = (
            _comments_of_wave(warehouse, moment_context.survey, waves.get(last, ""), max_comments)
            if series.watched.is_by_wave
            else _comments(warehouse, moment_context.survey, first, series.watched.period_end(last), max_comments)
        )
    return AlertContext(
        transition,
        series.watched.title,
        series.watched.owner,
        tuple(dict.fromkeys((*series.watched.receivers, *earlier_receivers))),
        breakdown,
        readings_query,
        sum(first <= day <= last for day in evaluated.suspended_days) if transition.kind == "drop" else 0,
        value_query,
        daily_readings,
        (first, last),
        customer_comments,
        gaps,
        moment_context,
    )


def _stored_title(alert: StoredAlert) -> str:
    """Title of an alert whose series is missing."""
    if alert.kind != "drop" or alert.segment == ALL_CUSTOMERS[0]:
        return alert.title
    return f"{alert.title} ({sanitize(alert.segment)} {sanitize(alert.segment_value)})"


def _data_gaps(warehouse: Warehouse, watched: WatchedMoment, first_day: date, timezone: str) -> tuple[str, ...]:
    """Gaps behind the readings from a day on, one sentence each, newest first. Days are those of timezone.

    A reading depends on its sources until its last case is decided, so a gap may be days after it.
    """
    if not (warehouse.table_exists("raw", "blind_spots") and warehouse.table_exists("intermediate", "int_kpi_sources")):
        return ()
    keys = {"journey": watched.journey, "kpi": watched.kpi}
    readings = {**keys, "statistic": watched.statistic, "period": watched.period, "since": first_day}
    (row,) = warehouse.rows(_LAST_MATURITY_QUERY, readings)
    if row["decided_at"] is None:
        return ()
    starts = datetime.combine(first_day, time(), ZoneInfo(timezone)).astimezone(UTC).replace(tzinfo=None)
    rows = warehouse.rows(_DATA_GAPS_QUERY, {**keys, "starts": starts, "decided": row["decided_at"]})
    lines = [
        f"{sanitize(gap['source'])}: {sanitize(gap['reason'], 200)}"
        f" ({gap['starts_at']:%Y-%m-%d %H:%M} to {gap['ends_at']:%Y-%m-%d %H:%M} UTC)"
        for gap in rows[:_MAX_LISTED_GAPS]
    ]
    return (
        *lines,
        *([f"and {len(rows) - _MAX_LISTED_GAPS} more: see jkpi check"] if len(rows) > _MAX_LISTED_GAPS else []),
    )


def _comments(warehouse: Warehouse, survey: str, first: date, last: date, limit: int) -> tuple[str, ...]:
    if not warehouse.table_exists("raw", "survey_responses"):
        return ()
    period = {"first": first, "after": last + timedelta(days=1)}
    return tuple(row["comment"] for row in warehouse.rows(_COMMENTS, {"survey": survey, "number": limit, **period}))


def _comments_of_wave(warehouse: Warehouse, survey: str, wave: str, limit: int) -> tuple[str, ...]:
    if not warehouse.table_exists("raw", "survey_responses"):
        return ()
    rows = warehouse.rows(_COMMENTS_OF_WAVE, {"survey": survey, "wave": wave, "number": limit})
    return tuple(row["comment"] for row in rows)
