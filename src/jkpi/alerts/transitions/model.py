"""The records of alerts: an evaluated series, a stored alert, and a transition between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from jkpi.alerts.detection.episodes import Breach, Line, Track
from jkpi.alerts.series.early_warnings import Early
from jkpi.alerts.series.panel import Panel
from jkpi.alerts.series.watched import Series
from jkpi.alerts.statistics.rules import Rule

Kind = Literal["fall", "early", "blind", "error", "no_evidence", "unmapped", "silent", "missing"]


Name = Literal["opened", "reopened", "worsened", "resolved", "corrected", "superseded", "cleared"]


OPENING: frozenset[Name] = frozenset({"opened", "reopened"})


NEWS: frozenset[Name] = OPENING | {"worsened"}


QUIET: frozenset[Name] = frozenset({"cleared"})


STATUS_AFTER: dict[Name, str] = {
    "opened": "open",
    "reopened": "open",
    "worsened": "open",
    "resolved": "resolved",
    "cleared": "resolved",
    "corrected": "corrected",
    "superseded": "superseded",
}


STALE_AFTER = timedelta(days=28)


@dataclass(frozen=True)
class Judged:
    """A series and what replay found. `inhibited`: its moment or its stage as a whole fell with it and speaks for it.

    `early`: what its undecided cohorts show already. `defined`: since when today's definition of its KPI counts, where
    another one did before; `definition` is that one, `rule` what it was held to.
    stale: its last mature day lies long before the days that ought to be mature: what was true then is no news now.
    """

    series: Series
    track: Track
    inhibited: bool = False
    first_day: date | None = None
    held_days: frozenset[date] = frozenset()
    stale: bool = False
    defined: date | None = None
    definition: str | None = None
    rule: Rule | None = None
    early: Early | None = None


@dataclass(frozen=True)
class Announced:
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
    kind: Kind
    status: str
    since: date
    fired_on: date
    closed_on: date | None
    number: int
    terms: Mapping[str, Any]
    told: tuple[tuple[str, date], ...] = ()
    spoken: tuple[tuple[int, str], ...] = ()
    title: str = ""
    owner: str = ""
    receivers: tuple[str, ...] = ()
    name: Name = "opened"
    news: int = 1
    final_days: frozenset[date] = frozenset()
    last_day: date | None = None
    vanished: bool = False

    @property
    def is_open(self) -> bool:
        return self.status == "open"


@dataclass(frozen=True)
class Transition:
    """Something that became true of an alert. `judged` is None where the map no longer declares the series, or where it
    `vanished` from the data and is not there again."""

    alert_id: str
    number: int
    name: Name
    kind: Kind
    since: date
    happened_on: date
    judged: Judged | None
    breach: Breach | None = None
    announced: Announced | None = field(default=None, repr=False)
    vanished: bool = False

    @property
    def transition_id(self) -> str:
        return f"{self.alert_id}.{self.number}"

    def spoke_of(self, line: Line) -> bool:
        """Whether a message before it told the same figure: how many take at most the usual median is one, the KPI
        itself, against what is usual or against the promise, another."""
        before = (one for number, one in (self.announced.spoken if self.announced else ()) if number < self.number)
        return any((one == "median") == (line == "median") for one in before)


def judged(series: Series, track: Track, panel: Panel, row: int, rule: Rule, until: date | None = None) -> Judged:
    """A series, the `row` of a panel; `until`: the last day that ought to have a mature reading, None where unknown."""
    last = panel.last_day(row)
    stale = last is not None and until is not None and until - last > STALE_AFTER
    return Judged(
        series, track, first_day=panel.first_day(row), held_days=panel.held_days(row), stale=stale,
        defined=panel.defined[row], definition=panel.definitions[row], rule=rule,
    )  # fmt: skip
