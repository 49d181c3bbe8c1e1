"""Members of duration KPIs: spells and stage visits, in clock time or business hours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.recount.facts import span
from tests.recount.hours import BusinessClock
from tests.recount.instances import JourneyHistory


def resolve_members(
    entry: dict[str, Any], history: JourneyHistory, clock: BusinessClock | None
) -> dict[str, pd.DataFrame]:
    """Members of time_to_resolve: spells from one touchpoint to another. Without a tolerance no share_within."""
    frame = history.spells(entry["from"], entry["to"])
    return _durations(frame, history, clock, span(entry["tolerance"]) if "tolerance" in entry else None)


def stay_members(
    entry: dict[str, Any], position: int | None, history: JourneyHistory, clock: BusinessClock | None
) -> dict[str, pd.DataFrame]:
    """Members of time_in_stage. Without a tolerance there is no share_within."""
    visits = history.visits
    frame = visits.loc[visits["stage"] == position, ["instance", "entered_at", "exited_at"]]
    frame = frame.rename(columns={"entered_at": "at", "exited_at": "closed_at"})
    tolerance = span(entry["tolerance"]) if "tolerance" in entry else None
    return _durations(frame, history, clock, tolerance)


def _durations(
    frame: pd.DataFrame, history: JourneyHistory, clock: BusinessClock | None, tolerance: pd.Timedelta | None
) -> dict[str, pd.DataFrame]:
    quantiles = _quantiles(frame, history, clock)
    if tolerance is None:
        return quantiles
    late_at = frame["at"] + tolerance
    if clock is not None:
        late_at = clock.late_at(frame["at"], tolerance.total_seconds())
    return {"share_within": _by_the_time(frame, late_at, history), **quantiles}


def _by_the_time(frame: pd.DataFrame, late_at: pd.Series, history: JourneyHistory) -> pd.DataFrame:
    """Members of share_within. late_at: the last time that is still within the tolerance."""
    closed = frame["closed_at"].notna()
    is_open = ~closed & (late_at >= history.facts.as_of)
    within = (frame["closed_at"] <= late_at).astype(float)
    decided_at = pd.concat([frame["closed_at"], late_at], axis=1).min(axis=1)
    return frame.assign(outcome=np.where(is_open, np.nan, within), is_open=is_open, decided_at=decided_at)


def _quantiles(frame: pd.DataFrame, history: JourneyHistory, clock: BusinessClock | None) -> dict[str, pd.DataFrame]:
    """Members of median and p90. Open spells are censored now, or at the end of the journey's window."""
    closed = frame["closed_at"].notna()
    over_at = frame["at"] + history.window
    until = frame["closed_at"].fillna(over_at.clip(upper=history.facts.as_of))  # type: ignore[call-overload]
    if clock is None:
        duration = (until - frame["at"]).dt.total_seconds()
    else:
        duration = clock.read(until) - clock.read(frame["at"])
    found = frame.assign(
        duration=duration,
        closed=closed,
        is_open=~closed & (over_at > history.facts.as_of),
        decided_at=frame["closed_at"].fillna(over_at),
        outcome=np.nan,
    )
    return {"median": found, "p90": found}
