"""Duration histograms by definition, to compare with fct_duration_counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from jkpi.warehouse.open import open_warehouse
from tests.recount.cohorts import cohorts, sources_of
from tests.recount.facts import TIMES, Facts, segments_of
from tests.recount.hours import BusinessClock
from tests.recount.instances import JourneyHistory
from tests.recount.readings import (
    FIRST_DAYS,
    Versions,
    clocks_of,
    in_viewpoint,
    segment_values,
    with_days,
    with_instants,
)

KEY = ["kpi", "segment", "segment_value", "period", "period_start", "at_most_seconds"]
NUMBERS = ["count_spells", "decided_seconds"]
LABELS = ["kind", "map_version", "status"]
KINDS = ("time_to_resolve", "time_in_stage")
EDGES = np.array(sorted({eighth << doubling for eighth in range(8, 17) for doubling in range(27)} | set(range(1, 9))))
OPEN = -1
"""Stands for an edge where a spell is open: NULL in the product, which cannot be joined."""


def duration_counts(facts: Facts) -> pd.DataFrame:
    """KEY, NUMBERS, LABELS of every duration KPI that a moment of truth of any map version names."""
    versions, clocks = Versions(facts), clocks_of(facts)
    named = {moment["kpi"] for one in facts.versions for moment in one.document.get("moments_of_truth", [])}
    found = [part for kpi_id in sorted(named) for part in _of_kpi(facts, versions, clocks, kpi_id)]
    if not found:
        return pd.DataFrame(columns=[*KEY, *NUMBERS, *LABELS])
    return pd.concat(found, ignore_index=True)


def read_durations(url: str, journey: str) -> pd.DataFrame:
    """The product's histograms of a journey."""
    columns = ", ".join(column for column in [*KEY, *NUMBERS, *LABELS] if column != "at_most_seconds")
    sql = f"select {columns}, coalesce(at_most_seconds, {OPEN}) as at_most_seconds from marts.fct_duration_counts"
    with open_warehouse(url) as warehouse:
        rows = warehouse.rows(f"{sql} where journey = :journey", {"journey": journey})
    return pd.DataFrame(rows, columns=[*KEY, *NUMBERS, *LABELS]).astype({"period_start": TIMES})


def _of_kpi(facts: Facts, versions: Versions, clocks: dict[str, BusinessClock], kpi_id: str) -> Iterator[pd.DataFrame]:
    epochs = versions.epochs(kpi_id)
    frames, sources = [], frozenset[str]()
    for number, kpis in enumerate(versions.kpis):
        kpi = kpis.get(kpi_id)
        if kpi is None or kpi.kind not in KINDS:
            continue
        history = JourneyHistory(facts, facts.versions[number].document)
        sources |= sources_of(kpi, history)
        frame = in_viewpoint(with_days(cohorts(kpi, history, clocks)["median"], history), history)
        frame = frame[versions.on(frame["day"]) == number]
        frame = frame.assign(epoch=epochs[number], calendar=kpi.entry.get("calendar"), kind=kpi.kind)
        frames.append(_clocked(frame, history.window, clocks.get(kpi.entry.get("calendar", ""))))
    filled = [frame for frame in frames if len(frame)]
    if filled:
        for period in ("day", "week"):
            yield from _of_period(
                facts, versions, clocks, pd.concat(filled, ignore_index=True), period, kpi_id, sources
            )


def _clocked(frame: pd.DataFrame, window: pd.Timedelta, clock: BusinessClock | None) -> pd.DataFrame:
    """Add the bin of each spell, the time its clock began, and the longest time it can be observed, in seconds."""
    bins = np.where(frame["closed"], EDGES[np.searchsorted(EDGES, frame["duration"].clip(upper=EDGES[-1]))], OPEN)
    began = _read(clock, frame["at"].astype(TIMES))
    followed = _read(clock, (frame["at"] + window).astype(TIMES)) - began
    return frame.assign(at_most_seconds=bins, began=began, followed=followed)


def _read(clock: BusinessClock | None, at: pd.Series) -> pd.Series:
    return (at - pd.Timestamp(0)).dt.total_seconds() if clock is None else clock.read(at)


def _of_period(
    facts: Facts,
    versions: Versions,
    clocks: dict[str, BusinessClock],
    frame: pd.DataFrame,
    period: str,
    kpi_id: str,
    sources: frozenset[str],
) -> Iterator[pd.DataFrame]:
    calendar = frame["day"].dt.to_period(FIRST_DAYS[period])
    frame = frame.assign(
        period_start=calendar.dt.start_time.astype(TIMES), following=(calendar + 1).dt.start_time.astype(TIMES)
    )
    zone = facts.versions[-1].document["timezone"]
    today = facts.as_of.tz_localize("UTC").tz_convert(zone).tz_localize(None).normalize()
    version = versions.on((frame["following"] - pd.Timedelta(days=1)).clip(upper=today))  # type: ignore[call-overload]
    frame = frame[frame["epoch"] == version.map(dict(enumerate(versions.epochs(kpi_id))))].assign(version=version)
    number: Any
    for number, members in frame.groupby("version"):
        document = facts.versions[number].document
        members = with_instants(members, document["timezone"])
        for segment, parts in {"all": [], **segments_of(document)}.items():
            value = segment_values(members, parts) if parts else pd.Series("all", index=members.index, dtype=object)
            for (shown, start), cell in members.groupby([value.rename("segment_value"), "period_start"]):
                if segment != "all" and len(cell) < document.get("min_cell_size", 1):
                    continue
                decided, status = _observed(facts, clocks, cell, sources)
                counts = cell.groupby("at_most_seconds").size()
                yield pd.DataFrame(
                    {"kpi": kpi_id, "segment": segment, "segment_value": shown, "period": period,
                     "period_start": start, "at_most_seconds": counts.index, "count_spells": counts.to_numpy(),
                     "decided_seconds": decided, "kind": cell["kind"].iloc[0],
                     "map_version": facts.versions[number].number, "status": status}
                )  # fmt: skip


def _observed(
    facts: Facts, clocks: dict[str, BusinessClock], cell: pd.DataFrame, sources: frozenset[str]
) -> tuple[float, str]:
    """Seconds for which every spell of a cell has been observed, and the status that follows."""
    late = max((facts.late.get(source, pd.Timedelta(0)) for source in sources), default=pd.Timedelta(0))
    starts, over = cell["starts_at"].iloc[0], cell["over_at"].iloc[0]
    gaps = facts.data_gaps[facts.data_gaps["source"].isin(sources)]
    gap_at = gaps.loc[gaps["ends_at"].isna() | (gaps["ends_at"] > starts), "starts_at"].min()
    if gap_at < over:
        return 0.0, "withheld"
    clock = clocks.get(cell["calendar"].iloc[0] or "")
    moments = pd.Series([facts.as_of - late, gap_at]).astype(TIMES)
    seen, data_gaps = _read(clock, moments) if pd.notna(gap_at) else (_read(clock, moments[:1]).iloc[0], np.inf)
    until = [
        min(seen - began, data_gaps - began, most) for began, most in zip(cell["began"], cell["followed"], strict=True)
    ]
    decided = 0.0 if over + late > facts.as_of else max(0.0, min(until))
    if decided == cell["followed"].min():
        return decided, "final"
    return decided, "withheld" if data_gaps < seen else "provisional"
