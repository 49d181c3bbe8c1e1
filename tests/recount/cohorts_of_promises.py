"""Members of promises_kept: promises by the day on which they fall due, and cases by the day of their start."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.recount.facts import TIMES, span
from tests.recount.instances import JourneyHistory

WEEK = pd.Timedelta(days=7)


def promise_members(entry: dict[str, Any], history: JourneyHistory) -> dict[str, pd.DataFrame]:
    """Statistic -> its members. length: how long a promise had been under way when it fell due."""
    frame = history.promises(entry["from"], entry["to"])
    as_of, zone = history.facts.as_of, history.document["timezone"]
    promised = frame[frame["due_at"].notna()].copy()
    length = promised["due_at"] - promised["at"]
    day = promised["due_at"].dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
    over = (day + pd.Timedelta(days=1)).dt.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    over_at = over.dt.tz_convert("UTC").dt.tz_localize(None).astype(TIMES)
    kept = (promised["closed_at"] <= promised["due_at"]).astype(float)
    due = promised.assign(day=day, decided_at=over_at, outcome=kept, is_open=False, length=length)
    early = span(entry["within"]) if "within" in entry else (length // 4).where(length // 4 < WEEK, WEEK)
    by_then = promised["at"] + early
    waits = by_then > as_of
    soon = (promised["closed_at"] <= by_then).astype(float)
    bare = frame[frame["due_at"].isna()]
    given_up = bare["closed_at"].fillna(bare["at"] + history.window)
    return {
        "promises_kept": due[over_at <= as_of],
        "closed_within": promised.assign(decided_at=by_then, is_open=waits, outcome=np.where(waits, np.nan, soon)),
        "without_promise": bare.assign(decided_at=given_up, is_open=False, outcome=1.0),
    }
