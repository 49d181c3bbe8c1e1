"""Which readings of a moment are due: the last day that should be mature, and whether any are provisional."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from jkpi.alerts.series.watched import WatchedMoment
from jkpi.warehouse.base import Warehouse

_READINGS_SQL = (
    "select period_start, matures_at"
    " from marts.fct_kpi_readings"
    " where journey = :journey and kpi = :kpi and statistic = :statistic and period = :period"
)


def has_provisional(warehouse: Warehouse, watched: WatchedMoment) -> bool:
    """Whether the moment has a reading that is not final yet."""
    sql = f"{_READINGS_SQL} and segment = 'all' and status = 'provisional' limit 1"
    return bool(warehouse.rows(sql, _query_parameters(watched)))


def due_day(warehouse: Warehouse, watched: WatchedMoment, now: datetime) -> date | None:
    """Last day whose reading should be mature, given how long recent days took; None if unknown, and for survey
    waves: when the next one comes is not known."""
    if watched.is_by_wave:
        return None
    rows = warehouse.rows(
        f"{_READINGS_SQL} and segment = 'all' and status = 'final' and matures_at is not null"
        " order by period_start desc limit 28",
        _query_parameters(watched),
    )
    if not rows:
        return None
    longest = max(row["matures_at"] - datetime.combine(row["period_start"], time()) for row in rows)
    last_mature: date = (now.replace(tzinfo=None) - longest).date()
    newest: date = rows[0]["period_start"]
    step = watched.evaluation_config.step_days
    return max(newest, newest + timedelta(days=(last_mature - newest).days // step * step))


def _query_parameters(watched: WatchedMoment) -> dict[str, str]:
    return {
        "journey": watched.journey,
        "kpi": watched.kpi,
        "statistic": watched.statistic,
        "period": watched.period,
    }
