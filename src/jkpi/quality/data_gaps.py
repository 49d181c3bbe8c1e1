"""Detect the data gaps of one source from its volumes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from jkpi.quality.report import DataGap
from jkpi.quality.volume import (
    ENDED_AFTER,
    MIN_USUAL_ROWS,
    DayVolume,
    VolumeGap,
    evaluate_days,
    find_volume_gaps,
    is_silent,
    longest_pause,
    recurring_holidays,
)
from jkpi.warehouse.base import as_naive_utc


@dataclass(frozen=True)
class RefusedBatch:
    """A refused batch that no later batch of the same origin replaced. Times are naive UTC.

    last_before: the last event of the source when the batch was refused; None if it had none.
    first_after: the first event loaded after that; None if there is none.
    """

    origin: str
    reason: str
    last_before: datetime | None
    first_after: datetime | None = None


@dataclass(frozen=True)
class SourceVolumes:
    """What one source has landed. Days are local in `zone`, times naive UTC; nothing is later than now.

    counts, utc_counts: rows by local day, and by UTC day. Many systems write one file per UTC day; a lost file is then
        half of two local days.
    partial_day_counts, utc_partial_day_counts: rows of each day up to the horizon's time of day. The horizon is now
        minus the allowed lateness.
    in_waves: it brings survey waves, so days without rows between them are no gap.
    read, rejected: events over all batches. holidays: days that the workspace names as holidays, and on
        which a calendar of it is closed.
    """

    source: str
    counts: Mapping[date, int] = field(default_factory=dict)
    utc_counts: Mapping[date, int] = field(default_factory=dict)
    partial_day_counts: Mapping[date, int] = field(default_factory=dict)
    utc_partial_day_counts: Mapping[date, int] = field(default_factory=dict)
    last_at: datetime | None = None
    zone: str = "UTC"
    allowed_lateness: timedelta = timedelta(0)
    refused: tuple[RefusedBatch, ...] = ()
    read: int = 0
    rejected: int = 0
    holidays: frozenset[date] = frozenset()
    in_waves: bool = False

    @property
    def reject_proportion(self) -> float | None:
        return self.rejected / self.read if self.read else None


@dataclass(frozen=True)
class SourceGaps:
    """The data gaps of one source. days_silent: 0 while it brings rows. holidays: nearly empty days that its earlier
    years show as holidays."""

    source: str
    days: tuple[DayVolume, ...] = ()
    data_gaps: tuple[DataGap, ...] = ()
    days_silent: int = 0
    has_ended: bool = False
    holidays: frozenset[date] = frozenset()


def detect_gaps(volumes: SourceVolumes, now: datetime) -> SourceGaps:
    """The data gaps as of `now` (naive UTC).

    A day is evaluated once it is over and the allowed lateness has passed. The day of the horizon is evaluated by its
    rows up to the horizon's time of day, because cases decided in it already count as known.
    """
    days: list[DayVolume] = []
    gaps: list[DataGap] = []
    silent_since: datetime | None = None
    if not volumes.in_waves:
        days, gaps, silent_since = _gaps_by_day(
            volumes, volumes.counts, volumes.partial_day_counts, ZoneInfo(volumes.zone), now
        )
    recurring = recurring_holidays(days)
    if volumes.utc_counts and not volumes.in_waves:
        # A holiday is one of the local calendar: a few rows of the evening before can be in the same UTC day, or not.
        volumes = replace(volumes, holidays=volumes.holidays | recurring)
        utc = ZoneInfo("UTC")
        utc_days, utc_gaps, utc_silent_since = _gaps_by_day(
            volumes, volumes.utc_counts, volumes.utc_partial_day_counts, utc, now
        )
        days = _merge_days(days, utc_days)
        gaps += [candidate for candidate in utc_gaps if not any(_overlap(candidate, existing) for existing in gaps)]
        silent_since = silent_since or utc_silent_since
    last_at = volumes.last_at
    if (
        silent_since is None
        and not volumes.in_waves
        and last_at is not None
        and is_silent(list(volumes.counts), last_at, now, volumes.allowed_lateness)
    ):
        silent_since = last_at
        pause = longest_pause(list(volumes.counts)) or timedelta(0)
        gaps.append(_silence_gap(volumes.source, last_at, now, f"its longest pause before was {_days_text(pause)}"))
    refused = [gap for candidate in volumes.refused if (gap := _refused_gap(volumes.source, candidate, now))]
    # A source whose file was refused is not silent.
    gaps = [*refused, *(gap for gap in gaps if not any(_covers(candidate, gap) for candidate in refused))]
    silence = now - silent_since if silent_since is not None else timedelta(0)
    return SourceGaps(
        source=volumes.source,
        days=tuple(days),
        data_gaps=tuple(sorted(gaps, key=lambda gap: (gap.starts_at, gap.ends_at))),
        days_silent=-(-silence // timedelta(days=1)),
        has_ended=silence > ENDED_AFTER,
        holidays=recurring,
    )


def _gaps_by_day(
    volumes: SourceVolumes,
    counts: Mapping[date, int],
    partial_day_counts: Mapping[date, int],
    zone: ZoneInfo,
    now: datetime,
) -> tuple[list[DayVolume], list[DataGap], datetime | None]:
    """Evaluate each day of a zone. Returns days, data gaps, and since when the source is silent (None: it is not)."""
    horizon = (now - volumes.allowed_lateness).replace(tzinfo=UTC).astimezone(zone)
    until = horizon.date()
    days = evaluate_days(counts, until, volumes.holidays)
    last_day = max(counts, default=None)
    gaps: list[DataGap] = []
    silent_since: datetime | None = None
    for gap in find_volume_gaps(days):
        starts_at = _midnight(gap.first, zone)
        if last_day is not None and last_day <= gap.last:
            silent_since = starts_at
            gaps.append(_silence_gap(volumes.source, starts_at, now, f"usually {_usual_rows_text(gap)} a day"))
        else:
            ends_at = _midnight(gap.last + timedelta(days=1), zone)
            gaps.append(DataGap(volumes.source, starts_at, ends_at, _low_volume_text(gap)))
    if silent_since is None and (reason := _partial_day_reason(volumes, partial_day_counts, horizon)) is not None:
        gaps.append(DataGap(volumes.source, _midnight(until, zone), now, reason))
    return days, gaps, silent_since


def _partial_day_reason(
    volumes: SourceVolumes, partial_day_counts: Mapping[date, int], horizon: datetime
) -> str | None:
    """Why the day of the horizon is a data gap although it is not over; None if it is not.

    A source without `allowed_lateness` must have newer rows, because its newest file may end at midnight.
    """
    has_gone_on = volumes.last_at is not None and volumes.last_at > as_naive_utc(horizon)
    if not partial_day_counts or not (has_gone_on or volumes.allowed_lateness):
        return None
    *_, day = evaluate_days(partial_day_counts, horizon.date() + timedelta(days=1), volumes.holidays)
    if not day.is_gap or day.usual is None:
        return None
    return f"{_row_count_text(day.rows)} on {day.day} until {horizon:%H:%M}, usually {day.usual:,.0f} by then"


def _merge_days(days: Sequence[DayVolume], utc_days: Sequence[DayVolume]) -> list[DayVolume]:
    """The local days; a day that is a gap only by UTC is replaced by the UTC day."""
    utc_gap_days = {utc_day.day: utc_day for utc_day in utc_days if utc_day.is_gap}
    return [day if day.is_gap else utc_gap_days.get(day.day, day) for day in days]


def _overlap(first: DataGap, second: DataGap) -> bool:
    return first.starts_at < second.ends_at and second.starts_at < first.ends_at


def _covers(outer: DataGap, inner: DataGap) -> bool:
    return outer.starts_at <= inner.starts_at and inner.ends_at <= outer.ends_at


def _silence_gap(source: str, starts_at: datetime, now: datetime, evidence: str) -> DataGap:
    """The gap of a silent source: until now, or until ENDED_AFTER has passed, because an ended source sends no more."""
    if now - starts_at > ENDED_AFTER:
        reason = f"ended: no rows since {starts_at:%Y-%m-%d}, {evidence}"
        return DataGap(source, starts_at, starts_at + ENDED_AFTER, reason)
    return DataGap(source, starts_at, now, f"gone silent: no rows since {starts_at:%Y-%m-%d}, {evidence}")


def _refused_gap(source: str, batch: RefusedBatch, now: datetime) -> DataGap | None:
    """The gap of a refused batch: from the last event before it until newer events arrived; None if that is no time."""
    ends_at = batch.first_after or now
    if batch.last_before is None or batch.last_before >= ends_at:
        return None
    return DataGap(source, batch.last_before, ends_at, f"refused: {batch.origin}: {batch.reason}")


def _low_volume_text(gap: VolumeGap) -> str:
    when = f"on {gap.first}" if gap.first == gap.last else f"from {gap.first} to {gap.last}"
    return f"{_row_count_text(gap.rows)} {when}, usually {_usual_rows_text(gap)} a day"


def _row_count_text(number: int) -> str:
    return "no rows" if number == 0 else "1 row" if number == 1 else f"{number:,} rows"


def _usual_rows_text(gap: VolumeGap) -> str:
    return f"{max(gap.usual, MIN_USUAL_ROWS):,.0f}"


def _days_text(pause: timedelta) -> str:
    return "1 day" if pause.days == 1 else f"{pause.days} days"


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return as_naive_utc(datetime.combine(day, time(), zone))
