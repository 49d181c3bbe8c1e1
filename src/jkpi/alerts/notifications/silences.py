"""Why an announcement is held back: it was silenced, or the calendar mutes it. Pure; the state of an alert goes on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from jkpi.config.receivers import Mute

Held = Literal["silenced", "muted", "capped"]


@dataclass(frozen=True)
class Silence:
    """`scope`: an alert, a series, or the beginning of one: `JOURNEY`, `JOURNEY/MOMENT`, `source/NAME`."""

    silence_id: int
    scope: str
    until: datetime
    reason: str
    who: str


def covers(scope: str, series_id: str, alert_id: str | None = None) -> bool:
    """Whether a scope holds a series, or is that alert."""
    return scope in (series_id, alert_id) or series_id.startswith(f"{scope}/")


def hushed(
    series_id: str,
    alert_id: str | None,
    now: datetime,
    zone: str,
    silences: Iterable[Silence],
    mutes: Iterable[Mute],
) -> Held | None:
    """Why nothing is said of a series now; None where it may be. Days of mutes are cut in `zone`."""
    if any(covers(one.scope, series_id, alert_id) and now < one.until for one in silences):
        return "silenced"
    today = now.astimezone(ZoneInfo(zone)).date()
    for mute in mutes:
        concerns = not mute.only or any(covers(scope, series_id) for scope in mute.only)
        if concerns and mute.first <= today <= mute.last:
            return "muted"
    return None
