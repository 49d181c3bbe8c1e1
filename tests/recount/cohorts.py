"""Members of a KPI by its definition: who is counted, on which day, with which outcome, decided when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tests.recount.cohorts_of_durations import resolve_members, stay_members
from tests.recount.cohorts_of_instances import INSTANCE_KINDS, move_on_members, volumes
from tests.recount.cohorts_of_promises import promise_members
from tests.recount.cohorts_of_responses import SCALES, answer_cohorts, response_rates
from tests.recount.facts import of
from tests.recount.hours import BusinessClock
from tests.recount.instances import JourneyHistory

MAKE = Callable[["Kpi", JourneyHistory], dict[str, pd.DataFrame]]
SURVEY_KINDS = ("csat", "csat_mean", "nps", "ces", "emotion")


@dataclass(frozen=True)
class Kpi:
    """One KPI of a map: its YAML, the position of its stage from 0 (None: the journey), and the stage's name."""

    entry: dict[str, Any]
    position: int | None
    stage: str | None

    @property
    def kind(self) -> str:
        return str(self.entry["kpi"])

    @property
    def id(self) -> str:
        return f"{self.stage or 'journey'}.{self.entry.get('name', self.kind)}"

    @property
    def touchpoint(self) -> str | None:
        return self.entry.get("touchpoint")

    @property
    def level(self) -> str:
        return "touchpoint" if self.touchpoint else "stage" if self.stage else "journey"

    @property
    def definition(self) -> str:
        """Everything that changes the number, as text. KPIs with equal definitions measure the same."""
        labels = ("name", "title", "target", "direction")
        parts = {"scale": list(SCALES[self.kind])} if self.kind in SCALES else {}
        parts |= self.entry
        return repr(sorted((key, repr(value)) for key, value in parts.items() if key not in labels))


def kpis_of(document: dict[str, Any]) -> Iterator[Kpi]:
    """Every KPI of a map: those of the stages, then those of the journey."""
    for position, stage in enumerate(document["stages"]):
        for entry in stage.get("kpis", []):
            yield Kpi(entry, position, stage["stage"])
    for entry in document.get("kpis", []):
        yield Kpi(entry, None, None)


def cohorts(kpi: Kpi, history: JourneyHistory, clocks: dict[str, BusinessClock]) -> dict[str, pd.DataFrame]:
    """Statistic -> its members: instance, at, decided_at, is_open, outcome (NaN: not decided, or unknown), columns.

    Of a quantile: duration, closed instead of outcome. Of a rate: day, covers, numerator, denominator.
    """
    kind, entry = kpi.kind, kpi.entry
    if kind in SURVEY_KINDS:
        return answer_cohorts(kind, entry, history)
    if kind == "response_rate":
        return {"response_rate": response_rates(entry, history)}
    if kind in ("drop_off", "conversion"):
        return {kind: _seen(move_on_members(kind, kpi.position, entry.get("window"), history), history)}
    if kind in ("time_to_resolve", "time_in_stage"):
        clock = clocks[entry["calendar"]] if "calendar" in entry else None
        found = (
            resolve_members(entry, history, clock)
            if kind == "time_to_resolve"
            else stay_members(entry, kpi.position, history, clock)
        )
        return {statistic: _seen(frame, history) for statistic, frame in found.items()}
    if kind == "promises_kept":
        return {statistic: _seen(frame, history) for statistic, frame in promise_members(entry, history).items()}
    if kind == "volume":
        return {"volume": _seen(volumes(kpi.position, entry.get("touchpoint"), history), history)}
    if kind == "rate":
        return {"rate": _counted(entry["measure"], history)}
    return {statistic: _seen(frame, history) for statistic, frame in INSTANCE_KINDS[kind](entry, history).items()}


def _seen(frame: pd.DataFrame, history: JourneyHistory) -> pd.DataFrame:
    """Add the segment values of each member's instance."""
    known = history.instances
    values = {column: of(frame["instance"], known[column]) for column in history.columns}
    return frame.assign(**values)


def _counted(measure: str, history: JourneyHistory) -> pd.DataFrame:
    counts = history.facts.counts
    frame = counts[counts["measure"] == measure].copy()
    values = {column: frame[f"segment {column}"] for column in history.columns}
    return frame.assign(
        day=frame["period_start"], is_open=False, decided_at=np.datetime64("NaT", "us"), outcome=np.nan, **values
    )


def sources_of(kpi: Kpi, history: JourneyHistory) -> frozenset[str]:
    """Sources of the rows that decide the KPI: missing rows of these would change it."""
    facts, events, entry = history.facts, history.events, kpi.entry
    name, kind = events["touchpoint"], kpi.kind
    starts, ends = name.isin(history.starts), name.isin(history.ends)
    if kind == "rate":
        return frozenset(facts.counts.loc[facts.counts["measure"] == entry["measure"], "source"])
    if kind in SURVEY_KINDS or kind == "response_rate":
        asked = (
            facts.answers["survey"] == entry["survey"]
            if "survey" in entry
            else facts.answers["emotion"] == entry["name"]
        )
        found = set(facts.answers.loc[asked, "source"])
        if kind == "response_rate":
            found |= set(facts.invitations.loc[facts.invitations["survey"] == entry["survey"], "source"])
        return frozenset(found)
    if kind in ("time_to_resolve", "promises_kept"):
        rows = name.isin([entry["from"], entry["to"]])
    elif kind in ("occurrence", "repeat_contact"):
        rows = starts | ends | (name == entry["touchpoint"])
    elif kind in ("first_contact", "self_service"):
        rows = starts | ends | name.isin([entry["touchpoint"]] if "touchpoint" in entry else history.staffed)
    elif kind == "peak_end":
        scored = facts.answers[facts.answers["score"].notna()]
        return frozenset(events.loc[starts | ends, "source"]) | frozenset(scored["source"])
    elif kind == "volume":
        here = events["stage"] == kpi.position if kpi.position is not None else starts
        rows = name == entry["touchpoint"] if "touchpoint" in entry else here
    elif kpi.position is None:
        rows = starts | (events["stage"] == len(history.document["stages"]) - 1)
    else:
        rows = events["stage"] >= kpi.position
    return frozenset(events.loc[rows, "source"])
