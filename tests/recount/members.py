"""Who counts in a KPI, on which day, with which outcome, and when that is decided: each kind by its definition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from facts import Facts, span
from passages import passage_of, passages, spells, visits

SHARE_NAMES = {
    "csat": "top_box",
    "ces": "share_easy",
    "time_to_resolve": "share_within",
    "time_in_stage": "share_within",
}


@dataclass(frozen=True)
class Members:
    """A cohort: columns case_id, at, outcome, is_open, decided_at, segments; what is taken of it; what feeds it."""

    kpi: str
    kind: str
    statistics: tuple[str, ...]
    frame: pd.DataFrame
    sources: frozenset[str]


def all_members(facts: Facts) -> list[Members]:
    """Those of every KPI of the map."""
    found: list[Members] = []
    for position, stage in enumerate(facts.journey["stages"]):
        for kpi in stage.get("kpis", []):
            found += _members(facts, kpi, position, f"{stage['stage']}.{kpi.get('name', kpi['kpi'])}")
    for kpi in facts.journey.get("kpis", []):
        found += _members(facts, kpi, None, f"journey.{kpi.get('name', kpi['kpi'])}")
    return found


def _members(facts: Facts, kpi: dict[str, Any], position: int | None, name: str) -> list[Members]:
    kind = kpi["kpi"]
    share = SHARE_NAMES.get(kind, kind)
    if kind in ("csat", "nps", "ces"):
        frames = {_answer_statistics(kind): _answers(facts, kpi)}
    elif kind in ("drop_off", "conversion"):
        frames = {(share,): _went_on(facts, kind, position, kpi.get("window"))}
    elif kind in ("occurrence", "repeat_contact"):
        least = kpi.get("at_least", 2 if kind == "repeat_contact" else 1)
        frames = {(share,): _happened(facts, kpi["of"], least)}
    elif kind == "volume":
        frames = {(share,): _counted(facts, position, kpi.get("of"))}
    elif kind == "time_to_resolve":
        frames = _durations(_resolving(facts, kpi), facts, share)
    else:
        frames = _durations(_staying(facts, kpi, position), facts, share)
    sources = _sources(facts, kpi, position)
    return [
        Members(name, kind, statistics, _with_segments(facts, frame), sources) for statistics, frame in frames.items()
    ]


def _answer_statistics(kind: str) -> tuple[str, ...]:
    return {
        "csat": ("top_box",),
        "nps": ("nps", "promoters", "passives", "detractors"),
        "ces": ("share_easy", "mean"),
    }[kind]


def _answers(facts: Facts, kpi: dict[str, Any]) -> pd.DataFrame:
    """Answers to the question, on its scale; `outcome` is whether it is in the box, `score` the answer itself."""
    low, high = kpi.get("scale", {"csat": [1, 5], "ces": [1, 7], "nps": [0, 10]}[kpi["kpi"]])
    answers = facts.answers
    mine = (answers["survey"] == kpi["survey"]) & (answers["scale_min"] == low) & (answers["scale_max"] == high)
    if "question" in kpi:
        mine &= answers["question"] == kpi["question"]
    frame = answers.loc[mine, ["score", "segments"]].rename(columns={"segments": "own"})
    frame["case_id"] = passage_of(facts, answers[mine])
    frame["at"] = frame["decided_at"] = answers.loc[mine, "responded_at"]
    width = {"csat": 2, "nps": 2, "ces": 3 if high - low >= 6 else 2 if high - low >= 3 else 1}[kpi["kpi"]]
    width = kpi.get("box", width)
    easy_is_low = kpi.get("polarity") == "low_is_easy"
    frame["outcome"] = (frame["score"] <= low + width - 1) if easy_is_low else (frame["score"] >= high - width + 1)
    return frame.assign(is_open=False)


def _went_on(facts: Facts, kind: str, position: int | None, window: str | None) -> pd.DataFrame:
    """Visits of a stage that did or did not move on within the window; or passages that reached the last stage."""
    last = len(facts.journey["stages"]) - 1
    length = span(window) if window else facts.window
    if position is None:
        frame = passages(facts).reset_index()[["case_id", "started_at"]].rename(columns={"started_at": "at"})
        entries = visits(facts)
        reached = entries[entries["position"] == last].groupby("case_id")["entered_at"].min()
        frame["reached_at"] = frame["case_id"].map(reached)
    else:
        entries = visits(facts)
        frame = entries[entries["position"] == position].rename(
            columns={"entered_at": "at", "moved_on_at": "reached_at"}
        )
    frame["decided_at"] = frame["at"] + length
    within = frame["reached_at"].notna() & (frame["reached_at"] <= frame["decided_at"])
    return frame.assign(
        outcome=within if kind == "conversion" else ~within,
        is_open=frame["decided_at"] > facts.as_of,
    )


def _happened(facts: Facts, touchpoint: str, least: int) -> pd.DataFrame:
    frame = passages(facts).reset_index().rename(columns={"started_at": "at"})
    times = facts.events.loc[facts.events["touchpoint"] == touchpoint].groupby("case_id").size()
    return frame.assign(outcome=frame["case_id"].map(times).fillna(0) >= least)


def _counted(facts: Facts, position: int | None, touchpoint: str | None) -> pd.DataFrame:
    """Events of a touchpoint; or passages, on the day they first came to the stage, or began."""
    events = facts.events
    if touchpoint is not None:
        frame = events.loc[events["touchpoint"] == touchpoint, ["case_id", "occurred_at"]]
        frame = frame.rename(columns={"occurred_at": "at"})
    else:
        mine = events if position is None else events[events["position"] == position]
        frame = mine.groupby("case_id")["occurred_at"].min().rename("at").reset_index()
    return frame.assign(outcome=True, is_open=False, decided_at=frame["at"])


def _resolving(facts: Facts, kpi: dict[str, Any]) -> pd.DataFrame:
    frame = spells(facts, kpi["from"], kpi["to"])
    return frame if kpi["tolerance"] == "due" else frame.assign(due_at=frame["at"] + span(kpi["tolerance"]))


def _staying(facts: Facts, kpi: dict[str, Any], position: int | None) -> pd.DataFrame:
    entries = visits(facts)
    frame = entries[entries["position"] == position].rename(columns={"entered_at": "at", "left_at": "closed_at"})
    tolerated = frame["at"] + span(kpi["tolerance"]) if "tolerance" in kpi else pd.NaT
    return frame.assign(due_at=tolerated)


def _durations(spells: pd.DataFrame, facts: Facts, share: str) -> dict[tuple[str, ...], pd.DataFrame]:
    """The share within tolerance, and the quantiles of what is closed, of the same spells.

    For the share, an open spell beyond its tolerance is decided. For the quantiles it is not before it is closed, or
    before nothing more is waited for: the window of the journey.
    """
    closed = spells["closed_at"].notna()
    beyond = spells["due_at"] < facts.as_of
    given_up = spells["at"] + facts.window
    within = np.where(spells["due_at"].isna(), closed, closed & (spells["closed_at"] <= spells["due_at"]))
    first = spells[["closed_at", "due_at"]].min(axis=1)
    shares = spells.assign(outcome=within, is_open=~closed & ~beyond, decided_at=first.fillna(given_up))
    quantiles = spells.assign(
        outcome=(spells["closed_at"] - spells["at"]).dt.total_seconds(),
        is_open=~closed,
        decided_at=spells["closed_at"].fillna(given_up),
    )
    return {(share,): shares, ("median_closed", "p90_closed"): quantiles}


def _with_segments(facts: Facts, frame: pd.DataFrame) -> pd.DataFrame:
    """Each member's segment values: an answer's own, else those of its passage, else `(none)`."""
    known = passages(facts)
    for segment in facts.segments:
        values = frame["case_id"].map(known[segment]).fillna("(none)")
        if "own" in frame:
            own = frame["own"].map(lambda document, name=segment: document.get(name))
            values = own.fillna(values)
        frame = frame.assign(**{segment: values})
    return frame.reset_index(drop=True)


def _sources(facts: Facts, kpi: dict[str, Any], position: int | None) -> frozenset[str]:
    """Those whose silence could change the number."""
    kind = kpi["kpi"]
    if kind in ("csat", "nps", "ces"):
        answers = facts.answers
        return frozenset(answers.loc[answers["survey"] == kpi["survey"], "source"])
    events = facts.events
    starts = events["touchpoint"].isin(facts.journey["scope"]["starts_with"])
    if kind == "time_to_resolve":
        feeding = events["touchpoint"].isin([kpi["from"], kpi["to"]])
    elif kind in ("occurrence", "repeat_contact"):
        feeding = starts | (events["touchpoint"] == kpi["of"])
    elif kind == "volume":
        feeding = events["touchpoint"] == kpi["of"] if "of" in kpi else starts
        feeding = events["position"] == position if position is not None and "of" not in kpi else feeding
    elif position is None:
        feeding = starts | (events["position"] == len(facts.journey["stages"]) - 1)
    else:
        feeding = events["position"] >= position
    return frozenset(events.loc[feeding, "source"])
