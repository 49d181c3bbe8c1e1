"""Why a notification is suppressed: silences and mute intervals."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from jkpi.alerts.notifications.silences import Silence, scope_matches, suppression_reason
from jkpi.config.receivers import MuteInterval
from tests.alerts.builders import NOW


def mute(first: date, last: date, *scope: str) -> MuteInterval:
    return MuteInterval.model_validate({"from": first, "to": last, "reason": "r", "scope": list(scope)})


@pytest.mark.parametrize(
    ("scope", "matches"),
    [("j", True), ("j/m", True), ("j/m/s=v", True), ("a1", True), ("j/m/s=w", False), ("jj", False), ("j/", False)],
)
def test_what_a_scope_covers(scope: str, matches: bool) -> None:
    assert scope_matches(scope, "j/m/s=v", "a1") is matches
    silences = [Silence(1, scope, NOW, "r", "Ada")]
    before = NOW - timedelta(days=1)
    assert (suppression_reason("j/m/s=v", "a1", before, "UTC", silences, ()) == "silenced") is matches
    assert suppression_reason("j/m/s=v", "a1", NOW, "UTC", silences, ()) is None


@pytest.mark.parametrize(("scope", "reason"), [((), "muted"), (("j",), "muted"), (("other", "j/other"), None)])
def test_what_a_mute_interval_covers(scope: tuple[str, ...], reason: str | None) -> None:
    interval = mute(NOW.date(), NOW.date(), *scope)
    assert suppression_reason("j/m", None, NOW, "UTC", (), [interval]) == reason


def test_days_of_mute_intervals_are_days_of_the_journey() -> None:
    interval = mute(date(2026, 5, 2), date(2026, 5, 2))
    late = datetime(2026, 5, 1, 22, tzinfo=UTC)
    assert suppression_reason("j/m", None, late, "Europe/Istanbul", (), [interval]) == "muted"
    assert suppression_reason("j/m", None, late, "UTC", (), [interval]) is None
    assert suppression_reason("j/m", None, late + timedelta(days=1), "Europe/Istanbul", (), [interval]) is None
