"""Where one source leaves us blind, and since when. Pure: facts in, verdict out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from jkpi.quality.report import BlindSpot, naive
from jkpi.quality.volume import (
    ENDED_AFTER,
    USUAL_AT_LEAST,
    DayVolume,
    Gap,
    gaps,
    is_silent,
    judge_days,
    longest_pause,
)


@dataclass(frozen=True)
class Refused:
    """A batch that was refused and that no later batch of the same origin made good. Times are naive UTC.

    before: the last event of the source when it was refused, None where it had none.
    after: the first event that arrived later than that, None where none has.
    """

    origin: str
    reason: str
    before: datetime | None
    after: datetime | None = None


@dataclass(frozen=True)
class SourceFacts:
    """What has landed of one source. Days are local in `zone`, times naive UTC; nothing is later than now.

    utc_counts: by days of UTC, as many systems cut their files: one that is lost is half of two local days.
    so_far, utc_so_far: the same of each day up to the time of day that it is at the horizon, now less `late`.
    read and rejected count events over all batches; late is the source's late-data allowance; on holidays a calendar of
    the workspace is closed.
    """

    source: str
    counts: Mapping[date, int] = field(default_factory=dict)
    utc_counts: Mapping[date, int] = field(default_factory=dict)
    so_far: Mapping[date, int] = field(default_factory=dict)
    utc_so_far: Mapping[date, int] = field(default_factory=dict)
    last_at: datetime | None = None
    zone: str = "UTC"
    late: timedelta = timedelta(0)
    refused: tuple[Refused, ...] = ()
    read: int = 0
    rejected: int = 0
    holidays: frozenset[date] = frozenset()

    @property
    def reject_share(self) -> float | None:
        return self.rejected / self.read if self.read else None


@dataclass(frozen=True)
class SourceVerdict:
    """What the volume of one source says. `days_silent` is 0 while it speaks."""

    source: str
    days: tuple[DayVolume, ...] = ()
    blind_spots: tuple[BlindSpot, ...] = ()
    days_silent: int = 0
    has_ended: bool = False


def judge_source(facts: SourceFacts, now: datetime) -> SourceVerdict:
    """The verdict at `now` (naive UTC). A day is judged once it is over and late rows had their time to come, and the
    one that is not over then by its rows so far: what is decided in it counts as known already."""
    days, spots, silent_since = _by_days(facts, facts.counts, facts.so_far, ZoneInfo(facts.zone), now)
    if facts.utc_counts:
        utc = ZoneInfo("UTC")
        utc_days, utc_spots, utc_silent_since = _by_days(facts, facts.utc_counts, facts.utc_so_far, utc, now)
        days = _worse(days, utc_days)
        spots += [one for one in utc_spots if not any(_overlap(one, other) for other in spots)]
        silent_since = silent_since or utc_silent_since
    last_at = facts.last_at
    if silent_since is None and last_at is not None and is_silent(list(facts.counts), last_at, now, facts.late):
        silent_since = last_at
        pause = longest_pause(list(facts.counts)) or timedelta(0)
        spots.append(_silence(facts.source, last_at, now, f"its longest pause before was {_days(pause)}"))
    refused = [spot for one in facts.refused if (spot := _refused(facts.source, one, now))]
    # A source whose file was refused is not silent: what it brought could not be read.
    spots = [*refused, *(spot for spot in spots if not any(_covers(one, spot) for one in refused))]
    silence = now - silent_since if silent_since is not None else timedelta(0)
    return SourceVerdict(
        source=facts.source,
        days=tuple(days),
        blind_spots=tuple(sorted(spots, key=lambda spot: (spot.starts_at, spot.ends_at))),
        days_silent=-(-silence // timedelta(days=1)),
        has_ended=silence > ENDED_AFTER,
    )


def _by_days(
    facts: SourceFacts, counts: Mapping[date, int], so_far: Mapping[date, int], zone: ZoneInfo, now: datetime
) -> tuple[list[DayVolume], list[BlindSpot], datetime | None]:
    """Each day of a zone judged, where we are blind by that, and since when the source has been silent."""
    horizon = (now - facts.late).replace(tzinfo=UTC).astimezone(zone)
    until = horizon.date()
    days = judge_days(counts, until, facts.holidays)
    last_day = max(counts, default=None)
    spots: list[BlindSpot] = []
    silent_since: datetime | None = None
    for gap in gaps(days):
        starts_at = _midnight(gap.first, zone)
        if last_day is not None and last_day <= gap.last:
            silent_since = starts_at
            spots.append(_silence(facts.source, starts_at, now, f"usually {_usual(gap)} a day"))
        else:
            ends_at = _midnight(gap.last + timedelta(days=1), zone)
            spots.append(BlindSpot(facts.source, starts_at, ends_at, _thin(gap)))
    if silent_since is None and (begun := _begun(facts, so_far, horizon)) is not None:
        spots.append(BlindSpot(facts.source, _midnight(until, zone), now, begun))
    return days, spots, silent_since


def _begun(facts: SourceFacts, so_far: Mapping[date, int], horizon: datetime) -> str | None:
    """Why we are blind on the day of the horizon, though it is not over; None where we are not.

    Of a source that names no `late_by` only a hole is seen, with rows after it: its newest file may end at midnight.
    """
    has_gone_on = facts.last_at is not None and facts.last_at > naive(horizon)
    if not so_far or not (has_gone_on or facts.late):
        return None
    *_, day = judge_days(so_far, horizon.date() + timedelta(days=1), facts.holidays)
    if not day.blind or day.usual is None:
        return None
    return f"{_rows(day.rows)} on {day.day} until {horizon:%H:%M}, usually {day.usual:,.0f} by then"


def _worse(days: Sequence[DayVolume], others: Sequence[DayVolume]) -> list[DayVolume]:
    """The days, those by UTC in their place where only they are blind."""
    blind = {other.day: other for other in others if other.blind}
    return [day if day.blind else blind.get(day.day, day) for day in days]


def _overlap(one: BlindSpot, other: BlindSpot) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def _covers(one: BlindSpot, other: BlindSpot) -> bool:
    return one.starts_at <= other.starts_at and other.ends_at <= one.ends_at


def _silence(source: str, starts_at: datetime, now: datetime, usually: str) -> BlindSpot:
    """Blind until now; from a source that has ended nobody expects more, so its blindness ends with that."""
    if now - starts_at > ENDED_AFTER:
        reason = f"ended: no rows since {starts_at:%Y-%m-%d}, {usually}"
        return BlindSpot(source, starts_at, starts_at + ENDED_AFTER, reason)
    return BlindSpot(source, starts_at, now, f"gone silent: no rows since {starts_at:%Y-%m-%d}, {usually}")


def _refused(source: str, one: Refused, now: datetime) -> BlindSpot | None:
    """Blind from the last event known when it was refused until newer ones arrived; None where that is no time."""
    ends_at = one.after or now
    if one.before is None or one.before >= ends_at:
        return None
    return BlindSpot(source, one.before, ends_at, f"refused: {one.origin}: {one.reason}")


def _thin(gap: Gap) -> str:
    when = f"on {gap.first}" if gap.first == gap.last else f"from {gap.first} to {gap.last}"
    return f"{_rows(gap.rows)} {when}, usually {_usual(gap)} a day"


def _rows(number: int) -> str:
    return "no rows" if number == 0 else "1 row" if number == 1 else f"{number:,} rows"


def _usual(gap: Gap) -> str:
    return f"{max(gap.usual, USUAL_AT_LEAST):,.0f}"


def _days(pause: timedelta) -> str:
    return "1 day" if pause.days == 1 else f"{pause.days} days"


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return naive(datetime.combine(day, time(), zone))
