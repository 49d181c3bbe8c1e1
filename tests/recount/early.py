"""Early readings by definition, to compare with fct_early_readings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from jkpi.warehouse.open import open_warehouse
from tests.recount.cohorts import Kpi, sources_of
from tests.recount.estimators import estimate
from tests.recount.facts import TIMES, Facts, segments_of, span
from tests.recount.instances import JourneyHistory
from tests.recount.missing import Missing, is_withheld, widths
from tests.recount.readings import Versions, counted_kpis, in_viewpoint, segment_values, with_days, with_instants

KEY = ["kpi", "segment", "segment_value", "cohort_date", "age_seconds"]
NUMBERS = ["value", "numerator", "denominator", "sample_size", "open_count", "ci_low", "ci_high"]
LABELS = ["kind", "map_version", "status", "is_suppressed", "matures_at"]
AGES = [pd.Timedelta(hours=hours) for hours in (1, 4, 24, 48, 72, 7 * 24, 14 * 24)]
KINDS = ("drop_off", "conversion", "time_to_resolve", "time_in_stage")


def early_readings(facts: Facts) -> pd.DataFrame:
    """KEY, NUMBERS, LABELS of every KPI that a moment of truth of its map version names."""
    versions = Versions(facts)
    missing = {counted.kpi_id: counted.missing for counted in counted_kpis(facts, versions)}
    found = [part for number in range(len(facts.versions)) for part in _of_version(facts, versions, number, missing)]
    if not found:
        return pd.DataFrame(columns=[*KEY, *NUMBERS, *LABELS])
    return pd.concat(found, ignore_index=True)


def read_early(url: str, journey: str) -> pd.DataFrame:
    """The product's early readings of a journey."""
    with open_warehouse(url) as warehouse:
        columns = ", ".join([*KEY, *NUMBERS, *LABELS])
        rows = warehouse.rows(
            f"select {columns} from marts.fct_early_readings where journey = :journey", {"journey": journey}
        )
    frame = pd.DataFrame(rows, columns=[*KEY, *NUMBERS, *LABELS])
    return frame.astype({"cohort_date": TIMES, "matures_at": TIMES})


def _of_version(facts: Facts, versions: Versions, number: int, missing: dict[str, Missing]) -> Iterator[pd.DataFrame]:
    document = facts.versions[number].document
    history = JourneyHistory(facts, document)
    named = {moment["kpi"] for moment in document.get("moments_of_truth", [])}
    for kpi_id in sorted(named & set(versions.kpis[number])):
        kpi = versions.kpis[number][kpi_id]
        if kpi.kind not in KINDS or kpi.stage is None:
            continue
        if "calendar" in kpi.entry:
            continue
        members = _undecided_members(kpi, history)
        values = {column: history.instances[column].to_dict() for column in history.columns}
        members = members.assign(**{column: members["instance"].map(known) for column, known in values.items()})
        members = in_viewpoint(with_days(members, history), history)
        members = members[versions.on(members["day"]) == number]
        for age in AGES:
            waiting = members[age + pd.Timedelta(days=1) <= members["known_after"]]
            if len(waiting):
                yield from _at_age(facts, document, kpi, waiting, age, sources_of(kpi, history), missing[kpi_id])


def _undecided_members(kpi: Kpi, history: JourneyHistory) -> pd.DataFrame:
    """instance, at, reached_at; known_after: time after `at` by which the outcome is known."""
    entry = kpi.entry
    if kpi.kind == "time_to_resolve":
        frame = history.spells(entry["from"], entry["to"]).rename(columns={"closed_at": "reached_at"})
    else:
        until = "exited_at" if kpi.kind == "time_in_stage" else "moved_on_at"
        frame = history.visits[history.visits["stage"] == kpi.position]
        frame = frame.rename(columns={"entered_at": "at", until: "reached_at"})
    known_after = history.window
    if kpi.kind in ("drop_off", "conversion"):
        known_after = span(entry["window"]) if "window" in entry else history.window
    elif "tolerance" in entry:
        known_after = span(entry["tolerance"])
    frame = frame.assign(known_after=known_after)
    return frame[["instance", "at", "reached_at", "known_after"]].reset_index(drop=True)


def _at_age(
    facts: Facts,
    document: dict[str, Any],
    kpi: Kpi,
    members: pd.DataFrame,
    age: pd.Timedelta,
    sources: frozenset[str],
    missing: Missing,
) -> Iterator[pd.DataFrame]:
    by_then = members["at"] + age
    reached = members["reached_at"] < by_then
    is_open = ~reached & (by_then > facts.as_of)
    frame = members.assign(
        decided_at=by_then, is_open=is_open, outcome=np.where(is_open, np.nan, reached.astype(float))
    )
    frame = frame.assign(period_start=frame["day"], following=frame["day"] + pd.Timedelta(days=1))
    frame = with_instants(frame, document["timezone"])
    late = max((facts.late.get(source, pd.Timedelta(0)) for source in sources), default=pd.Timedelta(0))
    for segment, parts in {"all": [], **segments_of(document)}.items():
        value = segment_values(frame, parts) if parts else pd.Series("all", index=frame.index, dtype=object)
        keys = ["segment_value", "cohort_date"]
        cut = frame.assign(segment_value=value, cohort_date=frame["day"].astype(TIMES))
        cohort = cut.groupby(keys)
        found = estimate("proportion", cut, keys, "share_within")
        found["open_count"] = cohort["is_open"].sum()
        settled = pd.concat([cohort["decided_at"].max(), cohort["over_at"].first()], axis=1).max(axis=1).astype(TIMES)
        spans = pd.DataFrame({"following": cohort["following"].first(), "settled": settled}).reset_index("cohort_date")
        spans = spans.rename(columns={"cohort_date": "period_start"})
        data_gaps = is_withheld(missing, found, spans, widths("proportion", "early", kpi, found, cut, keys))
        found["matures_at"] = settled + late
        waits = found["matures_at"] > facts.as_of
        found["status"] = np.where(data_gaps, "withheld", np.where(waits, "provisional", "final"))
        least = document.get("min_cell_size", 1)
        few = (segment != "all") & (least > 1) & (found["sample_size"] < least)
        found[NUMBERS] = found[NUMBERS].astype(float)
        found.loc[few, NUMBERS] = np.nan
        found = found.assign(is_suppressed=few, kpi=kpi.id, kind=kpi.kind, segment=segment)
        found = found.assign(map_version=document["version"], age_seconds=int(age.total_seconds()))
        yield found.reset_index()[[*KEY, *NUMBERS, *LABELS]]
