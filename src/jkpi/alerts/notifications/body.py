"""The body of a notification: labelled rows of plain text below the headline. Pure.

Segment values come from the data and are reduced to one plain line. Customer comments are not part of the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from jkpi.alerts.detection.episodes import Detection, Episode, WaveComparison
from jkpi.alerts.evidence.alert_context import AlertContext, IncludedDrop, drop_without_recovery, main_detection
from jkpi.alerts.evidence.contributions import DropBreakdown
from jkpi.alerts.notifications import slowdown_text, wave_text
from jkpi.alerts.notifications.figures import KpiFormatter, format_covered
from jkpi.alerts.notifications.headline import earlier_end, expected_rate, format_cohort_age, format_early_part
from jkpi.alerts.notifications.model import BodyRow
from jkpi.alerts.series.moment_context import MomentContext
from jkpi.alerts.series.watched import Series, WatchedMoment
from jkpi.alerts.statistics.effect_size import EffectSize
from jkpi.alerts.statistics.running_sums import PooledSample
from jkpi.alerts.transitions.model import EvaluatedSeries, TransitionType
from jkpi.formatting.dates import format_day, format_period
from jkpi.formatting.durations import approximate_duration
from jkpi.formatting.numbers import (
    format_count,
    format_odds,
    format_percent,
    join_names,
    pluralize,
    sanitize,
    shares_in_percent,
)

_MAX_TOUCHPOINTS, _MAX_PAIN_POINTS, _MAX_INCLUDED = 5, 3, 5
_WEEK = timedelta(days=7)


def body_rows(context: AlertContext) -> tuple[BodyRow, ...]:
    """The rows, in the order of a reader's questions."""
    transition, series = context.transition, context.series
    lines: list[BodyRow] = []
    if series is not None:
        lines.append(("Where", _location_text(series)))
    if context.condition is not None:
        lines += context.condition.rows
    elif transition.kind == "early_warning":
        lines += _early_warning_rows(transition.evaluated)
    elif transition.kind in ("data_gap", "error"):
        lines += _data_gap_or_error_rows(context)
    elif transition.series_missing:
        reason = "The data have had no rows of it for four weeks. Was it renamed?"
        if transition.evaluated is not None:
            reason = "The data had no rows of it for four weeks, so the alert was closed. Now there are rows again."
        lines.append(("Why", reason))
    elif transition.transition_type == "superseded":
        lines.append(
            ("Why", "The map no longer declares this series, or its rule was changed after the alert was sent.")
        )
    elif transition.transition_type == "corrected":
        lines += _corrected_rows(context)
    elif transition.transition_type == "resolved" and transition.episode is None:
        lines.append(("Why", "The days of the alert can no longer be evaluated as before; the days since are not low."))
    elif series is not None and transition.episode is not None:
        rows_of = _resolved_rows if transition.transition_type == "resolved" else _drop_rows
        lines += rows_of(context, series, transition.episode)
    lines.append(("Owner", context.owner or _missing_owner_text(context)))
    lines.append(("Alert", transition.alert_id))
    return tuple(lines)


def _missing_owner_text(context: AlertContext) -> str:
    """The text for a condition without owner: only a source may have none."""
    condition = context.condition
    if condition is None or condition.segment != "source":
        return "nobody"
    return f"nobody yet: add owner: NAME to the YAML of source {condition.segment_value}"


def _location_text(series: Series) -> str:
    watched = series.watched
    path = [watched.journey_title, *([watched.stage_title] if watched.stage_title else []), watched.kpi_title]
    segment_text = (
        "all customers" if series.is_total else f"{sanitize(series.segment)} = {sanitize(series.segment_value)}"
    )
    return f"{' > '.join(path)}; {segment_text}"


def _drop_rows(context: AlertContext, series: Series, episode: Episode) -> list[BodyRow]:
    watched, formatter = series.watched, KpiFormatter(series.watched)
    detection = main_detection(episode, context.transition.transition_type)
    if detection.comparison is not None:
        return _wave_drop_rows(context, series, episode, detection, detection.comparison)
    drop = detection.drop
    lines = _effect_rows(context, formatter, detection)
    if detection.line == "median":
        lines += slowdown_text.slowdown_now_rows(detection, detection.newest_week or drop, watched)
    else:
        lines += _current_rows(detection, formatter, watched)
    if detection.line == "baseline":
        same_weekdays = " on the same days of the week," if watched.period == "day" else ""
        lines.append(("Baseline", f"{formatter.from_rate(drop.reference)}{same_weekdays} in the weeks before"))
    lines += slowdown_text.slowdown_rows(detection, episode, watched)
    lines += _promise_rows(series, formatter, episode)
    fired_text = "" if detection.fired_on == detection.onset else f", certain since {format_day(detection.fired_on)}"
    lines.append(("Since", f"{format_day(detection.onset)}{fired_text}"))
    over_on = earlier_end(episode, detection)
    if over_on is not None:
        first = format_day(episode.onset)
        lines.append(("", f"The alert is open again: the drop since {first} was over on {format_day(over_on)}."))
    lines.append(("Why", _reason_text(detection, watched)))
    outcomes = "So few by chance alone" if detection.line == "median" else "So many bad outcomes by chance alone"
    lines.append(("", f"{outcomes}: {format_odds(drop.tail)}."))
    evaluated = context.transition.evaluated
    has_breach = evaluated is not None and evaluated.result.promise_breach is not None
    if detection.line != "promise" and (has_breach or any(other.line == "promise" for other in episode.detections)):
        lines.append(("", "The promise is broken as well."))
    lines += _false_alarm_rows(context, series)
    lines += _breakdown_rows(context.breakdown, watched, formatter)
    lines += _included_rows(context.included, series)
    lines.append(("Data", _data_text(context)))
    lines += _check_first_rows(context.breakdown, context.moment_context)
    return lines


def _current_rows(detection: Detection, formatter: KpiFormatter, watched: WatchedMoment) -> list[BodyRow]:
    """The newest week, and all days since the onset if there are more."""
    whole = _value_text(formatter, detection.drop, watched.period)
    newest_week = detection.newest_week
    if newest_week is None or newest_week.days == detection.drop.days:
        return [("Now", whole)]
    return [("Now", _value_text(formatter, newest_week, watched.period)), ("Since onset", whole)]


def _effect_rows(context: AlertContext, formatter: KpiFormatter, detection: Detection) -> list[BodyRow]:
    """How large the drop is: the estimate, then the counts as they are."""
    effect, series = context.effect, context.series
    if effect is None or series is None:
        return []
    watched, level = series.watched, formatter.from_rate(effect.rate)
    is_rise = watched.direction == "lower"
    if detection.line == "promise":
        text = f"about {level} ({formatter.level_interval(effect)} with 95 % confidence)"
        label, counted = "Level", formatter.from_rate(detection.drop.rate)
    else:
        text = f"{formatter.effect_text_with_confidence(effect)}, from {formatter.from_rate(effect.reference)} to"
        text += f" about {level}"
        label, counted = (
            "Rise" if is_rise else "Drop",
            formatter.difference_in_points(detection.drop.rate, effect.reference),
        )
    bias = f"the days that open an alert are {'high' if is_rise else 'low'} partly by chance"
    return [
        (label, text),
        *([("", f"{counted} as counted; {bias}")] if not text.startswith(f"about {counted} ") else []),
    ]


def _wave_drop_rows(
    context: AlertContext, series: Series, episode: Episode, detection: Detection, comparison: WaveComparison
) -> list[BodyRow]:
    watched, formatter = series.watched, KpiFormatter(series.watched)
    now_rows = wave_text.wave_now_rows(detection, comparison, watched)
    lines = [*now_rows[:-1], *_promise_rows(series, formatter, episode), now_rows[-1]]
    reason, chance, false_alarms = wave_text.wave_reason_rows(detection, comparison, watched)
    lines += [reason, chance]
    if detection.line != "promise" and any(other.line == "promise" for other in episode.detections):
        lines.append(("", "The promise is broken as well."))
    lines.append(false_alarms)
    lines += _breakdown_rows(context.breakdown, watched, formatter)
    lines += _included_rows(context.included, series)
    lines.append(("Data", _data_text(context)))
    lines += _check_first_rows(context.breakdown, context.moment_context)
    return lines


def _reason_text(detection: Detection, watched: WatchedMoment) -> str:
    """Which rule found the drop."""
    unit = watched.period
    fired_on = f", {format_day(detection.fired_on)}," if detection.fired_on != detection.onset else ""
    reasons = {
        "collapse": f"one {unit}{fired_on} is far",
        "sustained": "each of four weeks is",
        "cusum": f"{detection.readings_used} {unit}s taken together are clearly",
    }
    reason = reasons.get(detection.reason, f"three {unit}s in a row are clearly")
    side = "above" if watched.direction == "lower" else "below"
    limit = "the level at which the promise is broken" if detection.line == "promise" else "the baseline"
    return f"{reason} {side} {limit}."


def _promise_rows(series: Series, formatter: KpiFormatter, episode: Episode) -> list[BodyRow]:
    watched = series.watched
    promise_line = watched.rule_for(key=(series.segment, series.segment_value)).promise_line
    if series.promise is None or promise_line is None:
        return []
    is_kept = all(other.line == "median" for other in episode.detections)
    kept_text = "; it is kept, but cases take longer" if is_kept else ""
    # A level of 92.5 % that is rounded to 92 % would be another promise.
    promise, limit = formatter.goal(series.promise), formatter.goal(round(watched.to_value(promise_line), 6))
    side = "above" if watched.direction == "lower" else "below"
    return [("Promise", f"{promise}, broken {side} {limit}{kept_text}")]


def _false_alarm_rows(context: AlertContext, series: Series) -> list[BodyRow]:
    """The target for false alarms, and whether this series can be held to it. No rate below the target is stated: a
    history of months does not show what happens once in years."""
    evaluated, target_interval = context.transition.evaluated, series.watched.false_alarm_every
    past_interval = evaluated.result.false_alarm_every if evaluated is not None else None
    target_text = f"target: at most one in {approximate_duration(target_interval)} for this moment"
    if past_interval is None:
        return [("False alarms", f"{target_text}; this series has too little history to confirm it.")]
    if past_interval >= target_interval:
        return [("False alarms", f"{target_text}; the threshold follows from how this series varied before.")]
    past_text = f"this series varies too much to be held to it: expect one in {approximate_duration(past_interval)}"
    return [("False alarms", f"{target_text}; {past_text}.")]


def _breakdown_rows(breakdown: DropBreakdown | None, watched: WatchedMoment, formatter: KpiFormatter) -> list[BodyRow]:
    """What drives the drop. The shares add up to 100 %. Nothing where no segment divides the customers."""
    if breakdown is None:
        return []
    change = "rise" if watched.direction == "lower" else "drop"
    if breakdown.segment is None:
        return [("Driven by", _nothing_stands_out_text(breakdown, change))]
    *shares, other_share, mix_share = shares_in_percent(
        [
            *(contribution.loss_share for contribution in breakdown.contributions),
            breakdown.other_share,
            breakdown.mix_share,
        ]
    )
    segment, texts = _segment_name(breakdown.segment), []
    for contribution, share in zip(breakdown.contributions, shares, strict=True):
        baseline, rate = formatter.from_rate(contribution.baseline), formatter.from_rate(contribution.rate)
        figures = f"from {baseline} to {rate}, n = {format_count(contribution.n)}; {share} % of the {change}"
        texts.append(f"{_value_name(contribution.segment, contribution.segment_value)}: {figures}")
    others = f"other values of {segment}" if breakdown.contributions else f"changed rates within {segment}"
    rest = f"the rest: {other_share} % {others}"
    if breakdown.mix_change is not None:
        mix = breakdown.mix_change
        verb = "grew" if mix.weight >= mix.weight_before else "fell"
        before, now = format_percent(mix.weight_before, 0), format_percent(mix.weight, 0)
        texts.append(
            f"mix: {_value_name(mix.segment, mix.segment_value)} {verb} from {before} to {now} of the cases; the"
            f" changed mix is {mix_share} % of the {change}{_by_segment_text(breakdown)}"
        )
    else:
        rest += f", {mix_share} % the changed mix of {segment}"
    return [("" if number else "Driven by", text) for number, text in enumerate([*texts, rest])]


def _included_rows(included: Sequence[IncludedDrop], series: Series) -> list[BodyRow]:
    """Drops that are certain by themselves and have no alert of their own."""
    texts = []
    for drop in included[:_MAX_INCLUDED]:
        watched, segment = drop.series.watched, drop.series.segment
        title = "" if watched == series.watched else watched.title
        value = _value_name(segment, drop.series.segment_value)
        if drop.series.is_total:
            value = "" if title else "all customers"
        size = "" if drop.effect is None else f": {_included_size(drop, drop.effect)}"
        names = ", ".join(part for part in (title, value) if part)
        texts.append(f"{names}, certain since {format_day(drop.detection.fired_on)}{size}")
    if len(included) > _MAX_INCLUDED:
        texts.append(f"and {len(included) - _MAX_INCLUDED} more")
    return [("" if number else "Includes", text) for number, text in enumerate(texts)]


def _included_size(drop: IncludedDrop, effect: EffectSize) -> str:
    formatter = KpiFormatter(drop.series.watched)
    if drop.detection.line == "promise":
        return formatter.level_text(effect)
    reference, level = formatter.from_rate(effect.reference), formatter.from_rate(effect.rate)
    return f"{formatter.effect_text(effect)}, from {reference} to about {level}"


def _nothing_stands_out_text(breakdown: DropBreakdown, change: str) -> str:
    texts = []
    if breakdown.not_standing_out:
        names = [_segment_name(segment) for segment in breakdown.not_standing_out]
        mix_share = round(100.0 * breakdown.mix_share)
        texts.append(f"no {' or '.join(names)} stands out; the changed mix is {mix_share} % of the {change}")
    if breakdown.too_small:
        names = [_segment_name(segment) for segment in breakdown.too_small]
        texts.append(f"by {join_names(names)} the numbers are too small to tell")
    return "; ".join(texts)


def _by_segment_text(breakdown: DropBreakdown) -> str:
    """Of a combination of segments: whose mix has changed."""
    shares = [f"{_segment_name(segment)} {round(100.0 * share)} %" for segment, share in breakdown.mix_shares]
    return f" ({', '.join(shares)})" if shares else ""


def _segment_name(segment: str) -> str:
    return sanitize(segment).replace("_", " ")


def _value_name(segment: str, value: str) -> str:
    return f"{sanitize(segment)} = {sanitize(value)}"


def _check_first_rows(breakdown: DropBreakdown | None, moment_context: MomentContext | None) -> list[BodyRow]:
    texts = []
    if breakdown is not None and breakdown.contributions:
        texts.append(_value_name(breakdown.contributions[0].segment, breakdown.contributions[0].segment_value))
    elif breakdown is not None and breakdown.mix_change is not None:
        texts.append(_value_name(breakdown.mix_change.segment, breakdown.mix_change.segment_value))
    if moment_context is not None and moment_context.touchpoints:
        touchpoints = moment_context.touchpoints
        omitted_count = len(touchpoints) - _MAX_TOUCHPOINTS
        more_text = f" and {omitted_count} more" if omitted_count > 0 else ""
        texts.append(f"where it happens: {', '.join(touchpoints[:_MAX_TOUCHPOINTS])}{more_text}")
    pain_points = moment_context.pain_points if moment_context is not None else ()
    rows = [("" if number else "Check first", text) for number, text in enumerate(texts)]
    if pain_points:
        rows.append(("", f"known pain points: {'; '.join(pain_points[:_MAX_PAIN_POINTS])}"))
    return rows


def _resolved_rows(context: AlertContext, series: Series, episode: Episode) -> list[BodyRow]:
    watched, formatter, detection = series.watched, KpiFormatter(series.watched), main_detection(episode, "resolved")
    recovery = detection.recovery or detection.drop
    last = watched.period_end(episode.closed_on or detection.drop.last_day)
    drop = drop_without_recovery(detection, watched)
    if (comparison := detection.comparison) is not None and comparison.recovery_wave is not None:
        text = formatter.interval_of(recovery)
        return [
            (
                "Now",
                f"{formatter.from_rate(recovery.rate)} ({text} with 95 % confidence, n = {format_count(recovery.n)};"
                f" {wave_text.wave_names([comparison.recovery_wave])})",
            ),
            ("Before", f"{formatter.from_rate(drop.rate)}, {wave_text.wave_names(comparison.waves)}"),
            ("Expected", formatter.from_rate(expected_rate(series, detection))),
            (
                "Resolved",
                f"by {wave_text.wave_names([comparison.recovery_wave])}, which began {format_day(recovery.first_day)}",
            ),
            *([("Data", _data_text(context))] if context.suspended_count else []),
        ]
    return [
        slowdown_text.slowdown_now_rows(detection, recovery, watched)[0]
        if detection.line == "median"
        else ("Now", _value_text(formatter, recovery, watched.period)),
        (
            "Before",
            f"{formatter.from_rate(drop.rate)}, {format_period(drop.first_day, watched.period_end(drop.last_day))}",
        ),
        ("Expected", formatter.from_rate(expected_rate(series, detection))),
        ("Resolved", f"{format_day(last)}, after {pluralize((last - episode.onset).days + 1, 'day')}"),
        *([("Data", _data_text(context))] if context.suspended_count or _holiday_count(context) else []),
    ]


def _corrected_rows(context: AlertContext) -> list[BodyRow]:
    stored_alert = context.transition.stored_alert
    if stored_alert is None:
        return [("Why", "Late data show that it was a false alarm.")]
    last = context.series.watched.period_end(stored_alert.fired_on) if context.series else stored_alert.fired_on
    return [("Why", f"Late data show that the days up to {format_day(last)} are not unusual.")]


def _early_warning_rows(evaluated: EvaluatedSeries | None) -> list[BodyRow]:
    """Rows of an early warning: the proportion that has progressed, for every kind of KPI."""
    if evaluated is None or evaluated.early_warning is None:
        return [("Early warning", "the undecided cohorts are no longer behind.")]
    early_warning, drop = evaluated.early_warning, evaluated.early_warning.detection.drop
    low, high = drop.interval
    if evaluated.series.watched.is_promise:
        return _early_promise_rows(evaluated.series.watched, drop)
    after = format_cohort_age(early_warning.age)
    progress = (
        f"after {after} {format_percent(drop.rate, 0)} of the customers of these days had progressed or completed"
    )
    interval = f"{format_percent(low, 0)} to {format_percent(high, 0)} with 95 % confidence"
    return [
        ("Early warning", f"{progress} ({interval}, n = {format_count(drop.n)}; {format_covered(drop, 'day')})"),
        (
            "Baseline",
            f"{format_percent(drop.reference, 0)} after {after}, on the same days of the week, in the weeks before",
        ),
        ("", f"So few by chance alone: {format_odds(drop.tail)}."),
        (
            "Next",
            "These cohorts are undecided: some customers may only be late. You are notified if the moment itself"
            " drops; if it does not, this closes without a notification.",
        ),
    ]


def _early_promise_rows(watched: WatchedMoment, drop: PooledSample) -> list[BodyRow]:
    """Rows of an early warning about promises that are not due yet."""
    low, high = (format_percent(bound, 0) for bound in drop.interval)
    early = f"{format_early_part(watched)}{', at most 7 days' if watched.within is None else ''}"
    return [
        (
            "Early warning",
            f"of the cases that began on these days, {format_percent(drop.rate, 0)} were closed within {early}"
            f" ({low} to {high} with 95 % confidence, n = {format_count(drop.n)}; {format_covered(drop, 'day')})",
        ),
        (
            "Baseline",
            f"{format_percent(drop.reference, 0)} within that time, on the same days of the week, in the weeks before",
        ),
        ("", f"So few by chance alone: {format_odds(drop.tail)}."),
        (
            "Next",
            "The promises to these cases fall due later. You are notified if fewer of them are kept; if as many are"
            " kept as before, this closes without a notification.",
        ),
    ]


def _data_gap_or_error_rows(context: AlertContext) -> list[BodyRow]:
    since_text = format_day(context.transition.onset)
    if context.transition.transition_type == "ended":
        return [("Since", f"it began {since_text}; its readings can be evaluated again.")]
    if context.transition.kind == "data_gap":
        reason = "data are missing" if context.data_gaps else "a quality check failed"
        return [
            ("Since", f"{since_text}: its readings are withheld and not evaluated, because {reason}."),
            *(("" if number else "Missing data", gap) for number, gap in enumerate(context.data_gaps)),
            ("Next", "See jkpi check and jkpi status. There is no reminder. Until it ends, drops are not detected."),
        ]
    reason = f"{since_text}: its counts are impossible and cannot be evaluated."
    return [
        ("Since", reason),
        ("Next", "For the data team: see the readings below. Until they are correct, drops are not detected."),
    ]


def _value_text(formatter: KpiFormatter, sample: PooledSample, period: str) -> str:
    sample_text = f"n = {format_count(sample.n)}; {format_covered(sample, period)}"
    return f"{formatter.from_rate(sample.rate)} ({formatter.interval_of(sample)} with 95 % confidence, {sample_text})"


def _data_text(context: AlertContext) -> str:
    parts = []
    if context.suspended_count and context.series:
        suspended = pluralize(context.suspended_count, context.series.watched.period)
        parts.append(f"{suspended} in between left out, because their data could not be trusted")
    if holidays := _holiday_count(context):
        days_after = "the day after it" if holidays == 1 else "the days after them"
        parts.append(f"{pluralize(holidays, 'public holiday')} left out, with {days_after}")
    return "; ".join(["final", *parts]) if parts else "final: no reading is provisional or withheld"


def _holiday_count(context: AlertContext) -> int:
    """Holidays that leave days out of the period that is reported."""
    evaluated = context.transition.evaluated
    if evaluated is None or context.period is None:
        return 0
    return evaluated.result.holidays_left_out(*context.period)


def next_step(
    transition_type: TransitionType, kind: str, repeat_every: timedelta | None, is_by_wave: bool = False
) -> str:
    """What happens if nobody does anything. repeat_every: as in `jkpi.yml`."""
    if kind != "drop" or transition_type in ("resolved", "corrected", "superseded"):
        return ""
    reminder_text = ""
    if repeat_every is not None:
        days = repeat_every / timedelta(days=1)
        frequency = "once a week" if repeat_every == _WEEK else f"every {approximate_duration(days)}"
        reminder_text = f" Until it is acknowledged, you get a reminder {frequency}."
    each = "complete survey wave" if is_by_wave else "mature day"
    return (
        f"Evaluated again with each {each}. You are notified when it resolves or worsens, or when late data"
        f" show that it was a false alarm.{reminder_text}"
    )
