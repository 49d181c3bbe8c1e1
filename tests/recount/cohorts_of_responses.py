"""Members of survey KPIs: responses and invitations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.recount.facts import of, span
from tests.recount.instances import JourneyHistory

SCALES = {"csat": (1, 5), "csat_mean": (1, 5), "ces": (1, 7), "nps": (0, 10)}


def answer_cohorts(kind: str, entry: dict[str, Any], history: JourneyHistory) -> dict[str, pd.DataFrame]:
    """Statistic -> responses. outcome: 1 or 0 for a share, the score for a mean."""
    answers = history.facts.answers
    mine = pd.Series(True, index=answers.index)
    for key, column in (("survey", "survey"), ("question", "question"), ("touchpoint", "touchpoint")):
        if key in entry:
            mine &= answers[column] == entry[key]
    if kind == "emotion":
        mine &= (answers["emotion"] == entry["name"]) & history.asks(answers)
        frame = _members(answers[mine], "responded_at", history)
        state = answers["emotion_state"].str.lower()
        known = frame.assign(outcome=state.map({"present": 1.0, "absent": 0.0}).reindex(frame.index))
        unknown = (state == "unknown").reindex(frame.index)
        return {"emotion": known[~unknown], "unknown": frame[unknown].assign(outcome=1.0)}
    low, high = entry.get("scale", SCALES[kind])
    mine &= answers["score"].notna() & (answers["scale_min"] == low) & (answers["scale_max"] == high)
    frame = _members(answers[mine], "responded_at", history)
    score = answers["score"].reindex(frame.index)
    frame["weight"] = answers["weight"].astype(float).fillna(1.0).reindex(frame.index)
    if kind == "csat_mean":
        return {"mean": frame.assign(outcome=score)}
    if kind == "nps":
        groups = {"promoters": score >= 9, "passives": score.between(7, 8), "detractors": score <= 6}
        shares = {name: frame.assign(outcome=in_group.astype(float)) for name, in_group in groups.items()}
        return {"nps": frame.assign(outcome=np.sign(score.ge(9).astype(int) - score.le(6))), **shares}
    if kind == "csat":
        return {"top_box": frame.assign(outcome=(score > high - entry.get("box", 2)).astype(float))}
    points = high - low + 1
    width = entry.get("box", 3 if points >= 7 else 2 if points >= 4 else 1)
    easy = score < low + width if entry["polarity"] == "low_is_easy" else score > high - width
    return {"share_easy": frame.assign(outcome=easy.astype(float)), "mean": frame.assign(outcome=score)}


def response_rates(entry: dict[str, Any], history: JourneyHistory) -> pd.DataFrame:
    """Eligible invitations. Answered: the latest invitation before a response that came within the window."""
    facts, window = history.facts, span(entry["window"])
    invited = facts.invitations[facts.invitations["survey"] == entry["survey"]]
    answers = facts.answers[facts.answers["survey"] == entry["survey"]]
    invited_with_case, with_case = invited["case_id"].notna(), answers["case_id"].notna()
    pairs = [
        _latest(answers[with_case], invited[invited_with_case], "case_id"),
        _latest(
            answers[with_case], invited[~invited_with_case], "customer_id"
        ),  # where both name a case, it has to be the same
        _latest(answers[~with_case], invited, "customer_id"),
    ]
    found = pd.concat([one for one in pairs if len(one)] or pairs[:1])
    found = found.sort_values(["answer", "invited_at", "invitation_id"]).groupby("answer").tail(1)
    answered = found.loc[found["responded_at"] < found["invited_at"] + window, "invitation"]
    eligible = invited[invited["eligible"].map(lambda one: one is None or bool(one)).astype(bool)]
    frame = _members(eligible, "invited_at", history)
    frame["decided_at"] = frame["at"] + window
    frame["is_open"] = frame["decided_at"] > facts.as_of
    outcome = frame.index.isin(answered).astype(float)
    return frame.assign(outcome=np.where(frame["is_open"], np.nan, outcome))


def _latest(answers: pd.DataFrame, invited: pd.DataFrame, by: str) -> pd.DataFrame:
    """The latest invitation before each response with the same `by`: index of both, and their times."""
    left = answers.rename_axis("answer").reset_index()[["answer", by, "responded_at"]].dropna(subset=[by])
    right = invited.rename_axis("invitation").reset_index()[["invitation", "invitation_id", by, "invited_at"]]
    right = right.dropna(subset=[by]).sort_values(["invited_at", "invitation_id"])
    if left.empty or right.empty:
        return pd.DataFrame(columns=["answer", "responded_at", "invitation", "invitation_id", "invited_at"])
    left = left.sort_values("responded_at")
    merged = pd.merge_asof(left, right, by=by, left_on="responded_at", right_on="invited_at")
    return merged.dropna(subset=["invitation"])


def _members(rows: pd.DataFrame, time: str, history: JourneyHistory) -> pd.DataFrame:
    """Instance of each row, and its segment values: its own, else its instance's, else its customer's at that time."""
    frame = pd.DataFrame({"instance": history.instance_of(rows, time), "at": rows[time], "decided_at": rows[time]})
    for column in history.columns:
        values = rows[f"segment {column}"].astype(object)
        values = values.where(values.notna(), of(frame["instance"], history.instances[column]))
        known = history.of_customers(column, rows["customer_id"], rows[time])
        frame[column] = values.where(values.notna(), known)
    return frame.assign(is_open=False, wave=rows["wave"])
