"""Which drop of volume is reported, and which are only named in its message."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from jkpi.alerts.map_health.volume_inhibition import VolumeFinding, with_causes
from jkpi.alerts.series.volume_series import VolumeSeries, VolumeSubject
from jkpi.alerts.statistics.volume_cusum import VolumeDrop, VolumeSample

ONSET = date(2026, 5, 1)


def series(subject: VolumeSubject, name: str, **fields: Any) -> VolumeSeries:
    return VolumeSeries(subject, name, name, name, "owner", "" if subject == "source" else "buy", **fields)


WEB = series("source", "web")
VISIT = series("touchpoint", "visit", sources=frozenset({"web"}), position=0)
ORDER = series("touchpoint", "order", sources=frozenset({"web"}), position=1)
PARCEL = series("touchpoint", "parcel", sources=frozenset({"post"}), position=2)
LIKED = series("moment", "liked", sources=frozenset({"web"}), touchpoints=frozenset({"order"}))


def low(of: VolumeSeries, remaining: float, baseline: float = 100.0, begins: int = 0, lasts: int = 8) -> VolumeFinding:
    """This series has dropped: its onset in days after ONSET, and days since then."""
    onset = ONSET + timedelta(days=begins)
    last = onset + timedelta(days=lasts - 1)
    sample = VolumeSample(onset, last, lasts, remaining * baseline * lasts, baseline * lasts, baseline * lasts)
    return VolumeFinding(of, VolumeDrop(onset, onset + timedelta(days=3), sample))


@pytest.mark.parametrize(
    ("findings", "reported"),
    [
        ([low(WEB, 0.5, 300), low(VISIT, 0.5), low(ORDER, 0.5), low(LIKED, 0.5)], {"web"}),
        ([low(VISIT, 0.5), low(ORDER, 0.5), low(PARCEL, 0.5)], {"visit"}),
        ([low(ORDER, 0.5), low(LIKED, 0.5)], {"order"}),
        ([low(VISIT, 0.5), low(ORDER, 0.1)], {"visit", "order"}),
        ([low(VISIT, 0.5), low(ORDER, 0.5, begins=30)], {"visit", "order"}),
        ([low(ORDER, 0.5, begins=0), low(VISIT, 0.5, begins=30)], {"visit", "order"}),
        ([low(WEB, 0.7, 130), low(ORDER, 0.0, 40)], {"order"}),
        ([low(WEB, 0.5, 300), low(PARCEL, 0.5)], {"web", "parcel"}),
        ([low(LIKED, 0.5)], {"liked"}),
    ],
    ids=[
        "a source and all it feeds",
        "later touchpoints",
        "the cases of a moment",
        "a later one that lost more",
        "another month",
        "a later one that began first",
        "one touchpoint carries the loss of its source",
        "a touchpoint of another source",
        "a moment alone",
    ],
)
def test_one_cause_is_one_message(findings: list[VolumeFinding], reported: set[str]) -> None:
    found = with_causes(findings)
    assert {finding.series.name for finding in found if finding.cause is None} == reported


def test_a_cause_that_is_over_still_explains_what_matures_later() -> None:
    over = low(ORDER, 0.5)
    closed = VolumeDrop(over.drop.onset, over.drop.fired_on, over.drop.sample, ONSET + timedelta(days=9), "back")
    found = with_causes([VolumeFinding(ORDER, closed), low(LIKED, 0.5, lasts=30)])
    assert {finding.series.name: finding.cause for finding in found} == {"order": None, "liked": ORDER}


@pytest.mark.parametrize(("lasts", "source_remaining", "waits"), [(5, 0.5, True), (5, 0.95, False), (20, 0.5, False)])
def test_a_touchpoint_waits_for_a_source_that_is_as_low(lasts: int, source_remaining: float, waits: bool) -> None:
    (found,) = with_causes([low(VISIT, 0.5, lasts=lasts)], [WEB, VISIT], lambda one, day: source_remaining)
    assert found.is_waiting is waits
