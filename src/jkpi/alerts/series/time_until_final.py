"""How long a reading of a moment of truth takes to become final: by its definition, and as the marts show.

No alert is earlier than that, so a moment whose readings take longer than four weeks is rarely what was meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from jkpi.formatting.durations import format_wall_time

if TYPE_CHECKING:
    from jkpi.alerts.series.watched import WatchedMoment
    from jkpi.journeys.calendars.model import Calendar
    from jkpi.journeys.kpi_base import KpiBase
    from jkpi.journeys.model import Journey
    from jkpi.warehouse.base import Warehouse

LONG = timedelta(weeks=4)
"""A reading that takes longer than this is warned about."""
_PERIODS_SHOWN = 90
_READINGS_SQL = """
select period_start, matures_at
from marts.fct_kpi_readings
where journey = :journey and kpi = :kpi and statistic = :statistic and period = :period and segment = 'all'
    and matures_at is not null
order by period_start desc
limit :limit
"""


@dataclass(frozen=True)
class TimeUntilFinal:
    """From the end of a day or week until its reading is final; of a survey wave from the end of its first day.

    declared: the longest time by map and calendars. lateness: how late rows may arrive, in addition. usual, longest: of
    the newest 90 readings in the marts, lateness included; None if there are none.
    """

    journey: str
    moment: str
    period: str
    declared: timedelta
    lateness: timedelta
    usual: timedelta | None = None
    longest: timedelta | None = None

    @property
    def expected(self) -> timedelta:
        """The longest time that is known, lateness included: as the marts show, else as declared."""
        return self.declared + self.lateness if self.longest is None else self.longest

    @property
    def text(self) -> str:
        """`final at most 4 h after its day, and 1 h for late rows; in the data usually 2 h 5 min, at most 4 h`."""
        if self.period == "wave":
            parts = ["final when its wave is over: the next one begins, or responses have stopped"]
        elif self.declared:
            parts = [f"final at most {_text(self.declared)} after its {self.period}"]
        else:
            parts = [f"final at the end of its {self.period}"]
        if self.lateness:
            parts.append(f", and {_text(self.lateness)} for late rows")
        if self.usual is not None and self.longest is not None:
            parts.append(f"; in the data usually {_text(self.usual)}, at most {_text(self.longest)}")
        return "".join(parts)

    @property
    def warning(self) -> str:
        """What is wrong with a time beyond four weeks; empty for a shorter one, and for survey waves, which take as
        long as they are in the field."""
        if self.expected <= LONG or self.period == "wave":
            return ""
        return (
            f"{self.moment}: its readings are final only {_text(self.expected)} after their {self.period}, so no alert"
            " is earlier than that. Give the KPI a shorter window or tolerance, or watch an earlier step as well."
        )


def declared_time(
    kpi: KpiBase, journey: Journey, moment: str, period: str, calendars: Sequence[Calendar], lateness: timedelta
) -> TimeUntilFinal:
    """The time by the definition of the KPI. Open time of a calendar becomes the time that a usual week takes."""
    declared = kpi.decided_within(journey.scope.window)
    name = getattr(kpi, "calendar", None)
    calendar = next((calendar for calendar in calendars if calendar.calendar == name), None)
    has_tolerance = getattr(kpi, "tolerance", None) is not None
    if calendar is not None and has_tolerance:
        declared = min(declared / calendar.open_share, journey.scope.window)
    return TimeUntilFinal(journey.journey, moment, period, declared, lateness)


def with_observed_times(
    time_until_final: TimeUntilFinal, warehouse: Warehouse, watched: WatchedMoment, timezone: str
) -> TimeUntilFinal:
    """The same with what the marts show. Readings that are not final yet count with the time that they will take.
    timezone: of the journey. A survey wave has no fixed length to count from, so it stays as declared."""
    if watched.is_by_wave:
        return time_until_final
    parameters: Mapping[str, Any] = {
        "journey": watched.journey,
        "kpi": watched.kpi,
        "statistic": watched.statistic,
        "period": watched.period,
        "limit": _PERIODS_SHOWN,
    }
    rows = warehouse.rows(_READINGS_SQL, parameters)
    times = sorted(max(row["matures_at"] - _end(row["period_start"], watched, timezone), timedelta(0)) for row in rows)
    return replace(time_until_final, usual=times[len(times) // 2], longest=times[-1]) if times else time_until_final


def _end(start: date, watched: WatchedMoment, timezone: str) -> datetime:
    """The end of a day or week in the journey's time zone, as naive UTC."""
    local = datetime.combine(watched.period_end(start) + timedelta(days=1), time(), ZoneInfo(timezone))
    return local.astimezone(UTC).replace(tzinfo=None)


def _text(duration: timedelta) -> str:
    return format_wall_time(duration.total_seconds())
