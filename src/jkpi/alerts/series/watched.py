"""The series that are watched: the moments of truth of the maps, and what the marts say about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from jkpi.alerts.statistics.rules import DAILY, WEEKLY, AlertRule, EvaluationConfig
from jkpi.config.settings import Settings
from jkpi.journeys.model import Journey
from jkpi.journeys.types import SEGMENT_SEPARATOR
from jkpi.warehouse.base import Warehouse

ALL_CUSTOMERS = ("all", "all")
NO_VALUE = "(none)"
CONSOLE = "console"
DEFAULT_CASE_DURATION, MAX_HOLIDAY_HORIZON = timedelta(days=3), timedelta(days=5)
"""What is taken for the time that a case takes where each has its own tolerance, or none has; and beyond what time a
holiday more or less does not tell."""


@dataclass(frozen=True)
class WatchedMoment:
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
    min_drop: float
    owner: str
    receivers: tuple[str, ...]
    segment_names: tuple[str, ...]
    calendar: str | None = None
    period: str = "day"
    false_alarm_every: float = 547.5
    stage: str | None = None
    touchpoint: str | None = None
    tolerance: float | None = None
    horizon_days: int | None = None

    @property
    def is_duration(self) -> bool:
        """Whether its KPI says how long something takes."""
        return self.statistic in ("share_within", "median")

    @property
    def has_share(self) -> bool:
        """Whether it has readings that are shares; else it has nothing but durations."""
        return self.statistic != "median"

    @property
    def evaluation_config(self) -> EvaluationConfig:
        return WEEKLY if self.period == "week" else DAILY

    def period_end(self, start: date) -> date:
        """The last day of the day or week that begins then."""
        return start + timedelta(days=self.evaluation_config.step_days - 1)

    def is_within_stage_of(self, stage_moment: WatchedMoment) -> bool:
        """Whether it is about a touchpoint of the stage that the other one is about."""
        is_same_stage = (self.journey, self.stage) == (stage_moment.journey, stage_moment.stage)
        return (
            is_same_stage and self.stage is not None and self.touchpoint is not None and stage_moment.touchpoint is None
        )

    def to_rate(self, value: float) -> float:
        """The KPI's value as a rate 0-1 of which higher is better: NPS from -100..100, a "lower is better" turned."""
        proportion = (value + 100.0) / 200.0 if self.statistic == "nps" else value
        return 1.0 - proportion if self.direction == "lower" else proportion

    def to_value(self, rate: float) -> float:
        """The way back from `rate`."""
        proportion = 1.0 - rate if self.direction == "lower" else rate
        return 200.0 * proportion - 100.0 if self.statistic == "nps" else proportion

    def rule_for(self, family_size: int = 1, budget_share: float = 1.0) -> AlertRule:
        """For one of a `family` of series that have a `share` of the moment's false-alarm budget among them."""
        min_drop = self.min_drop / 200.0 if self.statistic == "nps" else self.min_drop
        promise = None if self.promise is None else self.to_rate(self.promise)
        return AlertRule(
            promise, min_drop, max(1, family_size), self.false_alarm_every / budget_share, self.evaluation_config
        )


@dataclass(frozen=True)
class Series:
    """A moment over all customers, or within one value of a segment."""

    watched: WatchedMoment
    segment: str = ALL_CUSTOMERS[0]
    segment_value: str = ALL_CUSTOMERS[1]

    @property
    def is_total(self) -> bool:
        return (self.segment, self.segment_value) == ALL_CUSTOMERS

    @property
    def series_id(self) -> str:
        moment_id = f"{self.watched.journey}/{self.watched.moment}"
        return moment_id if self.is_total else f"{moment_id}/{self.segment}={self.segment_value}"

    def contains(self, segment: str, value: str) -> bool:
        """Whether that segment value is a part of it."""
        return self.is_total or is_subsegment(segment, value, self.segment, self.segment_value)


def split_segment(segment: str, value: str) -> dict[str, str] | None:
    """The single segments of one, and their values; None where a value has a + of its own and they cannot be told
    apart."""
    names, values = segment.split(SEGMENT_SEPARATOR), value.split(SEGMENT_SEPARATOR)
    if len(names) == 1:
        return {segment: value}
    return dict(zip(names, values, strict=True)) if len(names) == len(values) else None


def is_subsegment(segment: str, value: str, wider_segment: str, wider_value: str) -> bool:
    """Whether a combination holds some customers of the other segment value, and nobody else."""
    values, wider_values = split_segment(segment, value), split_segment(wider_segment, wider_value)
    return values is not None and wider_values is not None and wider_values.items() < values.items()


def watched_moments(
    journeys: Iterable[Journey], default_receiver: str | None, false_alarm_every: timedelta = timedelta(days=547.5)
) -> list[WatchedMoment]:
    """The moments of truth of all maps. Where no receiver is named the default one hears of them, else the console."""
    watched = []
    for journey in journeys:
        kpis = {kpi_id: (kpi, stage) for kpi_id, kpi, stage, _ in journey.all_kpis()}
        for moment in journey.moments_of_truth:
            kpi, stage = kpis[moment.kpi]
            has_share = kpi.main_statistic != "median"
            watched.append(
                WatchedMoment(
                    journey=journey.journey,
                    journey_title=journey.title,
                    moment=moment.moment,
                    title=moment.display_title,
                    kpi=moment.kpi,
                    kpi_title=kpi.display_title,
                    stage_title=stage.display_title if stage else None,
                    statistic=kpi.main_statistic,
                    unit=kpi.main_unit if has_share else "share",
                    direction=kpi.better_direction if has_share else "higher",
                    promise=moment.promise,
                    min_drop=moment.min_drop,
                    owner=moment.owner,
                    receivers=tuple(dict.fromkeys(moment.notify)) or (default_receiver or CONSOLE,),
                    segment_names=tuple(moment.segments),
                    calendar=getattr(kpi, "calendar", None),
                    period=moment.period,
                    false_alarm_every=(moment.false_alarm_every or false_alarm_every) / timedelta(days=1),
                    stage=stage.stage if stage else None,
                    touchpoint=getattr(kpi, "touchpoint", None),
                    tolerance=_seconds(getattr(kpi, "tolerance", None)),
                    horizon_days=_horizon_days(kpi, journey),
                )
            )
    return watched


def _horizon_days(kpi: Any, journey: Journey) -> int | None:
    """Days within which a case is decided by the clock, where these are so few that a holiday among them tells."""
    if kpi.kpi in ("time_to_resolve", "time_in_stage"):
        tolerance = getattr(kpi, "tolerance", None)
        duration = tolerance if isinstance(tolerance, timedelta) else DEFAULT_CASE_DURATION
    elif kpi.kpi in ("drop_off", "conversion"):
        duration = getattr(kpi, "window", None) or journey.scope.window
    else:
        return None
    if getattr(kpi, "calendar", None) is not None or duration > MAX_HOLIDAY_HORIZON:
        return None
    return round(duration / timedelta(days=1))


def _seconds(tolerance: timedelta | str | None) -> float | None:
    return tolerance.total_seconds() if isinstance(tolerance, timedelta) else None


def has_provisional(warehouse: Warehouse, watched: WatchedMoment) -> bool:
    """Whether anything is on its way to be judged."""
    sql = f"{_READINGS_SQL} and segment = 'all' and status = 'provisional' limit 1"
    return bool(warehouse.rows(sql, _query_parameters(watched)))


def due_day(warehouse: Warehouse, watched: WatchedMoment, now: datetime) -> date | None:
    """The last day whose reading ought to be mature, by how long its days have taken so far; None where unknown."""
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


_READINGS_SQL = (
    "select period_start, matures_at"
    " from marts.fct_kpi_readings"
    " where journey = :journey and kpi = :kpi and statistic = :statistic and period = :period"
)


def _query_parameters(watched: WatchedMoment) -> dict[str, str]:
    return {
        "journey": watched.journey,
        "kpi": watched.kpi,
        "statistic": watched.statistic,
        "period": watched.period,
    }


def configured_moments(journeys: Sequence[Journey], settings: Settings) -> list[WatchedMoment]:
    """The moments of truth of all maps, with the false-alarm budget that the workspace gives them."""
    return watched_moments(journeys, settings.default_receiver, settings.alerting.options.false_alarm_every)
