"""Records of alerts as pages, dashboards and the command line show them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

TOTAL_SEGMENT = "all"
"""The segment of all customers."""


@dataclass(frozen=True)
class OpenEarlyWarning:
    """An open early warning: undecided cohorts since `onset` are behind past ones.

    text: what they show, such as "after 1 day 60 % have completed, baseline 80 %".
    """

    alert_id: str
    onset: date
    text: str


@dataclass(frozen=True)
class PromiseBreach:
    """A segment that is below its promise without having dropped from its own baseline: no alert, but listed monthly.

    since: first of the days that show it. value, low, high (95 % interval), n: of the days since then. value, low, high
    and promise: in the unit of the KPI.
    """

    segment: str
    segment_value: str
    since: date
    value: float
    low: float
    high: float
    n: float
    promise: float


@dataclass(frozen=True)
class OpenVolumeDrop:
    """An open alert: since `onset` a moment has fewer cases a day than usual. text: the headline of its message."""

    alert_id: str
    onset: date
    text: str


@dataclass(frozen=True)
class MomentState:
    """The state of a moment of truth, over all customers.

    since: first day of the state, or of the open alert. firing_segments: segments with an open alert of their own, such
    as "region = south". breaches: segments below their promise without an open alert, in order.
    """

    journey: str
    moment: str
    state: str
    since: date | None
    alert_id: str | None
    firing_segments: tuple[str, ...] = ()
    early_warning: OpenEarlyWarning | None = None
    breaches: tuple[PromiseBreach, ...] = ()
    volume_drop: OpenVolumeDrop | None = None


@dataclass(frozen=True)
class OpenAlert:
    """An open alert about a drop.

    state: of its series today, firing or recovering. value, low, high: the level that the KPI dropped to, as estimated,
    with its 95 % interval. counted: the value of the n cases from first_day to last_day, as they are; the days that
    open an alert are low partly by chance. These and baseline are in the unit of the KPI, and None if the notification
    had no figures. first_day is later than
    onset if the KPI dropped further. line: what the drop is measured against: baseline, promise, or median (slower).
    promise: to its customers; None if there is none. includes: drops without an alert of their own that are part of it.
    For median, within_seconds is the baseline's median time, and the values are proportions done within it.
    """

    alert_id: str
    journey: str
    moment: str
    segment: str
    segment_value: str
    state: str
    onset: date
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: float | None = None
    last_day: date | None = None
    line: str = ""
    baseline: float | None = None
    within_seconds: float | None = None
    first_day: date | None = None
    counted: float | None = None
    promise: float | None = None
    includes: tuple[str, ...] = ()

    @property
    def is_total(self) -> bool:
        return self.segment == TOTAL_SEGMENT
