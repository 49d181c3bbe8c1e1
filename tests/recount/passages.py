"""From events to passages: who started when, went where, and which segment they belong to.

A case is a passage. The examples know no other kind: each of their rows has a case, no case falls silent for as long as
`idle`, none lasts as long as `window`; `assert_plain` says so where it would no longer hold.
"""

from __future__ import annotations

import pandas as pd
from facts import Facts, span


def assert_plain(facts: Facts) -> None:
    """These definitions leave nothing to choose only while this holds."""
    times = facts.events.groupby("case_id")["occurred_at"]
    assert facts.events["case_id"].notna().all()
    assert not facts.events.duplicated(["case_id", "occurred_at"]).any(), "an order would have to be chosen"
    assert times.diff().max() < span(facts.journey["scope"]["idle"]), "a case falls into two passages"
    assert (times.max() - times.min()).max() < facts.window, "an event lies outside its passage"


def passages(facts: Facts) -> pd.DataFrame:
    """One row a case: started_at, ended_at (NaT while open), decided_at, is_open, and a column for each segment."""
    scope = facts.journey["scope"]
    events = facts.events
    ends = events[events["touchpoint"].isin(scope["ends_with"])]
    frame = pd.DataFrame({"started_at": events.groupby("case_id")["occurred_at"].min()})
    frame["ended_at"] = ends.groupby("case_id")["occurred_at"].min()
    frame["decided_at"] = frame["ended_at"].fillna(frame["started_at"] + facts.window)
    frame["is_open"] = frame["decided_at"] > facts.as_of
    for segment in facts.segments:
        values = events["segments"].map(lambda document, name=segment: document.get(name))
        frame[segment] = values.groupby(events["case_id"]).first()
    return frame.fillna(dict.fromkeys(facts.segments, "(none)"))


def passage_of(facts: Facts, answers: pd.DataFrame) -> pd.Series:
    """The case of each answer: the one it names, else the one its customer had begun last."""
    begun = facts.events.groupby("case_id").agg(customer_id=("customer_id", "first"), at=("occurred_at", "min"))
    nameless = answers[answers["case_id"].isna()].drop(columns="case_id").rename_axis("row").reset_index()
    found = pd.merge_asof(
        nameless[["row", "customer_id", "responded_at"]].sort_values("responded_at"),
        begun.reset_index().sort_values("at"),
        left_on="responded_at",
        right_on="at",
        by="customer_id",
    )
    return answers["case_id"].fillna(found.set_index("row")["case_id"])


def visits(facts: Facts) -> pd.DataFrame:
    """One row a visit of a stage, an unbroken run of its touchpoints: entered_at, left_at, moved_on_at (or NaT)."""
    events = facts.events
    same_case = events["case_id"] == events["case_id"].shift()
    enters = ~same_case | (events["position"] != events["position"].shift())
    frame = events.loc[enters, ["case_id", "position", "occurred_at"]].reset_index(drop=True)
    frame = frame.rename(columns={"occurred_at": "entered_at"})
    frame["left_at"] = frame.groupby("case_id")["entered_at"].shift(-1)
    frame["moved_on_at"] = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[us]")
    for position in frame["position"].unique():
        later = frame.loc[frame["position"] > position, ["case_id", "entered_at"]].sort_values("entered_at")
        here = frame[frame["position"] == position].sort_values("entered_at").rename_axis("row").reset_index()
        found = pd.merge_asof(
            here[["row", "case_id", "entered_at"]],
            later.assign(moved_on_at=later["entered_at"]),
            on="entered_at",
            by="case_id",
            direction="forward",
            allow_exact_matches=False,
        )
        frame.loc[found["row"], "moved_on_at"] = found["moved_on_at"].to_numpy()
    return frame


def spells(facts: Facts, start: str, stop: str) -> pd.DataFrame:
    """One row a spell: at, closed_at (NaT while open), due_at.

    `start` sets the clock, the next `stop` halts it. Asking again while it runs does not set it back; a `start` after
    the `stop` is a spell of its own.
    """
    mine = facts.events[facts.events["touchpoint"].isin([start, stop])]
    begins = mine["touchpoint"] == start
    running = begins.groupby(mine["case_id"]).shift(fill_value=False)
    run = (begins & ~running).groupby(mine["case_id"]).cumsum()
    frame = mine[begins & ~running].assign(run=run)
    stops = mine[~begins & running].assign(run=run)
    frame = frame[["case_id", "run", "occurred_at", "due_at"]].rename(columns={"occurred_at": "at"})
    stops = stops[["case_id", "run", "occurred_at"]].rename(columns={"occurred_at": "closed_at"})
    frame = frame.merge(stops, on=["case_id", "run"], how="left")
    promised = facts.events.dropna(subset=["due_at"]).groupby("case_id")["due_at"].first()
    others = pd.Series(promised.reindex(frame["case_id"]).to_numpy(), index=frame.index)
    return frame.assign(due_at=frame["due_at"].fillna(others))
