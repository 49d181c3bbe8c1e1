"""Final weekly readings as first published.

Late data and edited maps change readings; a page of a past week shows what its readers saw then.
"""

from __future__ import annotations

from datetime import UTC, datetime

from jkpi.warehouse.base import Warehouse
from jkpi.warehouse.landing import ensure_landing

JOIN_FIRST_PUBLISHED = """
left join raw.published_readings as published
    on readings.journey = published.journey
    and readings.kpi = published.kpi
    and readings.statistic = published.statistic
    and readings.segment = published.segment
    and readings.segment_value = published.segment_value
    and readings.period_start = published.period_start
"""


def save_first_published(warehouse: Warehouse, now: datetime) -> None:
    """Save the final weekly readings that were not published before; safe to run again."""
    if not warehouse.table_exists("marts", "fct_kpi_readings"):
        return
    ensure_landing(warehouse)
    warehouse.execute(
        "insert into raw.published_readings"
        " (journey, kpi, statistic, segment, segment_value, period_start, value, ci_low, ci_high, sample_size,"
        " published_at)"
        " select readings.journey, readings.kpi, readings.statistic, readings.segment, readings.segment_value,"
        " readings.period_start, readings.value, readings.ci_low, readings.ci_high, readings.sample_size,"
        " cast(:now as timestamp)"
        f" from marts.fct_kpi_readings as readings {JOIN_FIRST_PUBLISHED}"
        " where readings.period = 'week' and readings.is_primary and readings.status = 'final'"
        " and readings.value is not null and published.journey is null",
        {"now": now.astimezone(UTC).replace(tzinfo=None)},
    )
