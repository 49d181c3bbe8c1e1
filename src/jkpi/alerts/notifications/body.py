"""A finding in words: what is told of it below its headline, row by row. Pure; plain text.

Names of segments come from the data and are cut to one plain line; customers' own words are no part of this.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from jkpi.alerts.detection.episodes import Detection, Episode
from jkpi.alerts.evidence.alert_context import AlertContext, drop_without_recovery, main_detection
from jkpi.alerts.evidence.contributions import Contribution
from jkpi.alerts.evidence.mix_and_rate import MixRateDecomposition
from jkpi.alerts.notifications import slowdown_text
from jkpi.alerts.notifications.figures import KpiFormatter, format_covered
from jkpi.alerts.notifications.headline import expected_rate, format_age
from jkpi.alerts.notifications.model import BodyRow
from jkpi.alerts.series.moment_context import MomentContext
from jkpi.alerts.series.watched import Series, WatchedMoment
from jkpi.alerts.statistics.running_sums import PooledSample
from jkpi.alerts.transitions.model import EvaluatedSeries, TransitionType
from jkpi.formatting.dates import format_day, format_period
from jkpi.formatting.durations import approximate_duration
from jkpi.formatting.numbers import format_count, format_odds, format_percent, pluralize, sanitize

MAINLY_MIX, MAINLY_RATE = 0.8, 0.2
"""Above this share of a fall it is all called mix; below that one it is all called rate."""
_MAX_TOUCHPOINTS, _MAX_PAIN_POINTS = 5, 3
_WEEK = timedelta(days=7)


def body_rows(context: AlertContext) -> tuple[BodyRow, ...]:
    """What a reader wants to know, in the order in which it is asked."""
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
        reason = "Nothing of it has been in the data for four weeks. Does it go by another name now?"
        if transition.evaluated is not None:
            reason = "Nothing of it was in the data for four weeks, so this was closed; now something is again."
        lines.append(("Why", reason))
    elif transition.transition_type == "superseded":
        lines.append(("Why", "The map no longer declares this, or its rule was changed after the alert was told."))
    elif transition.transition_type == "corrected":
        lines += _corrected_rows(context)
    elif transition.transition_type == "resolved" and transition.episode is None:
        lines.append(("Why", "The days told of cannot be judged now as they were then; those since are not low."))
    elif series is not None and transition.episode is not None:
        rows_of = _resolved_rows if transition.transition_type == "resolved" else _drop_rows
        lines += rows_of(context, series, transition.episode)
    lines.append(("Owner", context.owner or _missing_owner_text(context)))
    lines.append(("Alert", transition.alert_id))
    return tuple(lines)


def _missing_owner_text(context: AlertContext) -> str:
    """Journeys and moments have an owner; a source may have none."""
    condition = context.condition
    if condition is None or condition.segment != "source":
        return "nobody"
    return f"nobody yet: write owner: NAME in the YAML of the source {condition.segment_value}"


def _location_text(series: Series) -> str:
    watched = series.watched
    path = [watched.journey_title, *([watched.stage_title] if watched.stage_title else []), watched.kpi_title]
    segment_text = (
        "all customers" if series.is_total else f"{sanitize(series.segment)} = {sanitize(series.segment_value)}"
    )
    return f"{' > '.join(path)}; {segment_text}"


def _drop_rows(context: AlertContext, series: Series, episode: Episode) -> list[BodyRow]:
    watched, formatter, detection = (
        series.watched,
        KpiFormatter(series.watched),
        main_detection(episode, context.transition.transition_type),
    )
    drop = detection.drop
    lines: list[BodyRow] = [("Now", _value_text(formatter, drop, watched.period))]
    if detection.line == "median":
        lines = slowdown_text.slowdown_now_rows(detection, drop, watched)
    elif detection.line == "baseline":
        same_weekdays = " on the same days of the week," if watched.period == "day" else ""
        lines.append(("Usual", f"{formatter.from_rate(drop.reference)}{same_weekdays} in the weeks before"))
    lines += slowdown_text.slowdown_rows(detection, episode, watched)
    lines += _promise_rows(watched, formatter, detection, episode)
    fired_text = "" if detection.fired_on == detection.onset else f", certain since {format_day(detection.fired_on)}"
    lines.append(("Since", f"{format_day(detection.onset)}{fired_text}"))
    compared_with = "what may still count as kept" if detection.line == "promise" else "what is usual"
    direction_word = "above" if watched.direction == "lower" else "below"
    unit = watched.period
    reasons = {
        "collapse": f"one {unit}{f', {format_day(detection.fired_on)},' * (detection.fired_on != detection.onset)} far",
        "sustained": "each of four weeks",
        "cusum": f"{detection.readings_used} {unit}s taken together clearly",
    }
    reason = reasons.get(detection.reason, f"three {unit}s in a row clearly")
    difference = formatter.difference_in_points(drop.rate, expected_rate(series, detection))
    lines.append(
        (
            "Told for",
            f"{reason} {direction_word} {compared_with}; {difference} away from where it should be since then.",
        )
    )
    outcomes = "So few by chance alone" if detection.line == "median" else "So many bad outcomes by chance alone"
    lines.append(("", f"{outcomes}: {format_odds(drop.tail)}."))
    if any(other_detection.line == "promise" for other_detection in episode.detections) and detection.line != "promise":
        lines.append(("", "The promise is broken as well."))
    lines += _false_alarm_rows(context, series)
    lines += _contribution_rows(context.contributions, formatter, series.is_total)
    lines += _mix_or_rate_rows(context.effects, formatter)
    lines.append(("Data", _data_text(context)))
    lines += _check_first_rows(context.contributions, context.moment_context)
    return lines


def _promise_rows(
    watched: WatchedMoment, formatter: KpiFormatter, detection: Detection, episode: Episode
) -> list[BodyRow]:
    promise_line = watched.rule_for().promise_line
    if watched.promise is None or promise_line is None:
        return []
    kept_text = ": no breach, it takes longer all the same" * all(
        other.line == "median" for other in episode.detections
    )
    return [
        (
            "Promise",
            f"{formatter.in_unit(watched.promise)}, broken beyond {formatter.from_rate(promise_line)}{kept_text}",
        )
    ]


def _false_alarm_rows(context: AlertContext, series: Series) -> list[BodyRow]:
    """How often this series is told of falsely: as wanted, and as its own past shows."""
    evaluated = context.transition.evaluated
    target_interval = series.watched.false_alarm_every
    past_interval = evaluated.result.false_alarm_every if evaluated is not None else None
    past_text = "its past is too short to say more"
    if past_interval is not None:
        subject = "all customers together have" if series.is_total else "this segment has"
        past_text = f"by the past {subject} one in {approximate_duration(past_interval)}{', which is more often' * (past_interval < target_interval)}"
    return [
        (
            "False alarm",
            f"one in {approximate_duration(target_interval)} at most is wanted for this moment; {past_text}.",
        )
    ]


def _contribution_rows(contributions: Iterable[Contribution], formatter: KpiFormatter, is_total: bool) -> list[BodyRow]:
    lines = []
    for contribution in contributions:
        share_text = "nearly all" if contribution.loss_share >= 0.9 else f"{100 * contribution.loss_share:.0f} %"
        segment_text = f"{sanitize(contribution.segment)} = {sanitize(contribution.segment_value)}"
        now_text = f"{formatter.from_rate(contribution.rate)} instead of {formatter.from_rate(contribution.baseline)}, n = {format_count(contribution.n)}"
        lines.append(("Carried by", f"{segment_text}: {now_text}: {share_text} of the loss"))
    return lines or ([("Carried by", "no segment more than others")] if is_total else [])


def _mix_or_rate_rows(effects: Iterable[MixRateDecomposition], formatter: KpiFormatter) -> list[BodyRow]:
    """By the segment in which who came matters most."""
    decomposition = max(effects, key=lambda candidate: abs(candidate.mix_effect), default=None)
    if decomposition is None or decomposition.rate_effect + decomposition.mix_effect >= 0:
        return []
    segment = sanitize(decomposition.segment).replace("_", " ")
    total = formatter.difference_in_points(0.0, abs(decomposition.rate_effect + decomposition.mix_effect))
    mix, rate = (
        formatter.difference_in_points(0.0, abs(decomposition.mix_effect)),
        formatter.difference_in_points(0.0, abs(decomposition.rate_effect)),
    )
    if decomposition.mix_share >= MAINLY_MIX:
        return [("Mix or rate", f"mix: other customers came, by {segment}; that makes {mix} of {total}.")]
    if decomposition.mix_share > MAINLY_RATE:
        return [("Mix or rate", f"both: {rate} because the groups do worse, {mix} because others came, by {segment}.")]
    is_masked = decomposition.mix_share < -MAINLY_RATE
    mix_text = f"who came makes up for {mix}, by {segment}." if is_masked else "who came explains little."
    return [("Mix or rate", f"rate: the same groups of customers do worse; {mix_text}")]


def _check_first_rows(contributions: Iterable[Contribution], moment_context: MomentContext | None) -> list[BodyRow]:
    lines: list[BodyRow] = []
    first = next(iter(contributions), None)
    if first is not None:
        lines.append(("Look at", f"{sanitize(first.segment)} = {sanitize(first.segment_value)} first"))
    if moment_context is not None and moment_context.touchpoints:
        more_text = f" and {len(moment_context.touchpoints) - _MAX_TOUCHPOINTS} more" * (
            len(moment_context.touchpoints) > _MAX_TOUCHPOINTS
        )
        touchpoints_text = f"where it happens: {', '.join(moment_context.touchpoints[:_MAX_TOUCHPOINTS])}{more_text}"
        lines.append(("" if lines else "Look at", touchpoints_text))
    if moment_context is not None and moment_context.pain_points:
        lines.append(("", f"pains that the map knows: {'; '.join(moment_context.pain_points[:_MAX_PAIN_POINTS])}"))
    return lines


def _resolved_rows(context: AlertContext, series: Series, episode: Episode) -> list[BodyRow]:
    watched, formatter, detection = series.watched, KpiFormatter(series.watched), main_detection(episode, "resolved")
    recovery, last = (
        detection.recovery or detection.drop,
        watched.period_end(episode.closed_on or detection.drop.last_day),
    )
    drop = drop_without_recovery(detection, watched)
    return [
        slowdown_text.slowdown_now_rows(detection, recovery, watched)[0]
        if detection.line == "median"
        else ("Now", _value_text(formatter, recovery, watched.period)),
        (
            "Then",
            f"{formatter.from_rate(drop.rate)}, {format_period(drop.first_day, watched.period_end(drop.last_day))}",
        ),
        ("Wanted", formatter.from_rate(expected_rate(series, detection))),
        ("Closed", f"{format_day(last)}, after {pluralize((last - episode.onset).days + 1, 'day')}"),
        *([("Data", _data_text(context))] if context.suspended_count else []),
    ]


def _corrected_rows(context: AlertContext) -> list[BodyRow]:
    stored_alert = context.transition.stored_alert
    notified_text = "The breach is gone"
    if stored_alert is not None:
        last = context.series.watched.period_end(stored_alert.fired_on) if context.series else stored_alert.fired_on
        notified_text = f"The breach told on the days up to {format_day(last)} is gone"
    return [("Why", f"{notified_text}: data that came in later show that it never was.")]


def _early_warning_rows(evaluated: EvaluatedSeries | None) -> list[BodyRow]:
    """An early sign speaks of shares that had moved on, whatever the moment itself counts."""
    if evaluated is None or evaluated.early_warning is None:
        return [("Early", "the cohorts that are not decided yet are no longer behind.")]
    early_warning, drop = evaluated.early_warning, evaluated.early_warning.detection.drop
    low, high = drop.interval
    after = format_age(early_warning.age)
    return [
        ("Early", f"after {after} {format_percent(drop.rate, 0)} of those who came on these days had moved on or were through"
         f" ({format_percent(low, 0)} to {format_percent(high, 0)} with 95 % confidence, n = {format_count(drop.n)}; {format_covered(drop, 'day')})"),
        ("Usual", f"{format_percent(drop.reference, 0)} after {after}, on the same days of the week, in the weeks before"),
        ("", f"So few by chance alone: {format_odds(drop.tail)}."),
        ("Next", "They are not decided yet: some may only be late. You hear of it when the moment itself falls off; if"
         " it does not, this is closed without a word."),
    ]  # fmt: skip


def _data_gap_or_error_rows(context: AlertContext) -> list[BodyRow]:
    since_text = format_day(context.transition.onset)
    if context.transition.transition_type == "ended":
        return [("Since", f"it began {since_text}; its readings can be judged again.")]
    if context.transition.kind == "data_gap":
        reason = "they rest on what was not seen" if context.data_gaps else "a quality check failed"
        return [
            ("Since", f"{since_text}: its readings are withheld and nothing is judged, for {reason}."),
            *(("" if number else "Not seen", gap) for number, gap in enumerate(context.data_gaps)),
            ("Next", "See jkpi check and jkpi status. This is told once; silence from here is no all-clear."),
        ]
    reason = f"{since_text}: its readings are not counts of good outcomes among all, and cannot be judged."
    return [("Since", reason), ("Next", "For the data team: see the readings below. This is not an all-clear.")]


def _value_text(formatter: KpiFormatter, sample: PooledSample, period: str) -> str:
    sample_text = f"n = {format_count(sample.n)}; {format_covered(sample, period)}"
    return f"{formatter.from_rate(sample.rate)} ({formatter.interval_of(sample)} with 95 % confidence, {sample_text})"


def _data_text(context: AlertContext) -> str:
    if context.suspended_count and context.series:
        suspended = pluralize(context.suspended_count, context.series.watched.period)
        return f"final; {suspended} in between could not be trusted and were left out"
    return "final: no reading here is still open or withheld"


def next_step(transition_type: TransitionType, kind: str, repeat_every: timedelta | None) -> str:
    """What will happen without anybody doing anything; `repeat_every` as in `jkpi.yml`."""
    if kind != "drop" or transition_type in ("resolved", "corrected", "superseded"):
        return ""
    reminder_text = ""
    if repeat_every is not None:
        frequency = (
            "once a week"
            if repeat_every == _WEEK
            else f"every {approximate_duration(repeat_every / timedelta(days=1))}"
        )
        reminder_text = f"; until somebody acknowledges it, {frequency} as well"
    return (
        "Judged again with each day that matures. You hear of it when it is over, when it gets worse, or if late data"
        f" show that it never was{reminder_text}."
    )
