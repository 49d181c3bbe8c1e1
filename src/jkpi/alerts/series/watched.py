"""Watched series: the moments of truth of the maps, and one series per segment value. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from jkpi.alerts.statistics.rules import DAILY, WAVES, WEEKLY, AlertRule, EvaluationConfig
from jkpi.journeys.model import Journey
from jkpi.journeys.types import SEGMENT_SEPARATOR

ALL_CUSTOMERS = ("all", "all")
CONSOLE = "console"
MAX_EARLY_AGE = timedelta(days=7)
"""Age by which closed_within of promises is known where it asks for a quarter of each promise."""
DEFAULT_CASE_DURATION, MAX_HOLIDAY_HORIZON = timedelta(days=3), timedelta(days=5)
"""Assumed duration of a case without a tolerance; and the duration beyond which a holiday hardly
matters."""


@dataclass(frozen=True)
class WatchedMoment:
    """A moment of truth and its position on the map.

    promise, min_drop: in the unit of the KPI; for a duration without tolerance min_drop is a share of cases within the
    usual median, and there is no promise. promise: to all customers, and to each segment value that is not in
    segment_promises, ((segment, value), promise); None: compared with the baseline alone. period: day, week or wave of
    its readings. false_alarm_every: in days. touchpoint: set if the KPI is about one touchpoint. calendar: opening
    hours that a duration is counted in. tolerance: in seconds, None if there is none. within: of promises, the time in
    seconds that closed_within asks for; None if it is a quarter of each promise. horizon_days: days after its own on
    which a holiday delays a case; None if none do. has_local_baseline: its baseline follows a slow fall of the last
    weeks.
    """

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
    segment_promises: tuple[tuple[tuple[str, str], float], ...] = ()
    has_local_baseline: bool = False
    within: float | None = None

    @property
    def is_promise(self) -> bool:
        """Whether its KPI counts promises on the day on which they fall due."""
        return self.statistic == "promises_kept"

    @property
    def early_age(self) -> timedelta:
        """Of promises: the age by which closed_within is known at the latest."""
        return MAX_EARLY_AGE if self.within is None else timedelta(seconds=self.within)

    @property
    def is_duration(self) -> bool:
        """Whether its KPI is a duration."""
        return self.statistic in ("share_within", "median")

    @property
    def has_share(self) -> bool:
        """Whether it has readings that are proportions. If not, it has durations only."""
        return self.statistic != "median"

    @property
    def evaluation_config(self) -> EvaluationConfig:
        return {"week": WEEKLY, "wave": WAVES}.get(self.period, DAILY)

    @property
    def is_by_wave(self) -> bool:
        """Whether its readings are survey waves."""
        return self.period == "wave"

    def period_end(self, start: date) -> date:
        """Last day of the day or week that begins at start; of a survey wave its first day."""
        return start + timedelta(days=self.evaluation_config.step_days - 1)

    def is_within_stage_of(self, stage_moment: WatchedMoment) -> bool:
        """Whether it is about a touchpoint of the stage of the other moment, which is about the stage as a whole."""
        is_same_stage = (self.journey, self.stage) == (stage_moment.journey, stage_moment.stage)
        return (
            is_same_stage and self.stage is not None and self.touchpoint is not None and stage_moment.touchpoint is None
        )

    def to_rate(self, value: float) -> float:
        """KPI value as a rate 0-1, higher is better: NPS from -100..100, and the complement if lower is better."""
        proportion = (value + 100.0) / 200.0 if self.statistic == "nps" else value
        return 1.0 - proportion if self.direction == "lower" else proportion

    def to_value(self, rate: float) -> float:
        """Inverse of to_rate."""
        proportion = 1.0 - rate if self.direction == "lower" else rate
        return 200.0 * proportion - 100.0 if self.statistic == "nps" else proportion

    def promise_to(self, segment: str, value: str) -> float | None:
        """The promise to all customers or to a segment value: its own, else the default."""
        return next((promise for key, promise in self.segment_promises if key == (segment, value)), self.promise)

    def rule_for(
        self, family_size: int = 1, budget_share: float = 1.0, key: tuple[str, str] = ALL_CUSTOMERS
    ) -> AlertRule:
        """Rule of one of family_size series that together have budget_share of the false-alarm budget of the moment.
        key: segment and value of the series."""
        min_drop = self.min_drop / 200.0 if self.statistic == "nps" else self.min_drop
        promise = self.promise_to(*key)
        return AlertRule(
            None if promise is None else self.to_rate(promise),
            min_drop,
            max(1, family_size),
            self.false_alarm_every / budget_share,
            self.evaluation_config,
            self.has_local_baseline,
        )


@dataclass(frozen=True)
class Series:
    """A moment of truth for all customers or for one segment value."""

    watched: WatchedMoment
    segment: str = ALL_CUSTOMERS[0]
    segment_value: str = ALL_CUSTOMERS[1]

    @property
    def is_total(self) -> bool:
        return (self.segment, self.segment_value) == ALL_CUSTOMERS

    @property
    def promise(self) -> float | None:
        """The promise that it is compared with, in the unit of the KPI; None if there is none."""
        return self.watched.promise_to(self.segment, self.segment_value)

    @property
    def series_id(self) -> str:
        moment_id = f"{self.watched.journey}/{self.watched.moment}"
        return moment_id if self.is_total else f"{moment_id}/{self.segment}={self.segment_value}"

    def contains(self, segment: str, value: str) -> bool:
        """Whether a segment value is part of this series."""
        return self.is_total or is_subsegment(segment, value, self.segment, self.segment_value)


def split_segment(segment: str, value: str) -> dict[str, str] | None:
    """Single segments of a combination and their values. None if a value contains the separator and cannot be split."""
    names, values = segment.split(SEGMENT_SEPARATOR), value.split(SEGMENT_SEPARATOR)
    if len(names) == 1:
        return {segment: value}
    return dict(zip(names, values, strict=True)) if len(names) == len(values) else None


def is_subsegment(segment: str, value: str, wider_segment: str, wider_value: str) -> bool:
    """Whether a combination of segments is part of the wider segment value: some of its customers, and no others."""
    values, wider_values = split_segment(segment, value), split_segment(wider_segment, wider_value)
    return values is not None and wider_values is not None and wider_values.items() < values.items()


def watched_moments(
    journeys: Iterable[Journey], default_receiver: str | None, false_alarm_every: timedelta = timedelta(days=547.5)
) -> list[WatchedMoment]:
    """Moments of truth of all maps. Receivers default to default_receiver, else to the console."""
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
                    promise=moment.default_promise,
                    segment_promises=tuple(sorted(moment.segment_promises.items())),
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
                    within=_seconds(getattr(kpi, "within", None)),
                    horizon_days=_horizon_days(kpi, journey),
                    has_local_baseline=moment.baseline == "local",
                )
            )
    return watched


def _horizon_days(kpi: Any, journey: Journey) -> int | None:
    """Days within which elapsed time decides a case, if they are few enough for a holiday to matter; else None."""
    if kpi.kpi in ("time_to_resolve", "time_in_stage"):
        duration = kpi.tolerance or DEFAULT_CASE_DURATION
    elif kpi.kpi in ("drop_off", "conversion"):
        duration = getattr(kpi, "window", None) or journey.scope.window
    else:
        return None
    if getattr(kpi, "calendar", None) is not None or duration > MAX_HOLIDAY_HORIZON:
        return None
    return round(duration / timedelta(days=1))


def _seconds(duration: timedelta | None) -> float | None:
    return duration.total_seconds() if duration is not None else None
