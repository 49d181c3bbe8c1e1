"""Contributions: which groups of customers, or which change of their mix, account for a drop. Pure.

Each segment of the map divides the customers, and its groups' effects add up to the whole drop. One segment is chosen
for all that a message says, so that no two statements contradict each other and the shares add up to the drop.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from jkpi.alerts.evidence.daily_readings import BASELINE_FROM, BASELINE_TO, DailyReading
from jkpi.alerts.evidence.decomposition import (
    Decomposition,
    SegmentCounts,
    could_tell,
    decompose,
    drop_significance,
    dropped_more_p_value,
    mix_significance,
    shapley_mix_effects,
)
from jkpi.alerts.series.watched import Series, WatchedMoment, split_segment
from jkpi.alerts.statistics.running_sums import PooledSample
from jkpi.journeys.types import NO_SEGMENT_VALUE, SEGMENT_SEPARATOR

ALPHA = 0.05
"""Chance that any group is named although all groups dropped alike: divided by the number of groups examined
(Bonferroni)."""
MIN_SHARE = 0.2
"""A group, or a changed mix, is named only if it accounts for so much of the drop."""
_MIN_N, _MIN_N_BEFORE = 5.0, 30.0
_COVERED_SHARE = 0.8
"""No group stands out is said only if the groups that could have are so much of the cases."""
_EQUALLY_GOOD = 0.15
"""Segments whose causes account for nearly the same share of the drop: the one with fewer causes is chosen."""
_MIN_SIGNIFICANCE = 2.0
_MAX_NAMED = 3


@dataclass(frozen=True)
class Contribution:
    """One group of customers during a drop. rate, baseline: higher is better. loss_share: share of the drop because
    its rate fell, 0-1."""

    segment: str
    segment_value: str
    rate: float
    baseline: float
    n: float
    loss_share: float


@dataclass(frozen=True)
class MixChange:
    """The group whose share of the cases changed most to the disadvantage of the rate, 0-1."""

    segment: str
    segment_value: str
    weight_before: float
    weight: float


@dataclass(frozen=True)
class DropBreakdown:
    """A drop by the groups of one segment. Shares of the drop add up to 1: those of the contributions, other_share (all
    other groups of the segment, because their rates fell) and mix_share (because the mix of the groups changed).

    segment: None if nothing stands out in any segment; then there are no contributions, and the shares are those of the
    tested segment with the largest mix effect, if any. mix_shares: of a combination, mix_share by segment. mix_change:
    set if the mix is a cause. not_standing_out: segments none of whose groups stands out, although one that dropped
    alone would have. too_small: segments too small to tell.
    """

    segment: str | None
    contributions: tuple[Contribution, ...] = ()
    other_share: float = 0.0
    mix_share: float = 0.0
    mix_shares: tuple[tuple[str, float], ...] = ()
    mix_change: MixChange | None = None
    not_standing_out: tuple[str, ...] = ()
    too_small: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Partition:
    """The groups of one segment, with their decomposition. named: positions of the groups that stand out, the largest
    effect first. smallest_p: of these. is_mix: the mix is a cause. is_tested: a group that dropped alone would have
    stood out. explained: share of the drop by its causes."""

    segment: str
    values: tuple[str, ...]
    groups: tuple[SegmentCounts, ...]
    decomposition: Decomposition
    named: tuple[int, ...]
    smallest_p: float
    is_mix: bool
    is_tested: bool
    explained: float


def break_down(
    readings: Mapping[tuple[str, str], Sequence[DailyReading]], series: Series, drop: PooledSample
) -> DropBreakdown | None:
    """The drop of a series by the segment that explains it best, against the same days of the week in the weeks before.

    A group stands out if its rate fell by more than that of all other cases (one-sided, two samples, ALPHA shared by
    all groups of all segments) and this accounts for at least MIN_SHARE of the drop. A changed mix is a cause if it
    accounts for as much and is more than chance.

    Args:
        readings: (segment, value) -> days, the series itself included.
        drop: Its days, as the message reports them.

    None if no segment divides the series, or if it has not dropped significantly from the weeks before.
    """
    watched = series.watched
    own_key = (series.segment, series.segment_value)
    weights = _day_weights(readings.get(own_key, ()), watched, drop)
    total = _sum_days(readings.get(own_key, ()), watched, drop, weights)
    dispersion = max(drop.scaled_variance / drop.n, 1.0) if drop.n else 1.0
    if drop_significance(total, dispersion) < _MIN_SIGNIFICANCE:
        return None
    by_segment: dict[str, dict[str, SegmentCounts]] = {}
    for (segment, value), days in readings.items():
        if (segment, value) != own_key and series.contains(segment, value):
            by_segment.setdefault(segment, {})[value] = _sum_days(days, watched, drop, weights)
    partitions = _partitions(by_segment, total, dispersion)
    return _breakdown(partitions, total) if partitions else None


def explained_by_values(
    readings: Mapping[tuple[str, str], Sequence[DailyReading]],
    total: Series,
    drop: PooledSample,
    segment: str,
    values: Collection[str],
) -> tuple[float, SegmentCounts] | None:
    """How much of the drop of all customers is because the rates of some values of one segment fell.

    Returns:
        Their share of the drop, 0-1, and the counts of all other customers. None if all customers have not dropped, or
        nothing can be compared.
    """
    days = readings.get((total.segment, total.segment_value), ())
    weights = _day_weights(days, total.watched, drop)
    counts = _sum_days(days, total.watched, drop, weights)
    groups = {
        value: _sum_days(group_days, total.watched, drop, weights)
        for (group_segment, value), group_days in sorted(readings.items())
        if group_segment == segment
    }
    decomposition = decompose(list(groups.values()), counts)
    change = counts.rate_before - counts.rate
    if decomposition is None or change <= 0.0:
        return None
    rest, rate_effect = counts, 0.0
    for (value, group), effects in zip(groups.items(), decomposition.groups, strict=True):
        if value in values:
            rest, rate_effect = rest.without(group), rate_effect + effects.rate_effect
    return -rate_effect / change, rest


def _partitions(
    by_segment: Mapping[str, Mapping[str, SegmentCounts]], total: SegmentCounts, dispersion: float
) -> list[_Partition]:
    from scipy.special import ndtri

    decomposed: list[tuple[str, dict[str, SegmentCounts], Decomposition]] = []
    for segment, all_counts in sorted(by_segment.items()):
        counts_of = {value: counts for value, counts in sorted(all_counts.items()) if counts.n or counts.n_before}
        decomposition = decompose(list(counts_of.values()), total)
        if decomposition is not None and counts_of:
            decomposed.append((segment, counts_of, decomposition))
    examined = {
        (segment, value)
        for segment, counts_of, _ in decomposed
        for value, counts in counts_of.items()
        if _is_examined(value, counts, total.without(counts))
    }
    alpha = ALPHA / max(len(examined), 1)
    critical = float(-ndtri(alpha))
    drop = total.rate_before - total.rate
    partitions = []
    for segment, counts_of, decomposition in decomposed:
        values, groups = tuple(counts_of), tuple(counts_of.values())
        p_values = [
            dropped_more_p_value(group, total.without(group), dispersion) if (segment, value) in examined else 1.0
            for value, group in counts_of.items()
        ]
        shares = [-effects.rate_effect / drop for effects in decomposition.groups]
        named = tuple(
            position
            for position in sorted(range(len(values)), key=lambda position: (-shares[position], values[position]))
            if p_values[position] <= alpha and shares[position] >= MIN_SHARE
        )
        mix_share = -decomposition.mix_effect / drop
        is_mix = mix_share >= MIN_SHARE and mix_significance(groups, total) <= -float(-ndtri(ALPHA / len(decomposed)))
        covered = sum(
            effects.weight
            for value, group, effects in zip(values, groups, decomposition.groups, strict=True)
            if (segment, value) in examined
            and could_tell(group, total.without(group), drop, effects.weight, dispersion, critical)
        )
        partitions.append(
            _Partition(
                segment,
                values,
                groups,
                decomposition,
                named,
                min((p_values[position] for position in named), default=1.0),
                is_mix,
                covered >= _COVERED_SHARE,
                min(sum(shares[position] for position in named) + (mix_share if is_mix else 0.0), 1.0),
            )
        )
    return partitions


def _is_examined(value: str, counts: SegmentCounts, rest: SegmentCounts) -> bool:
    """Whether there are enough cases in and outside of the group. Cases without a segment value are no group."""
    return NO_SEGMENT_VALUE not in value.split(SEGMENT_SEPARATOR) and all(
        side.n >= _MIN_N and side.independent_before >= _MIN_N_BEFORE for side in (counts, rest)
    )


def _breakdown(partitions: Sequence[_Partition], total: SegmentCounts) -> DropBreakdown:
    drop = total.rate_before - total.rate
    not_standing_out = tuple(partition.segment for partition in partitions if partition.is_tested)
    too_small = tuple(partition.segment for partition in partitions if not partition.is_tested)
    causes = [partition for partition in partitions if partition.named or partition.is_mix]
    if not causes:
        tested = [partition for partition in partitions if partition.is_tested]
        largest = max(tested, key=lambda partition: abs(partition.decomposition.mix_effect), default=None)
        mix_share = -largest.decomposition.mix_effect / drop if largest else 0.0
        return DropBreakdown(
            None, (), 1.0 - mix_share, mix_share, not_standing_out=not_standing_out, too_small=too_small
        )
    most = max(partition.explained for partition in causes)
    best = min(
        (partition for partition in causes if partition.explained >= most - _EQUALLY_GOOD),
        key=lambda partition: (len(partition.named), partition.smallest_p, partition.segment),
    )
    contributions = tuple(
        Contribution(
            best.segment,
            best.values[position],
            best.groups[position].rate,
            best.groups[position].rate_before,
            best.groups[position].n,
            -best.decomposition.groups[position].rate_effect / drop,
        )
        for position in best.named[:_MAX_NAMED]
    )
    mix_share = -best.decomposition.mix_effect / drop
    return DropBreakdown(
        best.segment,
        contributions,
        1.0 - mix_share - sum(contribution.loss_share for contribution in contributions),
        mix_share,
        _mix_shares(best, total, drop),
        _mix_change(best) if best.is_mix else None,
    )


def _mix_change(partition: _Partition) -> MixChange | None:
    effects, value = min(
        zip(partition.decomposition.groups, partition.values, strict=True), key=lambda pair: pair[0].mix_effect
    )
    return MixChange(partition.segment, value, effects.weight_before, effects.weight)


def _mix_shares(partition: _Partition, total: SegmentCounts, drop: float) -> tuple[tuple[str, float], ...]:
    """Of a combination: shares of the drop because the mix of each of its segments changed."""
    names = partition.segment.split(SEGMENT_SEPARATOR)
    cells: dict[tuple[str, ...], SegmentCounts] = {}
    for value, counts in zip(partition.values, partition.groups, strict=True):
        values = split_segment(partition.segment, value)
        if len(names) == 1 or values is None:
            return ()
        cells[tuple(values[name] for name in names)] = counts
    effects = shapley_mix_effects(cells, total)
    return () if effects is None else tuple((name, -effect / drop) for name, effect in zip(names, effects, strict=True))


def _is_counted(day: DailyReading) -> bool:
    """Whether the counts of a day are final and possible."""
    return (
        day.status == "final"
        and bool(day.denominator)
        and 0 <= (day.numerator or 0.0) <= (day.denominator or 0.0) < float("inf")
    )


def _is_during(day: DailyReading, drop: PooledSample) -> bool:
    return drop.first_day <= day.period_start <= drop.last_day and day.period_start not in drop.skipped_days


def _is_before(day: DailyReading, drop: PooledSample) -> bool:
    return drop.first_day - BASELINE_FROM <= day.period_start <= drop.first_day - BASELINE_TO


def _day_weights(days: Sequence[DailyReading], watched: WatchedMoment, drop: PooledSample) -> tuple[float, ...]:
    """Weight of the days before by day of the week, so that each counts as often as during the drop. All 1 for weeks
    and waves, or if a day of the week of the drop had no cases before."""
    during, before = [0] * 7, [0] * 7
    for day in days:
        if _is_counted(day):
            during[day.period_start.weekday()] += _is_during(day, drop)
            before[day.period_start.weekday()] += _is_before(day, drop)
    if watched.period != "day" or any(now and not then for now, then in zip(during, before, strict=True)):
        return (1.0,) * 7
    return tuple(now / then if then else 0.0 for now, then in zip(during, before, strict=True))


def _sum_days(
    days: Sequence[DailyReading], watched: WatchedMoment, drop: PooledSample, weights: Sequence[float]
) -> SegmentCounts:
    """Successes and cases of the final days before and during, as a rate where higher is better."""
    successes_before = n_before = squared_before = successes = n = 0.0
    for day in days:
        if not _is_counted(day):
            continue
        numerator, denominator = day.numerator or 0.0, day.denominator or 0.0
        good = denominator - numerator if watched.direction == "lower" else numerator
        if _is_during(day, drop):
            successes, n = successes + good, n + denominator
        elif _is_before(day, drop):
            weight = weights[day.period_start.weekday()]
            successes_before, n_before = successes_before + weight * good, n_before + weight * denominator
            squared_before += weight**2 * denominator
    effective_before = n_before**2 / squared_before if squared_before else 0.0
    return SegmentCounts(successes_before, n_before, successes, n, effective_before)
