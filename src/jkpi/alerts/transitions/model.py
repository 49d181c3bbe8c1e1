"""The records of alerts: an evaluated series, a stored alert, and a transition between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from jkpi.alerts.detection.episodes import Episode, LineKind, SeriesResult
from jkpi.alerts.series.early_warnings import EarlyWarning
from jkpi.alerts.series.watched import Series
from jkpi.alerts.statistics.rules import AlertRule

AlertKind = Literal["drop", "early_warning", "data_gap", "error", "no_events", "unmapped", "silent", "missing"]


TransitionType = Literal["opened", "reopened", "worsened", "resolved", "corrected", "superseded", "ended"]


OPENING_TRANSITIONS: frozenset[TransitionType] = frozenset({"opened", "reopened"})


ALERTING_TRANSITIONS: frozenset[TransitionType] = OPENING_TRANSITIONS | {"worsened"}


SILENT_TRANSITIONS: frozenset[TransitionType] = frozenset({"ended"})


STATUS_AFTER: dict[TransitionType, str] = {
    "opened": "open",
    "reopened": "open",
    "worsened": "open",
    "resolved": "resolved",
    "ended": "resolved",
    "corrected": "corrected",
    "superseded": "superseded",
}


STALE_AFTER = timedelta(days=28)


@dataclass(frozen=True)
class EvaluatedSeries:
    """A series and what replay found. `inhibited`: its moment or its stage as a whole fell with it and speaks for it.

    `early`: what its undecided cohorts show already. `defined`: since when today's definition of its KPI counts, where
    another one did before; `definition` is that one, `rule` what it was held to.
    stale: its last mature day lies long before the days that ought to be mature: what was true then is no news now.
    """

    series: Series
    result: SeriesResult
    is_inhibited: bool = False
    first_day: date | None = None
    suspended_days: frozenset[date] = frozenset()
    is_stale: bool = False
    definition_since: date | None = None
    definition: str | None = None
    rule: AlertRule | None = None
    early_warning: EarlyWarning | None = None


@dataclass(frozen=True)
class StoredAlert:
    """An alert as it stands in the tables. `terms`: the rule when it was told; `told`: the parts told, as (line,
    since); `spoken`: of what messages spoke, as (number of the transition, line); `name` and `number` of its newest
    transition, `news` the number of the newest that is in NEWS.
    `final_days`: those up to its end, or to when it was certain, that had a final reading when it was told; `last_day`
    of its series when that was judged last; `vanished` as in its newest transition.
    """

    alert_id: str
    series_id: str
    journey: str
    moment: str
    segment: str
    segment_value: str
    kind: AlertKind
    status: str
    onset: date
    fired_on: date
    closed_on: date | None
    number: int
    rule_at_firing: Mapping[str, Any]
    notified_lines: tuple[tuple[str, date], ...] = ()
    mentioned_lines: tuple[tuple[int, str], ...] = ()
    title: str = ""
    owner: str = ""
    receivers: tuple[str, ...] = ()
    last_transition: TransitionType = "opened"
    last_alerting_number: int = 1
    final_days: frozenset[date] = frozenset()
    last_day: date | None = None
    series_missing: bool = False

    @property
    def is_open(self) -> bool:
        return self.status == "open"


@dataclass(frozen=True)
class Transition:
    """Something that became true of an alert. `judged` is None where the map no longer declares the series, or where it
    `vanished` from the data and is not there again."""

    alert_id: str
    number: int
    transition_type: TransitionType
    kind: AlertKind
    onset: date
    happened_on: date
    evaluated: EvaluatedSeries | None
    episode: Episode | None = None
    stored_alert: StoredAlert | None = field(default=None, repr=False)
    series_missing: bool = False

    @property
    def transition_id(self) -> str:
        return f"{self.alert_id}.{self.number}"

    def mentioned(self, line: LineKind) -> bool:
        """Whether a message before it told the same figure: how many take at most the usual median is one, the KPI
        itself, against what is usual or against the promise, another."""
        earlier_lines = (
            earlier_line
            for number, earlier_line in (self.stored_alert.mentioned_lines if self.stored_alert else ())
            if number < self.number
        )
        return any((earlier_line == "median") == (line == "median") for earlier_line in earlier_lines)
