"""Silences and mute intervals, which suppress notifications but change no alert. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from jkpi.config.receivers import MuteInterval

SuppressionReason = Literal["silenced", "muted", "rate_limited"]


@dataclass(frozen=True)
class Silence:
    """A silence. scope: an alert, a series, or a prefix of one: `JOURNEY`, `JOURNEY/MOMENT`, `source/NAME`."""

    silence_id: int
    scope: str
    until: datetime
    reason: str
    created_by: str


def scope_matches(scope: str, series_id: str, alert_id: str | None = None) -> bool:
    """Whether a scope covers a series, or is that alert."""
    return scope in (series_id, alert_id) or series_id.startswith(f"{scope}/")


def suppression_reason(
    series_id: str,
    alert_id: str | None,
    now: datetime,
    timezone: str,
    silences: Iterable[Silence],
    mute_intervals: Iterable[MuteInterval],
) -> SuppressionReason | None:
    """Why notifications about a series are suppressed now; None if they are not.

    timezone: of the journey; the days of mute intervals are days there.
    """
    if any(
        scope_matches(active_silence.scope, series_id, alert_id) and now < active_silence.until
        for active_silence in silences
    ):
        return "silenced"
    today = now.astimezone(ZoneInfo(timezone)).date()
    for interval in mute_intervals:
        applies = not interval.scope or any(scope_matches(scope, series_id) for scope in interval.scope)
        if applies and interval.first <= today <= interval.last:
            return "muted"
    return None
