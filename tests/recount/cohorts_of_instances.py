"""Members of KPIs over journey instances and stage visits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from tests.recount.cohorts_of_responses import SCALES
from tests.recount.facts import of, span
from tests.recount.instances import JourneyHistory

Frames = dict[str, pd.DataFrame]


def move_on_members(kind: str, position: int | None, window: str | None, history: JourneyHistory) -> pd.DataFrame:
    """Visits that moved on to a later stage within the window or did not; or instances that reached the last stage.

    The column `reached_at` says when, NaT where never.
    """
    length = span(window) if window else history.window
    visits = history.visits
    if position is None:
        last = len(history.document["stages"]) - 1
        reached = visits[visits["stage"] == last].groupby("instance")["entered_at"].min()
        frame = _instance_starts(history)
        frame["reached_at"] = of(frame["instance"], reached)
    else:
        frame = visits.loc[visits["stage"] == position, ["instance", "entered_at", "moved_on_at"]]
        frame = frame.rename(columns={"entered_at": "at", "moved_on_at": "reached_at"})
    frame["decided_at"] = frame["at"] + length
    within = frame["reached_at"] < frame["decided_at"]
    outcome = within if kind == "conversion" else ~within
    return _decided(frame.assign(is_open=frame["decided_at"] > history.facts.as_of), outcome)


def volumes(position: int | None, touchpoint: str | None, history: JourneyHistory) -> pd.DataFrame:
    """Events of a touchpoint; or instances, on the day they entered the stage or began."""
    events = history.events
    if touchpoint is not None:
        frame = events.loc[events["touchpoint"] == touchpoint, ["instance", "occurred_at"]]
        frame = frame.rename(columns={"occurred_at": "at"})
    else:
        here = events if position is None else events[events["stage"] == position]
        frame = here.groupby("instance")["occurred_at"].min().rename("at").reset_index()
    return frame.assign(outcome=1.0, is_open=False, decided_at=frame["at"])


def _occurrences(entry: dict[str, Any], history: JourneyHistory) -> Frames:
    least = entry.get("at_least", 2 if entry["kpi"] == "repeat_contact" else 1)
    frame = _instances(history)
    times = _times(history, [entry["touchpoint"]]).reindex(frame["instance"]).to_numpy()
    return {entry["kpi"]: _decided(frame, pd.Series(times >= least, index=frame.index))}


def _first_contact(entry: dict[str, Any], history: JourneyHistory) -> Frames:
    frame = _instances(history)
    contacts = [entry["touchpoint"]] if "touchpoint" in entry else history.staffed
    times = of(frame["instance"], _times(history, contacts))
    frame = _decided(frame, (times == 1) & frame["is_completed"])
    return {"first_contact": frame[times >= 1]}


def _self_service(entry: dict[str, Any], history: JourneyHistory) -> Frames:
    frame = _instances(history)
    times = of(frame["instance"], _times(history, history.staffed))
    return {"self_service": _decided(frame, times == 0)[frame["is_completed"] | frame["is_open"]]}


def _peak_end(entry: dict[str, Any], history: JourneyHistory) -> Frames:
    after = span(entry.get("window", "7d"))
    frame = _instances(history)
    frame["decided_at"] += after
    frame["is_open"] = frame["decided_at"] > history.facts.as_of
    scores = of(frame["instance"], peak_and_end(history, after)["peak_end"])
    covered = _decided(frame, scores.notna())
    scored = frame.assign(outcome=scores.where(~frame["is_open"]))
    return {"peak_end": scored[scores.notna()], "coverage": covered}


def peak_and_end(history: JourneyHistory, after: pd.Timedelta) -> pd.DataFrame:
    """By instance with any scored answer: (peak|end)_(touchpoint|score), peak_end, count_scored."""
    answers = history.facts.answers
    known = answers["score"].notna() & answers["scale_min"].notna() & answers["scale_max"].notna()
    rows = answers[known & history.asks(answers)].copy()
    rows["instance"] = history.instance_of(rows, "responded_at")
    rows = rows[rows["instance"].notna()]
    rows = rows[rows["responded_at"] < of(rows["instance"], history.instances["decided_at"]) + after]
    rows["scaled"] = (rows["score"] - rows["scale_min"]) / (rows["scale_max"] - rows["scale_min"])
    rows.loc[_is_turned(rows, history), "scaled"] = 1 - rows["scaled"]
    rows["far"] = (rows["scaled"] - 0.5).abs().round(12)
    by_time = rows.sort_values(["instance", "responded_at", "response_id"])
    ends = by_time.groupby("instance").tail(1).set_index("instance")
    last = rows[rows["responded_at"] == rows.groupby("instance")["responded_at"].transform("max")]
    end_scores = last.groupby("instance")["scaled"].mean()
    order = ["instance", "far", "scaled", "responded_at", "response_id"]
    peaks = rows.sort_values(order, ascending=[True, True, False, True, True]).groupby("instance").tail(1)
    peaks = peaks.set_index("instance")
    return pd.DataFrame(
        {
            "peak_touchpoint": peaks["touchpoint"],
            "peak_score": peaks["scaled"],
            "end_touchpoint": ends["touchpoint"],
            "end_score": end_scores,
            "peak_end": (peaks["scaled"] + end_scores) / 2,
            "count_scored": rows.groupby("instance").size(),
        }
    )


def _is_turned(rows: pd.DataFrame, history: JourneyHistory) -> pd.Series:
    """Whether a KPI of the map declares that low scores of this question are good."""
    document = history.document
    entries = [entry for part in [*document["stages"], document] for entry in part.get("kpis", [])]
    turned = pd.Series(False, index=rows.index)
    for entry in entries:
        if entry.get("polarity") == "low_is_easy":
            low, high = entry.get("scale", SCALES["ces"])
            same = (rows["survey"] == entry["survey"]) & (rows["scale_min"] == low) & (rows["scale_max"] == high)
            turned |= same & (rows["question"] == entry["question"] if "question" in entry else True)
    return turned


def _instance_starts(history: JourneyHistory) -> pd.DataFrame:
    frame = history.instances[["started_at"]].reset_index()
    return frame.rename(columns={"started_at": "at"})


def _instances(history: JourneyHistory) -> pd.DataFrame:
    columns = ["started_at", "decided_at", "is_open", "is_completed"]
    return history.instances[columns].reset_index().rename(columns={"started_at": "at"})


def _times(history: JourneyHistory, touchpoints: list[str]) -> pd.Series:
    """By instance: number of events of these touchpoints until it was decided, its last event included."""
    events, instances = history.events, history.instances
    mine = events[events["touchpoint"].isin(touchpoints)]
    until = of(mine["instance"], instances["decided_at"])
    completed = of(mine["instance"], instances["is_completed"]).astype(bool)
    mine = mine[(mine["occurred_at"] < until) | (completed & (mine["occurred_at"] == until))]
    return mine.groupby("instance").size().reindex(instances.index, fill_value=0)


def _decided(frame: pd.DataFrame, outcome: pd.Series) -> pd.DataFrame:
    return frame.assign(outcome=np.where(frame["is_open"], np.nan, outcome.astype(float)))


INSTANCE_KINDS: dict[str, Callable[[dict[str, Any], JourneyHistory], Frames]] = {
    "occurrence": _occurrences,
    "repeat_contact": _occurrences,
    "first_contact": _first_contact,
    "self_service": _self_service,
    "peak_end": _peak_end,
}
