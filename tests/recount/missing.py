"""How much of a reading a data gap can hide, counted case by case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from tests.recount.cohorts import Kpi
from tests.recount.cohorts_of_responses import SCALES
from tests.recount.estimators import NORMAL
from tests.recount.facts import Facts, span
from tests.recount.instances import JourneyHistory

DAY = pd.Timedelta(days=1)
AT_ONCE = ("csat", "csat_mean", "nps", "ces", "emotion", "volume", "rate")
"""Kinds that no later row decides."""
INSTANCE_KINDS = ("occurrence", "repeat_contact", "first_contact", "self_service")
TIMED = ("drop_off", "conversion", "time_to_resolve", "time_in_stage", *INSTANCE_KINDS)
LEVELS = {"median": 0.5, "p90": 0.9}


@dataclass(frozen=True)
class Missing:
    """Of one KPI. lost: local day -> when the gap began in it. sizes: local day -> cases. ages: one row a deciding row
    of a case, with the case's day and how many days old it was."""

    kind: str
    longest: pd.Timedelta
    lost: dict[pd.Timestamp, pd.Timestamp]
    sizes: dict[pd.Timestamp, float]
    ages: pd.DataFrame
    cases: pd.DataFrame
    today: pd.Timestamp
    rates: dict[int, float] = field(default_factory=dict)

    def shares(
        self, first: pd.Timestamp, following: pd.Timestamp, decided_at: pd.Timestamp
    ) -> tuple[float, float] | None:
        """Shares of the cases of a period: those of lost days, and those that a lost day left undecided. None if no gap
        touches it before it was decided."""
        missing = undecided = known = 0.0
        is_touched = False
        for day in pd.date_range(first, following - DAY):
            size = self.sizes.get(day, 0.0)
            if day not in self.lost:
                known += size
            elif self.lost[day] < decided_at:
                missing, is_touched = missing + self._usual(day), True
            if self.kind in AT_ONCE or not size:
                continue
            for lost_day, lost_at in self.lost.items():
                days = (lost_day - day).days
                if days >= 0 and lost_at < decided_at and (days - 1) * DAY <= self.longest:
                    undecided, is_touched = undecided + size * self._decided_at_age(days), True
        if not is_touched:
            return None
        cases = missing + known
        return (missing / cases, undecided / cases) if cases else (1.0, 1.0)

    def _usual(self, day: pd.Timestamp) -> float:
        near = [size for other, size in self.sizes.items() if abs((other - day).days) <= 7]
        return max([1.0, *near])

    def _decided_at_age(self, days: int) -> float:
        if self.kind not in TIMED:
            return 1.0
        if days not in self.rates:
            cases = (self.today - self.cases["day"]).dt.days > days
            decided = ((self.today - self.ages["day"]).dt.days > days) & (self.ages["age"] == days)
            self.rates[days] = (int(decided.sum()) + 1) / (int(cases.sum()) + 1)
        return self.rates[days]


def missing_of(
    facts: Facts,
    by_version: dict[int, tuple[Kpi, JourneyHistory]],
    members: Sequence[pd.DataFrame],
    sources: frozenset[str],
    version_on: Callable[[pd.Series], pd.Series],
) -> Missing:
    """by_version: the KPI in each version of the map that has it. members: of each statistic all members of its
    versions, with their local `day`. version_on: the version in force on each day."""
    zone = facts.versions[-1].document["timezone"]
    ages: list[pd.DataFrame] = []
    cases: list[pd.DataFrame] = []
    for number, (kpi, history) in by_version.items():
        if kpi.kind not in TIMED:
            continue
        for kept, frame in ((cases, _cases(kpi, history)), (ages, _deciding_rows(kpi, history))):
            frame = frame.assign(day=local_days(frame["at"], zone))
            kept.append(frame[version_on(frame["day"]) == number])
    empty = pd.DataFrame({"at": [], "row_at": [], "day": []}).astype("datetime64[us]")
    all_ages, all_cases = pd.concat([empty, *ages]), pd.concat([empty, *cases])
    all_ages["age"] = (local_days(all_ages["row_at"], zone) - all_ages["day"]).dt.days
    sizes: dict[pd.Timestamp, float] = {}
    day: Any
    for frame in [*members, all_cases]:
        for day, size in frame.groupby("day").size().items():
            sizes[day] = max(sizes.get(day, 0.0), float(size))
    kind = next(reversed(by_version.values()))[0].kind
    longest = max(_longest(kpi, history) for kpi, history in by_version.values())
    lost = _lost_days(facts, sources, zone)
    return Missing(kind, longest, lost, sizes if kind != "rate" else {}, all_ages, all_cases, facts.as_of.normalize())


def _longest(kpi: Kpi, history: JourneyHistory) -> pd.Timedelta:
    """How long after its beginning a case can be decided at most."""
    own = span(kpi.entry["window"]) if "window" in kpi.entry else history.window
    return own if kpi.kind in ("drop_off", "conversion") else own + history.window


def local_days(times: pd.Series, zone: str) -> pd.Series:
    aware = times.astype("datetime64[us]").dt.tz_localize("UTC").dt.tz_convert(zone)
    return aware.dt.tz_localize(None).dt.normalize()


def _cases(kpi: Kpi, history: JourneyHistory) -> pd.DataFrame:
    """at: when each case began."""
    if kpi.kind in INSTANCE_KINDS or (kpi.position is None and kpi.kind in ("drop_off", "conversion")):
        return history.instances[["started_at"]].rename(columns={"started_at": "at"})
    return _timed(kpi, history)[["at"]]


def _deciding_rows(kpi: Kpi, history: JourneyHistory) -> pd.DataFrame:
    """at: when the case began. row_at: when a row came that decides it."""
    if kpi.kind in INSTANCE_KINDS:
        events = history.events[["instance", "occurred_at"]].rename(columns={"occurred_at": "row_at"})
        events = events[events["instance"].notna()]
        return events.assign(at=events["instance"].map(history.instances["started_at"].to_dict()))
    frame = _timed(kpi, history)
    return frame[frame["row_at"].notna()]


def _timed(kpi: Kpi, history: JourneyHistory) -> pd.DataFrame:
    if kpi.kind == "time_to_resolve":
        return history.spells(kpi.entry["from"], kpi.entry["to"]).rename(columns={"closed_at": "row_at"})
    visits = history.visits
    if kpi.position is None:
        last = len(history.document["stages"]) - 1
        reached = visits[visits["stage"] == last].groupby("instance")["entered_at"].min()
        starts = history.instances["started_at"]
        return pd.DataFrame({"at": starts, "row_at": reached.reindex(starts.index)})
    until = "exited_at" if kpi.kind == "time_in_stage" else "moved_on_at"
    return visits[visits["stage"] == kpi.position].rename(columns={"entered_at": "at", until: "row_at"})


def _lost_days(facts: Facts, sources: frozenset[str], zone: str) -> dict[pd.Timestamp, pd.Timestamp]:
    lost: dict[pd.Timestamp, pd.Timestamp] = {}
    gap: Any
    for gap in facts.data_gaps[facts.data_gaps["source"].isin(sources)].itertuples():
        until = facts.as_of if pd.isna(gap.ends_at) else gap.ends_at
        bounds = local_days(pd.Series([gap.starts_at, until - pd.Timedelta(microseconds=1)]), zone)
        for day in pd.date_range(*bounds):
            midnight = day.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
            began = max(gap.starts_at, midnight.tz_convert("UTC").tz_localize(None))
            lost[day] = min(lost.get(day, began), began)
    return lost


def widths(
    kind: str, statistic: str, kpi: Kpi, found: pd.DataFrame, members: pd.DataFrame, keys: list[str]
) -> pd.Series:
    """By keys: the width of the 95 % interval as a share of the cases; NaN if there is none."""
    n = found["sample_size"].where(found["sample_size"] > 0)
    if kind == "count":
        return pd.Series(np.nan, index=found.index)
    if kind == "quantile":
        level = LEVELS[statistic]
        return 2 * NORMAL * np.sqrt(level * (1 - level) / n)
    if kind == "nps":
        return (found["ci_high"] - found["ci_low"]) / 200
    if kind == "mean":
        decided = members[~members["is_open"] & members["outcome"].notna()].groupby(keys)["outcome"]
        error = decided.std().reindex(found.index) / np.sqrt(n.where(n > 1))
        low, high = kpi.entry.get("scale", SCALES.get(kpi.kind, (np.nan, np.nan)))
        return 2 * NORMAL * error / (high - low)
    return found["ci_high"] - found["ci_low"]


def is_withheld(missing: Missing, found: pd.DataFrame, spans: pd.DataFrame, wide: pd.Series) -> pd.Series:
    """spans: period_start, following and settled (when all was decided), by the keys of found. wide: as widths."""
    known: dict[tuple[pd.Timestamp, ...], tuple[float, float] | None] = {}
    withheld = []
    row: Any
    for row, width in zip(spans.itertuples(), wide, strict=True):
        key = (row.period_start, row.following, row.settled)
        if key not in known:
            known[key] = missing.shares(*key)
        shares = known[key]
        withheld.append(shares is not None and not (shares[0] <= width and shares[1] <= width / 8))
    return pd.Series(withheld, index=found.index)
