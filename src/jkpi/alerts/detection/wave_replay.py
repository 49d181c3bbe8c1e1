"""Replay survey waves from first to last: each is compared with the waves before it, and with the promise. Pure.

A wave opens an alert if it is below the reference by more than the minimum drop, if so few good answers are unlikely by
chance, and if the 95 % interval of the difference is below zero. The reference is the wave before, and besides it up to
four waves before together: they know the usual level better, and show a slow decline. Both share the level. While an
alert is open, its reference stays that of its first wave. It ends with a wave that is back.

| state    | a wave that ...                                                                          |
|----------|------------------------------------------------------------------------------------------|
| learning | has no earlier wave to be compared with                                                  |
| ok       | is not low                                                                               |
| watch    | is below the line with a chance of less than 0.10, but not surely enough                 |
| firing   | opened an alert, or is not back                                                          |
| low_n    | has fewer than 10 answers; it changes nothing, and is no reference                       |

The level: at most 2.5 %, so that the 95 % interval agrees with the alert; less where waves come so often that the
false-alarm budget of the moment needs it (days between two waves, divided by the days between two false alarms).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from jkpi.alerts.detection.episodes import (
    EMPTY_HISTORY,
    NO_STATE,
    Detection,
    LineKind,
    SeriesResult,
    StateHistory,
    WaveComparison,
    merge_detections,
)
from jkpi.alerts.detection.replay import SeriesToEvaluate
from jkpi.alerts.detection.state_machine import (
    ERROR,
    FIRING,
    LEARNING,
    LOW_N,
    OK,
    STATES,
    SUSPENDED,
    WATCH,
    SeriesState,
)
from jkpi.alerts.statistics import reading_grid
from jkpi.alerts.statistics.beta_binomial import wilson_interval
from jkpi.alerts.statistics.rules import ALPHA_LOW, AlertRule
from jkpi.alerts.statistics.running_sums import EPSILON, PooledSample
from jkpi.alerts.statistics.thresholds import significant_p_values
from jkpi.alerts.statistics.two_sample import (
    Sample,
    difference_interval,
    drop_tail,
    effective_size,
    pool_samples,
    tail_below,
)

MAX_ALPHA = 0.025
"""One-sided level of a wave: the share of 95 % intervals that lie wholly below zero by chance."""
MAX_POOLED_WAVES = 4
MIN_N = 10.0
"""Fewer responses are no sample to compare."""


@dataclass(frozen=True)
class WaveReading:
    """One wave of a series. first_day: of its responses. status: VALID, SUSPENDED or INVALID of reading_grid."""

    first_day: date
    name: str
    sample: Sample
    status: int = reading_grid.VALID


@dataclass(frozen=True)
class _Reference:
    """What waves are compared with: waves and their pooled sample, or a rate that is known exactly."""

    names: tuple[str, ...]
    sample: Sample | None
    rate: float
    line: float


@dataclass(frozen=True)
class _Opening:
    """A drop: from its first wave, known since the wave it fired on."""

    reference: _Reference
    first: WaveReading
    fired: WaveReading
    level: float


@dataclass
class _OpenAlert:
    """An open alert on one line. openings: its first drop and each further one. waves: all of it."""

    openings: list[_Opening]
    waves: list[WaveReading]


@dataclass(frozen=True)
class _Finding:
    """What one wave shows against one line. is_candidate: it is below. p_value: of the reference that is reported; 1 if
    it is not below."""

    reference: _Reference
    p_value: float
    is_candidate: bool


@dataclass
class _Series:
    """Mutable state of one series. quiet: waves outside of alerts. broken_run: successive waves below the promise
    line."""

    rule: AlertRule
    quiet: list[WaveReading] = field(default_factory=list)
    open_alerts: dict[LineKind, _OpenAlert] = field(default_factory=dict)
    broken_run: list[WaveReading] = field(default_factory=list)
    detections: list[Detection] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    last: tuple[Sample, _Reference] | None = None


def wave_alpha(rule: AlertRule, days_between: float) -> float:
    """Level of a wave that comes so many days after the one before."""
    return min(MAX_ALPHA, max(days_between, 1.0) / rule.false_alarm_every)


def replay_waves(
    waves_of_series: Sequence[Sequence[WaveReading]], to_evaluate: Sequence[SeriesToEvaluate]
) -> list[SeriesResult]:
    """Results of the series of one moment, each with its final and withheld waves, the oldest first."""
    all_series = [_Series(series.rule) for series in to_evaluate]
    groups = np.array([series.group for series in to_evaluate])
    by_day = [{wave.first_day: wave for wave in waves} for waves in waves_of_series]
    days = sorted({day for waves in by_day for day in waves})
    for before, day in pairwise([None, *days]):
        assert day is not None
        rows = [row for row, waves in enumerate(by_day) if day in waves]
        days_between = float("inf") if before is None else float((day - before).days)
        _advance(
            [all_series[row] for row in rows],
            [by_day[row][day] for row in rows],
            groups[rows],
            days_between,
        )
    return [_result(series, waves) for series, waves in zip(all_series, waves_of_series, strict=True)]


def _advance(
    all_series: Sequence[_Series], waves: Sequence[WaveReading], groups: np.ndarray, days_between: float
) -> None:
    """Add one wave to each of these series. Series of one group share the level of their moment."""
    evaluated = [_status_code(wave) == OK for wave in waves]
    levels = np.array([wave_alpha(series.rule, days_between) for series in all_series])
    lines: tuple[LineKind, ...] = ("baseline", "promise")
    findings = [
        {line: _finding(series, wave, line) for line in lines} if is_evaluated else {}
        for series, wave, is_evaluated in zip(all_series, waves, evaluated, strict=True)
    ]
    opens: list[set[LineKind]] = [set() for _ in all_series]
    for line in lines:
        candidates = [
            (row, finding)
            for row, found in enumerate(findings)
            if (finding := found.get(line)) is not None and finding.is_candidate
        ]
        rows = np.array([row for row, _ in candidates], dtype=np.intp)
        passes = significant_p_values(
            groups[rows],
            np.array([finding.p_value for _, finding in candidates], dtype=float),
            levels[rows],
            np.array([all_series[row].rule.family_size for row in rows], dtype=float),
        )
        for row in rows[passes]:
            opens[row].add(line)
    for series, wave, found, opening, level, is_evaluated in zip(
        all_series, waves, findings, opens, levels, evaluated, strict=True
    ):
        if not is_evaluated:
            series.codes.append(FIRING if series.open_alerts else _status_code(wave))
            continue
        _record_last(series, wave, found)
        code = LEARNING if found["baseline"] is None and "baseline" not in series.open_alerts else OK
        for line in lines:
            finding = found[line]
            if line in series.open_alerts:
                code = _follow(series, wave, line, finding if line in opening else None, float(level), code)
            elif finding is not None and line in opening:
                run = [*series.broken_run, wave] if line == "promise" else [wave]
                series.open_alerts[line] = _OpenAlert([_Opening(finding.reference, run[0], wave, float(level))], run)
                code = FIRING
            elif finding is not None and finding.is_candidate and finding.p_value < ALPHA_LOW and code != FIRING:
                code = WATCH
        below_promise = _is_below(wave.sample, series.rule.promise_line)
        series.broken_run = [*series.broken_run, wave] if below_promise else []
        if "baseline" not in series.open_alerts:
            series.quiet.append(wave)
        series.codes.append(code)


def _status_code(wave: WaveReading) -> int:
    if wave.status != reading_grid.VALID:
        return SUSPENDED if wave.status == reading_grid.SUSPENDED else ERROR
    return LOW_N if wave.sample.n < MIN_N else OK


def _finding(series: _Series, wave: WaveReading, line: LineKind) -> _Finding | None:
    """The wave against a line; against the lowest wave of the alert if one is open. None if there is nothing to compare
    with."""
    if line == "promise":
        return _promise_finding(series, wave)
    open_alert = series.open_alerts.get("baseline")
    if open_alert is not None:
        lowest = min(open_alert.waves, key=lambda other: other.sample.rate)
        return _against(wave, [_reference_of([lowest], series.rule)])
    if not series.quiet:
        return None
    references = [_reference_of(series.quiet[-1:], series.rule)]
    if len(series.quiet) > 1:
        references.append(_reference_of(series.quiet[-MAX_POOLED_WAVES:], series.rule))
    return _against(wave, references)


def _reference_of(waves: Sequence[WaveReading], rule: AlertRule) -> _Reference:
    sample = pool_samples([wave.sample for wave in waves])
    return _Reference(tuple(wave.name for wave in waves), sample, sample.rate, sample.rate - rule.min_drop)


def _against(wave: WaveReading, references: Sequence[_Reference]) -> _Finding:
    """The wave against references that share the level: the smallest tail decides. The first reference that is
    significant at the usual level is reported, else that of the smallest tail."""
    findings = []
    for reference in references:
        assert reference.sample is not None
        if not _is_below(wave.sample, reference.line):
            findings.append(_Finding(reference, 1.0, False))
            continue
        p_value = min(len(references) * drop_tail(wave.sample, reference.sample), 1.0)
        is_certain = difference_interval(wave.sample, reference.sample)[1] < 0.0
        findings.append(_Finding(reference, p_value if is_certain else max(p_value, 2 * MAX_ALPHA), True))
    candidates = [finding for finding in findings if finding.is_candidate] or findings
    decisive = min(candidates, key=lambda finding: finding.p_value)
    reported = next((finding for finding in candidates if finding.p_value <= MAX_ALPHA), decisive)
    return _Finding(reported.reference, decisive.p_value, decisive.is_candidate)


def _promise_finding(series: _Series, wave: WaveReading) -> _Finding | None:
    """All successive waves below the line together: none of them needs to be surely below alone."""
    line = series.rule.promise_line
    if line is None:
        return None
    reference = _Reference((), None, line, line)
    if not _is_below(wave.sample, line):
        return _Finding(reference, 1.0, False)
    sample = pool_samples([other.sample for other in [*series.broken_run, wave]])
    return _Finding(reference, tail_below(sample, line), True)


def _is_below(sample: Sample, line: float | None) -> bool:
    return line is not None and sample.successes < sample.n * line - EPSILON


def _follow(
    series: _Series, wave: WaveReading, line: LineKind, further: _Finding | None, level: float, code: int
) -> int:
    """One more wave of an open alert: it ends it, drops further, or belongs to it. Returns the state."""
    alert = series.open_alerts[line]
    reference = alert.openings[0].reference
    is_low = _is_below(wave.sample, reference.line)
    if not is_low and reference.sample is not None:
        # Above the line, but surely below the reference, and not surely above the line.
        still_below = difference_interval(wave.sample, reference.sample)[1] < 0.0
        size = effective_size(wave.sample)
        surely_above = wilson_interval(wave.sample.rate * size, size)[0] > reference.line
        is_low = still_below and not surely_above
    if not is_low:
        del series.open_alerts[line]
        series.detections += _detections(series, line, alert, wave)
        return code
    alert.waves.append(wave)
    if further is not None and line == "baseline":
        alert.openings.append(_Opening(further.reference, wave, wave, level))
    return FIRING


def _record_last(series: _Series, wave: WaveReading, found: dict[LineKind, _Finding | None]) -> None:
    open_alert = series.open_alerts.get("baseline")
    finding = found["baseline"] or found["promise"]
    if finding is not None:
        reference = open_alert.openings[0].reference if open_alert else finding.reference
        series.last = (wave.sample, reference)


def _detections(series: _Series, line: LineKind, alert: _OpenAlert, recovery: WaveReading | None) -> list[Detection]:
    """Detections of an alert: its first drop and each further one."""
    detections = []
    for opening in alert.openings:
        reference, first_day, fired_on = opening.reference, opening.first.first_day, opening.fired.first_day
        waves = [wave for wave in alert.waves if wave.first_day >= first_day]
        sample = pool_samples([wave.sample for wave in waves])
        detections.append(
            Detection(
                line=line,
                onset=first_day,
                fired_on=fired_on,
                closed_on=recovery.first_day if recovery else None,
                reason="wave",
                drop=_pooled(waves, reference),
                recovery=_pooled([recovery], reference) if recovery else None,
                readings_used=1,
                initial_drop=_pooled([wave for wave in waves if wave.first_day <= fired_on], reference),
                comparison=_comparison(sample, waves, reference, opening.level, recovery),
            )
        )
    return detections


def _comparison(
    sample: Sample,
    waves: Sequence[WaveReading],
    reference: _Reference,
    level: float,
    recovery: WaveReading | None,
) -> WaveComparison:
    difference = sample.rate - reference.rate
    if reference.sample is None:
        known = Sample(reference.rate * 1e12, 1e12, is_nps=sample.is_nps)
        low, high = difference_interval(sample, known)
    else:
        low, high = difference_interval(sample, reference.sample)
    return WaveComparison(
        tuple(wave.name for wave in waves),
        reference.names,
        reference.sample.n if reference.sample else 0.0,
        difference,
        low,
        high,
        level,
        recovery.name if recovery else None,
    )


def _pooled(waves: Sequence[WaveReading], reference: _Reference) -> PooledSample:
    sample = pool_samples([wave.sample for wave in waves])
    return PooledSample(
        waves[0].first_day,
        waves[-1].first_day,
        len(waves),
        sample.successes,
        sample.n,
        sample.n * reference.rate,
        sample.n * reference.line,
        sample.n * sample.variance_ratio,
        effective_size(reference.sample) if reference.sample else float("inf"),
    )


def _result(series: _Series, waves: Sequence[WaveReading]) -> SeriesResult:
    if not waves:
        return SeriesResult(SeriesState.NO_DATA, None, (), None, None, EMPTY_HISTORY)
    detections = list(series.detections)
    for line, alert in series.open_alerts.items():
        detections += _detections(series, line, alert, None)
    episodes = merge_detections(detections)
    open_episode = next((episode for episode in episodes if episode.closed_on is None), None)
    codes = series.codes
    changed = [number for number, code in enumerate(codes) if code != codes[-1]]
    since = waves[changed[-1] + 1 if changed else 0].first_day
    sample, reference = series.last or (None, None)
    tail = None
    if sample is not None and reference is not None:
        tail = (
            drop_tail(sample, reference.sample) if reference.sample is not None else tail_below(sample, reference.rate)
        )
    return SeriesResult(
        state=STATES[codes[-1]],
        state_since=open_episode.onset if open_episode else since,
        episodes=episodes,
        data_gap_since=_trailing_since(waves, reading_grid.SUSPENDED),
        last_day=waves[-1].first_day,
        history=_history(waves, codes, NO_STATE),
        tail=tail,
        rate=sample.rate if sample else None,
        n=sample.n if sample else None,
        reference=reference.rate if reference else None,
        read_days=_history(
            waves, [int(wave.status == reading_grid.VALID and wave.sample.n > 0) for wave in waves], empty=0
        ),
        error_since=_trailing_since(waves, reading_grid.INVALID),
        waves=tuple((wave.first_day, wave.name) for wave in waves),
    )


def _history(waves: Sequence[WaveReading], codes: Sequence[int], empty: int) -> StateHistory:
    """One code a day: of most days `empty`."""
    first = waves[0].first_day
    by_day = bytearray([empty]) * ((waves[-1].first_day - first).days + 1)
    for wave, code in zip(waves, codes, strict=True):
        by_day[(wave.first_day - first) // timedelta(days=1)] = code
    return StateHistory(first, 1, bytes(by_day))


def _trailing_since(waves: Sequence[WaveReading], status: int) -> date | None:
    """First day of the newest waves in a row that have this status."""
    since = None
    for wave in reversed(waves):
        if wave.status != status:
            break
        since = wave.first_day
    return since
