"""The series that are watched: the moments of truth of the maps, and what the marts say about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from jkpi.alerts.statistics.rules import DAILY, WEEKLY, Cadence, Rule
from jkpi.config.settings import Settings
from jkpi.journeys.model import Journey
from jkpi.journeys.types import JOINED_BY
from jkpi.warehouse.base import Warehouse

WHOLE = ("all", "all")
UNNAMED = "(none)"
CONSOLE = "console"
UNKNOWN_SPAN, LONG_SPAN = timedelta(days=3), timedelta(days=5)
"""What is taken for the time that a case takes where each has its own tolerance, or none has; and beyond what time a
holiday more or less does not tell."""


@dataclass(frozen=True)
class Watched:
    """A moment of truth and where it lies on the map. `promise` and `falls_off_by` are in the KPI's own unit, or, where
    a duration has no tolerance and nothing is promised, in shares that are done within the usual median; readings
    are those of a `period`; `false_alarm_every` in days; `touchpoint` where the KPI is about that alone; `calendar` by
    whose hours a duration is counted, `tolerance` in its seconds, None where there is none or each case has its own;
    `reach`: where the clock counts, so many days after its own a holiday is in a case's way; None where none is."""

    journey: str
    journey_title: str
    moment: str
    title: str
    kpi: str
    kpi_title: str
    stage_title: str | None
    statistic: str
    unit: str
    direction: str
    promise: float | None
    falls_off_by: float
    owner: str
    receivers: tuple[str, ...]
    by: tuple[str, ...]
    calendar: str | None = None
    period: str = "day"
    false_alarm_every: float = 547.5
    stage: str | None = None
    touchpoint: str | None = None
    tolerance: float | None = None
    reach: int | None = None

    @property
    def is_duration(self) -> bool:
        """Whether its KPI says how long something takes."""
        return self.statistic in ("share_within", "median")

    @property
    def has_share(self) -> bool:
        """Whether it has readings that are shares; else it has nothing but durations."""
        return self.statistic != "median"

    @property
    def cadence(self) -> Cadence:
        return WEEKLY if self.period == "week" else DAILY

    def end(self, start: date) -> date:
        """The last day of the day or week that begins then."""
        return start + timedelta(days=self.cadence.step - 1)

    def is_part_of(self, other: Watched) -> bool:
        """Whether it is about a touchpoint of the stage that the other one is about."""
        same = (self.journey, self.stage) == (other.journey, other.stage)
        return same and self.stage is not None and self.touchpoint is not None and other.touchpoint is None

    def rate(self, value: float) -> float:
        """The KPI's value as a rate 0-1 of which higher is better: NPS from -100..100, a "lower is better" turned."""
        share = (value + 100.0) / 200.0 if self.statistic == "nps" else value
        return 1.0 - share if self.direction == "lower" else share

    def value(self, rate: float) -> float:
        """The way back from `rate`."""
        share = 1.0 - rate if self.direction == "lower" else rate
        return 200.0 * share - 100.0 if self.statistic == "nps" else share

    def rule(self, family: int = 1, share: float = 1.0) -> Rule:
        """For one of a `family` of series that have a `share` of the moment's false-alarm budget among them."""
        fall = self.falls_off_by / 200.0 if self.statistic == "nps" else self.falls_off_by
        promise = None if self.promise is None else self.rate(self.promise)
        return Rule(promise, fall, max(1, family), self.false_alarm_every / share, self.cadence)


@dataclass(frozen=True)
class Series:
    """A moment over all customers, or within one value of a segment."""

    watched: Watched
    segment: str = WHOLE[0]
    segment_value: str = WHOLE[1]

    @property
    def is_whole(self) -> bool:
        return (self.segment, self.segment_value) == WHOLE

    @property
    def series_id(self) -> str:
        whole = f"{self.watched.journey}/{self.watched.moment}"
        return whole if self.is_whole else f"{whole}/{self.segment}={self.segment_value}"

    def holds(self, segment: str, value: str) -> bool:
        """Whether that segment value is a part of it."""
        return self.is_whole or lies_within(segment, value, self.segment, self.segment_value)


def parts_of(segment: str, value: str) -> dict[str, str] | None:
    """The single segments of one, and their values; None where a value has a + of its own and they cannot be told
    apart."""
    names, values = segment.split(JOINED_BY), value.split(JOINED_BY)
    if len(names) == 1:
        return {segment: value}
    return dict(zip(names, values, strict=True)) if len(names) == len(values) else None


def lies_within(segment: str, value: str, other: str, other_value: str) -> bool:
    """Whether a combination holds some customers of the other segment value, and nobody else."""
    parts, wider = parts_of(segment, value), parts_of(other, other_value)
    return parts is not None and wider is not None and wider.items() < parts.items()


def watched_moments(
    journeys: Iterable[Journey], default_receiver: str | None, false_alarm_every: timedelta = timedelta(days=547.5)
) -> list[Watched]:
    """The moments of truth of all maps. Where no receiver is named the default one hears of them, else the console."""
    found = []
    for journey in journeys:
        kpis = {kpi_id: (kpi, stage) for kpi_id, kpi, stage, _ in journey.all_kpis()}
        for moment in journey.moments_of_truth:
            kpi, stage = kpis[moment.kpi]
            has_share = kpi.first_statistic != "median"
            found.append(
                Watched(
                    journey=journey.journey,
                    journey_title=journey.title,
                    moment=moment.moment,
                    title=moment.shown,
                    kpi=moment.kpi,
                    kpi_title=kpi.shown,
                    stage_title=stage.shown if stage else None,
                    statistic=kpi.first_statistic,
                    unit=kpi.measured_unit if has_share else "share",
                    direction=kpi.wanted if has_share else "higher",
                    promise=moment.promise,
                    falls_off_by=moment.falls_off_by,
                    owner=moment.owner,
                    receivers=tuple(dict.fromkeys(moment.notify)) or (default_receiver or CONSOLE,),
                    by=tuple(moment.by),
                    calendar=getattr(kpi, "calendar", None),
                    period=moment.period,
                    false_alarm_every=(moment.false_alarm_every or false_alarm_every) / timedelta(days=1),
                    stage=stage.stage if stage else None,
                    touchpoint=getattr(kpi, "on", None) or getattr(kpi, "of", None),
                    tolerance=_seconds(getattr(kpi, "tolerance", None)),
                    reach=_reach(kpi, journey),
                )
            )
    return found


def _reach(kpi: Any, journey: Journey) -> int | None:
    """Days within which a case is decided by the clock, where these are so few that a holiday among them tells."""
    if kpi.kpi in ("time_to_resolve", "time_in_stage"):
        tolerance = getattr(kpi, "tolerance", None)
        span = tolerance if isinstance(tolerance, timedelta) else UNKNOWN_SPAN
    elif kpi.kpi in ("drop_off", "conversion"):
        span = getattr(kpi, "window", None) or journey.scope.window
    else:
        return None
    if getattr(kpi, "calendar", None) is not None or span > LONG_SPAN:
        return None
    return round(span / timedelta(days=1))


def _seconds(tolerance: timedelta | str | None) -> float | None:
    return tolerance.total_seconds() if isinstance(tolerance, timedelta) else None


def has_provisional(w: Warehouse, watched: Watched) -> bool:
    """Whether anything is on its way to be judged."""
    sql = f"{_SELECT} and segment = 'all' and status = 'provisional' limit 1"
    return bool(w.rows(sql, _parameters(watched)))


def due_day(w: Warehouse, watched: Watched, now: datetime) -> date | None:
    """The last day whose reading ought to be mature, by how long its days have taken so far; None where unknown."""
    rows = w.rows(
        f"{_SELECT} and segment = 'all' and status = 'final' and matures_at is not null"
        " order by period_start desc limit 28",
        _parameters(watched),
    )
    if not rows:
        return None
    longest = max(row["matures_at"] - datetime.combine(row["period_start"], time()) for row in rows)
    last: date = (now.replace(tzinfo=None) - longest).date()
    newest: date = rows[0]["period_start"]
    step = watched.cadence.step
    return max(newest, newest + timedelta(days=(last - newest).days // step * step))


_SELECT = (
    "select period_start, matures_at"
    " from marts.fct_kpi_readings"
    " where journey = :journey and kpi = :kpi and statistic = :statistic and period = :period"
)


def _parameters(watched: Watched) -> dict[str, str]:
    return {
        "journey": watched.journey, "kpi": watched.kpi, "statistic": watched.statistic, "period": watched.period,
    }  # fmt: skip


def watched_now(journeys: Sequence[Journey], settings: Settings) -> list[Watched]:
    """The moments of truth of all maps, with the false-alarm budget that the workspace gives them."""
    return watched_moments(journeys, settings.default_receiver, settings.telling.how.false_alarm_every)
