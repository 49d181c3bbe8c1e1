"""A finding in words: what is told of it below its headline, row by row. Pure; plain text.

Names of segments come from the data and are cut to one plain line; customers' own words are no part of this.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from jkpi.alerts.detection.episodes import Breach, Part
from jkpi.alerts.evidence.alert_context import Finding, before, main_part
from jkpi.alerts.evidence.contributions import Carrier
from jkpi.alerts.evidence.mix_and_rate import Effects
from jkpi.alerts.notifications import slowdown_text
from jkpi.alerts.notifications.figures import Figures, covered
from jkpi.alerts.notifications.headline import in_words, wanted_rate
from jkpi.alerts.notifications.model import Row
from jkpi.alerts.series.moment_context import Backdrop
from jkpi.alerts.series.watched import Series, Watched
from jkpi.alerts.statistics.running_sums import Pool
from jkpi.alerts.transitions.model import Judged, Name
from jkpi.formatting.numbers import chance, count, day, days, interval, percent, periods, plain, span

MOSTLY, HARDLY = 0.8, 0.2
"""Above this share of a fall it is all called mix; below that one it is all called rate."""
_TOUCHPOINTS, _PAINS = 5, 3
_WEEK = timedelta(days=7)


def rows(finding: Finding) -> tuple[Row, ...]:
    """What a reader wants to know, in the order in which it is asked."""
    transition, series = finding.transition, finding.series
    lines: list[Row] = []
    if series is not None:
        lines.append(("Where", _where(series)))
    if finding.condition is not None:
        lines += finding.condition.rows
    elif transition.kind == "early":
        lines += _early(transition.judged)
    elif transition.kind in ("blind", "error"):
        lines += _blind_or_error(finding)
    elif transition.vanished:
        why = "Nothing of it has been in the data for four weeks. Does it go by another name now?"
        if transition.judged is not None:
            why = "Nothing of it was in the data for four weeks, so this was closed; now something is again."
        lines.append(("Why", why))
    elif transition.name == "superseded":
        lines.append(("Why", "The map no longer declares this, or its rule was changed after the alert was told."))
    elif transition.name == "corrected":
        lines += _corrected(finding)
    elif transition.name == "resolved" and transition.breach is None:
        lines.append(("Why", "The days told of cannot be judged now as they were then; those since are not low."))
    elif series is not None and transition.breach is not None:
        tell = _resolved if transition.name == "resolved" else _fallen
        lines += tell(finding, series, transition.breach)
    lines.append(("Owner", finding.owner or _unowned(finding)))
    lines.append(("Alert", transition.alert_id))
    return tuple(lines)


def _unowned(finding: Finding) -> str:
    """Journeys and moments have an owner; a source may have none."""
    one = finding.condition
    if one is None or one.segment != "source":
        return "nobody"
    return f"nobody yet: write owner: NAME in the YAML of the source {one.segment_value}"


def _where(series: Series) -> str:
    watched = series.watched
    path = [watched.journey_title, *([watched.stage_title] if watched.stage_title else []), watched.kpi_title]
    who = "all customers" if series.is_whole else f"{plain(series.segment)} = {plain(series.segment_value)}"
    return f"{' > '.join(path)}; {who}"


def _fallen(finding: Finding, series: Series, breach: Breach) -> list[Row]:
    watched, figures, part = series.watched, Figures(series.watched), main_part(breach, finding.transition.name)
    fell = part.fell
    lines: list[Row] = [("Now", _figure(figures, fell, watched.period))]
    if part.line == "median":
        lines = slowdown_text.now(part, fell, watched)
    elif part.line == "baseline":
        same = " on the same days of the week," if watched.period == "day" else ""
        lines.append(("Usual", f"{figures.value(fell.reference)}{same} in the weeks before"))
    lines += slowdown_text.beside(part, breach, watched)
    lines += _promise(watched, figures, part, breach)
    certain = "" if part.fired_on == part.since else f", certain since {day(part.fired_on)}"
    lines.append(("Since", f"{day(part.since)}{certain}"))
    against = "what may still count as kept" if part.line == "promise" else "what is usual"
    worse = "above" if watched.direction == "lower" else "below"
    unit = watched.period
    patterns = {
        "collapse": f"one {unit}{f', {day(part.fired_on)},' * (part.fired_on != part.since)} far",
        "standing": "each of four weeks",
        "evidence": f"{part.taken} {unit}s taken together clearly",
    }
    pattern = patterns.get(part.reason, f"three {unit}s in a row clearly")
    apart = figures.difference(fell.rate, wanted_rate(series, part))
    lines.append(("Told for", f"{pattern} {worse} {against}; {apart} away from where it should be since then."))
    outcomes = "So few by chance alone" if part.line == "median" else "So many bad outcomes by chance alone"
    lines.append(("", f"{outcomes}: {chance(fell.tail)}."))
    if any(other.line == "promise" for other in breach.parts) and part.line != "promise":
        lines.append(("", "The promise is broken as well."))
    lines += _trusted(finding, series)
    lines += _carried(finding.carriers, figures, series.is_whole)
    lines += _mix_or_rate(finding.effects, figures)
    lines.append(("Data", _data(finding)))
    lines += _look_at(finding.carriers, finding.backdrop)
    return lines


def _promise(watched: Watched, figures: Figures, part: Part, breach: Breach) -> list[Row]:
    line = watched.rule().promise_line
    if watched.promise is None or line is None:
        return []
    holds = ": no breach, it takes longer all the same" * all(one.line == "median" for one in breach.parts)
    return [("Promise", f"{figures.native(watched.promise)}, broken beyond {figures.value(line)}{holds}")]


def _trusted(finding: Finding, series: Series) -> list[Row]:
    """How often this series is told of falsely: as wanted, and as its own past shows."""
    one = finding.transition.judged
    wanted = series.watched.false_alarm_every
    seen = one.track.false_alarm_every if one is not None else None
    shown = "its past is too short to say more"
    if seen is not None:
        who = "all customers together have" if series.is_whole else "this segment has"
        shown = f"by the past {who} one in {interval(seen)}{', which is more often' * (seen < wanted)}"
    return [("False alarm", f"one in {interval(wanted)} at most is wanted for this moment; {shown}.")]


def _carried(carriers: Iterable[Carrier], figures: Figures, is_whole: bool) -> list[Row]:
    lines = []
    for carrier in carriers:
        share = "nearly all" if carrier.share >= 0.9 else f"{100 * carrier.share:.0f} %"
        who = f"{plain(carrier.segment)} = {plain(carrier.segment_value)}"
        now = f"{figures.value(carrier.rate)} instead of {figures.value(carrier.usual)}, n = {count(carrier.n)}"
        lines.append(("Carried by", f"{who}: {now}: {share} of the loss"))
    return lines or ([("Carried by", "no segment more than others")] if is_whole else [])


def _mix_or_rate(effects: Iterable[Effects], figures: Figures) -> list[Row]:
    """By the segment in which who came matters most."""
    found = max(effects, key=lambda one: abs(one.mix), default=None)
    if found is None or found.rate + found.mix >= 0:
        return []
    segment = plain(found.segment).replace("_", " ")
    whole = figures.difference(0.0, abs(found.rate + found.mix))
    mix, rate = figures.difference(0.0, abs(found.mix)), figures.difference(0.0, abs(found.rate))
    if found.mix_share >= MOSTLY:
        return [("Mix or rate", f"mix: other customers came, by {segment}; that makes {mix} of {whole}.")]
    if found.mix_share > HARDLY:
        return [("Mix or rate", f"both: {rate} because the groups do worse, {mix} because others came, by {segment}.")]
    masked = found.mix_share < -HARDLY
    came = f"who came makes up for {mix}, by {segment}." if masked else "who came explains little."
    return [("Mix or rate", f"rate: the same groups of customers do worse; {came}")]


def _look_at(carriers: Iterable[Carrier], backdrop: Backdrop | None) -> list[Row]:
    lines: list[Row] = []
    first = next(iter(carriers), None)
    if first is not None:
        lines.append(("Look at", f"{plain(first.segment)} = {plain(first.segment_value)} first"))
    if backdrop is not None and backdrop.touchpoints:
        more = f" and {len(backdrop.touchpoints) - _TOUCHPOINTS} more" * (len(backdrop.touchpoints) > _TOUCHPOINTS)
        where = f"where it happens: {', '.join(backdrop.touchpoints[:_TOUCHPOINTS])}{more}"
        lines.append(("" if lines else "Look at", where))
    if backdrop is not None and backdrop.pains:
        lines.append(("", f"pains that the map knows: {'; '.join(backdrop.pains[:_PAINS])}"))
    return lines


def _resolved(finding: Finding, series: Series, breach: Breach) -> list[Row]:
    watched, figures, part = series.watched, Figures(series.watched), main_part(breach, "resolved")
    clear, last = part.clear or part.fell, watched.end(breach.closed_on or part.fell.last)
    fallen = before(part, watched)
    return [
        slowdown_text.now(part, clear, watched)[0]
        if part.line == "median"
        else ("Now", _figure(figures, clear, watched.period)),
        ("Then", f"{figures.value(fallen.rate)}, {span(fallen.first, watched.end(fallen.last))}"),
        ("Wanted", figures.value(wanted_rate(series, part))),
        ("Closed", f"{day(last)}, after {days((last - breach.since).days + 1)}"),
        *([("Data", _data(finding))] if finding.held else []),
    ]


def _corrected(finding: Finding) -> list[Row]:
    announced = finding.transition.announced
    told = "The breach is gone"
    if announced is not None:
        last = finding.series.watched.end(announced.fired_on) if finding.series else announced.fired_on
        told = f"The breach told on the days up to {day(last)} is gone"
    return [("Why", f"{told}: data that came in later show that it never was.")]


def _early(one: Judged | None) -> list[Row]:
    """An early sign speaks of shares that had moved on, whatever the moment itself counts."""
    if one is None or one.early is None:
        return [("Early", "the cohorts that are not decided yet are no longer behind.")]
    early, fell = one.early, one.early.part.fell
    low, high = fell.interval
    after = in_words(early.age)
    return [
        ("Early", f"after {after} {percent(fell.rate)} of those who came on these days had moved on or were through"
         f" ({percent(low)} to {percent(high)} with 95 % confidence, n = {count(fell.n)}; {covered(fell, 'day')})"),
        ("Usual", f"{percent(fell.reference)} after {after}, on the same days of the week, in the weeks before"),
        ("", f"So few by chance alone: {chance(fell.tail)}."),
        ("Next", "They are not decided yet: some may only be late. You hear of it when the moment itself falls off; if"
         " it does not, this is closed without a word."),
    ]  # fmt: skip


def _blind_or_error(finding: Finding) -> list[Row]:
    since = day(finding.transition.since)
    if finding.transition.name == "cleared":
        return [("Since", f"it began {since}; its readings can be judged again.")]
    if finding.transition.kind == "blind":
        why = "they rest on what was not seen" if finding.blind else "a quality check failed"
        return [
            ("Since", f"{since}: its readings are withheld and nothing is judged, for {why}."),
            *(("" if number else "Not seen", spot) for number, spot in enumerate(finding.blind)),
            ("Next", "See jkpi check and jkpi status. This is told once; silence from here is no all-clear."),
        ]
    why = f"{since}: its readings are not counts of good outcomes among all, and cannot be judged."
    return [("Since", why), ("Next", "For the data team: see the readings below. This is not an all-clear.")]


def _figure(figures: Figures, pool: Pool, period: str) -> str:
    when = f"n = {count(pool.n)}; {covered(pool, period)}"
    return f"{figures.value(pool.rate)} ({figures.interval(pool)} with 95 % confidence, {when})"


def _data(finding: Finding) -> str:
    if finding.held and finding.series:
        held = periods(finding.held, finding.series.watched.period)
        return f"final; {held} in between could not be trusted and were left out"
    return "final: no reading here is still open or withheld"


def next_step(name: Name, kind: str, repeat_every: timedelta | None) -> str:
    """What will happen without anybody doing anything; `repeat_every` as in `jkpi.yml`."""
    if kind != "fall" or name in ("resolved", "corrected", "superseded"):
        return ""
    again = ""
    if repeat_every is not None:
        often = "once a week" if repeat_every == _WEEK else f"every {interval(repeat_every / timedelta(days=1))}"
        again = f"; until somebody acknowledges it, {often} as well"
    return (
        "Judged again with each day that matures. You hear of it when it is over, when it gets worse, or if late data"
        f" show that it never was{again}."
    )
