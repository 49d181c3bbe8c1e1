"""Readings from members: periods, map versions, counts, intervals and status."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tests.recount.cohorts import Kpi, cohorts, kpis_of, sources_of
from tests.recount.cohorts_of_responses import SCALES
from tests.recount.estimators import ESTIMATORS, UNITS, estimate
from tests.recount.facts import TIMES, Facts, segments_of, span, viewpoint_of
from tests.recount.hours import BusinessClock
from tests.recount.instances import NOBODY, JourneyHistory
from tests.recount.missing import Missing, is_withheld, missing_of, widths

KEY = ["kpi", "statistic", "segment", "segment_value", "period", "period_start"]
NUMBERS = [
    "value",
    "numerator",
    "denominator",
    "sample_size",
    "effective_sample_size",
    "open_count",
    "ci_low",
    "ci_high",
]
LABELS = ["kind", "level", "stage", "touchpoint", "unit", "is_primary", "map_version", "is_suppressed", "is_redefined"]
LABELS += ["wave"]
FIRST_DAYS = {"day": "D", "week": "W-SUN", "month": "M"}
WAVE_CLOSES_AFTER = pd.Timedelta(days=14)
FEEDS = {"day": ["day"], "week": ["day", "week"], "month": ["day", "month"]}
"""Period -> the spans of totals that count in it."""


@dataclass(frozen=True)
class Counted:
    """The members of one statistic of one KPI over all versions of the map, the sources that feed it, and what a data
    gap of these can hide. members: of all its statistics, for they share their survey waves."""

    kpi_id: str
    statistic: str
    frame: pd.DataFrame
    sources: frozenset[str]
    missing: Missing
    members: pd.DataFrame


class Versions:
    """Which map version is in force on which local day, and when the definition of each KPI changed."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.kpis = [{kpi.id: kpi for kpi in kpis_of(one.document)} for one in facts.versions]
        self._since = [pd.Timestamp(one.since or "1700-01-01") for one in facts.versions]

    def on(self, days: pd.Series) -> pd.Series:
        """Index of the version in force on each local day."""
        found = np.searchsorted(np.array(self._since, dtype="datetime64[s]"), days.to_numpy(), side="right") - 1
        return pd.Series(found, index=days.index)

    def epochs(self, kpi_id: str) -> list[int]:
        """By version: how often the definition of the KPI had changed by then; -1 where the version has no such KPI."""
        found, before = [], None
        number = 0
        for kpis in self.kpis:
            now = kpis[kpi_id].definition if kpi_id in kpis else None
            number += before is not None and now != before
            before = now or before
            found.append(number if now else -1)
        return found


def all_readings(facts: Facts) -> pd.DataFrame:
    """Every reading of the journey by definition: KEY, NUMBERS, LABELS, matures_at, status."""
    versions = Versions(facts)
    parts = []
    for counted in counted_kpis(facts, versions):
        for period in FIRST_DAYS:
            parts += list(_of_period(facts, versions, counted, period))
        parts += list(_of_waves(facts, versions, counted))
    if not parts:
        return pd.DataFrame(columns=[*KEY, *NUMBERS, *LABELS, "matures_at", "status"])
    found = pd.concat(parts, ignore_index=True)
    found = found.sort_values(KEY, ignore_index=True)
    before = found.groupby(KEY[:-1], dropna=False)["epoch"].shift()
    found["is_redefined"] = before.notna() & (before != found["epoch"])
    return found[[*KEY, *NUMBERS, *LABELS, "matures_at", "status"]]


def counted_kpis(facts: Facts, versions: Versions) -> Iterator[Counted]:
    clocks = clocks_of(facts)
    history = [JourneyHistory(facts, one.document) for one in facts.versions]
    for kpi_id in dict.fromkeys(kpi_id for kpis in versions.kpis for kpi_id in kpis):
        epochs = versions.epochs(kpi_id)
        by_statistic: dict[str, list[pd.DataFrame]] = {}
        of_everybody: dict[str, list[pd.DataFrame]] = {}
        sources: frozenset[str] = frozenset()
        for number, kpis in enumerate(versions.kpis):
            if kpi_id not in kpis:
                continue
            sources |= sources_of(kpis[kpi_id], history[number])
            for statistic, frame in cohorts(kpis[kpi_id], history[number], clocks).items():
                frame = with_days(frame, history[number])
                frame = frame[versions.on(frame["day"]) == number].assign(epoch=epochs[number])
                of_everybody.setdefault(statistic, []).append(frame[["day"]])
                frame = in_viewpoint(frame, history[number])
                by_statistic.setdefault(statistic, []).append(frame)
        by_version = {
            number: (kpis[kpi_id], history[number]) for number, kpis in enumerate(versions.kpis) if kpi_id in kpis
        }
        everybody = [pd.concat(frames) for frames in of_everybody.values()]
        missing = missing_of(facts, by_version, everybody, sources, versions.on)
        pooled = {
            statistic: pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
            for statistic, frames in by_statistic.items()
        }
        members = pd.concat([frame for frame in pooled.values() if len(frame)] or list(pooled.values())[:1])
        for statistic, frame in pooled.items():
            yield Counted(kpi_id, statistic, frame, sources, missing, members)


def with_days(frame: pd.DataFrame, history: JourneyHistory) -> pd.DataFrame:
    if "day" in frame:
        return frame
    zone = history.document["timezone"]
    at = frame["at"].astype(TIMES)
    return frame.assign(day=at.dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None).dt.normalize())


def in_viewpoint(frame: pd.DataFrame, history: JourneyHistory) -> pd.DataFrame:
    for column, values in viewpoint_of(history.document).items():
        frame = frame[frame[column].isin(values)]
    return frame


def _of_period(facts: Facts, versions: Versions, counted: Counted, period: str) -> Iterator[pd.DataFrame]:
    frame = counted.frame
    if "covers" in frame:
        frame = frame[frame["covers"].isin(FEEDS[period])]
    calendar = frame["day"].dt.to_period(FIRST_DAYS[period])
    today = facts.as_of.tz_localize("UTC").tz_convert(facts.versions[-1].document["timezone"]).tz_localize(None)
    frame = frame.assign(
        period_start=calendar.dt.start_time.astype(TIMES), following=(calendar + 1).dt.start_time.astype(TIMES)
    )
    last_day = (frame["following"] - pd.Timedelta(days=1)).clip(upper=today.normalize())  # type: ignore[call-overload]
    frame = frame.assign(version=versions.on(last_day), wave=None)
    yield from _by_version(facts, versions, counted, period, frame)


def _of_waves(facts: Facts, versions: Versions, counted: Counted) -> Iterator[pd.DataFrame]:
    """Survey waves: from the first day of their members; over when the next one begins, or two weeks after the last."""
    frame = counted.frame
    if "wave" not in frame or not frame["wave"].notna().any():
        return
    frame, members = frame[frame["wave"].notna()].copy(), counted.members[counted.members["wave"].notna()].copy()
    members["period_start"] = members.groupby("wave")["day"].transform("min").astype(TIMES)
    frame["period_start"] = frame["wave"].map(members.groupby("wave")["period_start"].first()).astype(TIMES)
    spans = members.groupby("period_start").agg(
        first=("wave", "min"), last=("wave", "max"), last_day=("day", "max"), decided=("decided_at", "max")
    )
    zone = facts.versions[-1].document["timezone"]
    starts = spans.index.to_series().shift(-1)
    following = starts.dt.tz_localize(zone).dt.tz_convert("UTC").dt.tz_localize(None)
    closes = pd.concat([spans["decided"] + WAVE_CLOSES_AFTER, following], axis=1).min(axis=1)
    spans["closes"] = pd.concat([closes, spans["decided"]], axis=1).max(axis=1)
    spans["name"] = spans["first"].where(spans["first"] == spans["last"], spans["first"] + " to " + spans["last"])
    frame = frame.assign(
        wave=frame["period_start"].map(spans["name"]),
        closes=frame["period_start"].map(spans["closes"]),
        following=(frame["period_start"].map(spans["last_day"]) + pd.Timedelta(days=1)).astype(TIMES),
        version=versions.on(frame["period_start"].map(spans["last_day"])),
    )
    yield from _by_version(facts, versions, counted, "wave", frame)


def _by_version(
    facts: Facts, versions: Versions, counted: Counted, period: str, frame: pd.DataFrame
) -> Iterator[pd.DataFrame]:
    """One frame for each map version and segment; of a period that saw a change of definition, the days after it."""
    epochs = versions.epochs(counted.kpi_id)
    frame = frame[frame["epoch"] == frame["version"].map(dict(enumerate(epochs)))]
    number: Any
    for number, members in frame.groupby("version"):
        document = facts.versions[number].document
        members = with_instants(members, document["timezone"])
        for segment, parts in {"all": [], **segments_of(document)}.items():
            values = pd.Series("all", index=members.index, dtype=object)
            if parts:
                values = segment_values(members, parts)
            kpi = versions.kpis[number][counted.kpi_id]
            found = _numbers(facts, members.assign(segment_value=values), counted, kpi)
            found = _suppressed(found, segment, document.get("min_cell_size", 1))
            columns: dict[str, Any] = {
                **{"kpi": counted.kpi_id, "statistic": counted.statistic, "segment": segment, "period": period},
                **{"kind": kpi.kind, "level": kpi.level, "stage": kpi.stage, "touchpoint": kpi.touchpoint},
                **{"unit": UNITS.get(counted.statistic, "share"), "is_primary": _is_primary(kpi, counted.statistic)},
                **{"map_version": facts.versions[number].number, "epoch": epochs[number]},
            }
            yield found.assign(**columns)


def segment_values(members: pd.DataFrame, parts: list[str]) -> pd.Series:
    """The value of a segment, or those of a combination, for each member."""
    first, *others = (members[part].astype(object).fillna(NOBODY) for part in parts)
    for other in others:
        first = first + "+" + other
    return first


def with_instants(members: pd.DataFrame, zone: str) -> pd.DataFrame:
    """starts_at, over_at: the local midnights around the period, in UTC."""

    def instants(local: pd.Series) -> pd.Series:
        aware = local.dt.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
        return aware.dt.tz_convert("UTC").dt.tz_localize(None).astype(TIMES)

    return members.assign(starts_at=instants(members["period_start"]), over_at=instants(members["following"]))


def _numbers(facts: Facts, members: pd.DataFrame, counted: Counted, kpi: Kpi) -> pd.DataFrame:
    """One row a cohort."""
    keys = ["segment_value", "period_start"]
    cohort = members.groupby(keys)
    kind = ESTIMATORS.get(counted.statistic, "proportion")
    found = estimate(kind, members, keys, counted.statistic)
    found["open_count"] = cohort["is_open"].sum()
    settled = pd.concat([cohort["decided_at"].max(), cohort["over_at"].first()], axis=1).max(axis=1).astype(TIMES)
    if "closes" in members:
        settled = cohort["closes"].first().astype(TIMES)
    found["wave"] = cohort["wave"].first()
    late = max((facts.late.get(source, pd.Timedelta(0)) for source in counted.sources), default=pd.Timedelta(0))
    found["matures_at"] = settled + late
    spans = pd.DataFrame({"following": cohort["following"].first(), "settled": settled}).reset_index("period_start")
    wide = widths(kind, counted.statistic, kpi, found, members, keys)
    data_gaps = is_withheld(counted.missing, found, spans, wide)
    if "length" in members:
        data_gaps |= _is_behind_gap(facts, counted, members, keys)
    # Where nothing was promised, what is still open when its window is over is waited for no longer.
    waiting = found["matures_at"] > facts.as_of
    found["status"] = np.where(data_gaps, "withheld", np.where(waiting, "provisional", "final"))
    if kind == "mean":
        low, high = (0, 1) if kpi.kind == "peak_end" else kpi.entry.get("scale", SCALES[kpi.kind])
        found["ci_low"], found["ci_high"] = found["ci_low"].clip(lower=low), found["ci_high"].clip(upper=high)
    return found.reset_index()


def _is_behind_gap(facts: Facts, counted: Counted, members: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Whether gaps of its sources hide more than a twentieth of what was kept of the promises of a period.

    A gap hides its share of the time that a promise was under way (the harmonic mean of the lengths, an hour at least),
    of the part of the period that is at most so long after the gap.
    """
    hours = (members["length"].dt.total_seconds() / 3600).clip(lower=1)
    cohort = members.assign(inverse=1 / hours).groupby(keys)
    typical = pd.to_timedelta(1 / cohort["inverse"].mean(), unit="h")
    starts_at, ends_at = cohort["starts_at"].first(), cohort["over_at"].first()
    hidden = pd.Series(0.0, index=typical.index)
    spots = facts.data_gaps[facts.data_gaps["source"].isin(counted.sources)]
    gap: Any
    for gap in spots[["starts_at", "ends_at"]].drop_duplicates().itertuples():
        covered = (gap.ends_at + typical).clip(upper=ends_at) - starts_at.clip(lower=gap.ends_at)
        part = (covered / (ends_at - starts_at)).clip(lower=0)
        hidden += ((gap.ends_at - gap.starts_at) / typical).clip(upper=1) * part
    return hidden > 0.05


def _suppressed(found: pd.DataFrame, segment: str, least: int) -> pd.DataFrame:
    """Suppress cells of a segment with fewer than `least` members; 1 suppresses nothing."""
    few = (segment != "all") & (least > 1) & (found["sample_size"] < least)
    found[NUMBERS] = found[NUMBERS].astype(float)
    found.loc[few, NUMBERS] = np.nan
    return found.assign(is_suppressed=few)


def _is_primary(kpi: Kpi, statistic: str) -> bool:
    first = {
        **{"csat": "top_box", "csat_mean": "mean", "ces": "share_easy"},
        **dict.fromkeys(("time_to_resolve", "time_in_stage"), "share_within" if "tolerance" in kpi.entry else "median"),
    }
    return statistic == first.get(kpi.kind, kpi.kind)


def clocks_of(facts: Facts) -> dict[str, BusinessClock]:
    """The business clock of every calendar, over the whole time of the facts."""
    if facts.events.empty:
        first = last = facts.as_of
    else:
        first, last = facts.events["occurred_at"].min(), facts.as_of
    longest = max(span(one.document["scope"]["window"]) for one in facts.versions)
    until = last + longest + pd.Timedelta(days=400)
    return {name: BusinessClock.of(calendar, first, until) for name, calendar in facts.calendars.items()}
