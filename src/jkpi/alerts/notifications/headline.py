"""What happened, in one line: the headline of a finding, and a line of the digest. Pure; plain text.

Names of segments come from the data and are cut to one plain line.
"""

from __future__ import annotations

from datetime import date, timedelta

from jkpi.alerts.detection.episodes import Part, Track
from jkpi.alerts.detection.state_machine import State
from jkpi.alerts.evidence.alert_context import Finding, main_part
from jkpi.alerts.notifications import slowdown_text
from jkpi.alerts.notifications.figures import Figures
from jkpi.alerts.series.watched import Series, Watched
from jkpi.alerts.transitions.model import Judged, Transition
from jkpi.formatting.numbers import count, day, percent, periods, plain, span


def headline(finding: Finding) -> str:
    """One line: what happened to which moment."""
    transition, series = finding.transition, finding.series
    who = "" if series is None or series.is_whole else f" ({plain(series.segment)} {plain(series.segment_value)})"
    name = f"{finding.title}{who}"
    if finding.condition is not None:
        return finding.condition.headline
    if transition.name == "cleared":
        return f"{name}: no longer so"
    if transition.kind == "blind":
        return f"{name}: we are blind here"
    if transition.kind == "error":
        return f"{name}: cannot be judged"
    if transition.kind == "early":
        return f"{name}: early sign{_of_early(transition.judged)}"
    if transition.name == "superseded":
        return f"{name}: closed, {'no longer in the data' if transition.vanished else 'the map has changed'}"
    if transition.name == "corrected":
        return f"{name}: correction, the breach never was"
    if transition.name == "resolved" and transition.breach is None:
        return f"{name}: over, nothing has been low since"
    if series is None or transition.breach is None:
        return f"{name}: still open; its days are not there today" if transition.announced else name
    figures, part = Figures(series.watched), main_part(transition.breach, transition.name)
    watched = series.watched
    kpi = _kpi(watched)
    if transition.name == "resolved":
        within = f" within {slowdown_text.time(part.within, watched)}" if part.within else ""
        return f"{name}: {kpi}back at {figures.value((part.clear or part.fell).rate)}{within}"
    again = _again(transition, part)
    if part.line == "median":
        return f"{name}: {slowdown_text.headline(part, watched, again)}"
    way = "up" if series.watched.direction == "lower" else "down"
    promised = " promised" if part.line == "promise" else ""
    wanted = figures.value(wanted_rate(series, part)) + promised
    return f"{name}: {kpi}{again}{way} to {figures.value(part.fell.rate)} instead of {wanted}"


def _again(transition: Transition, part: Part) -> str:
    """How it goes on from what was told: only of the same figure can more be said."""
    if transition.name not in ("reopened", "worsened"):
        return ""
    if transition.spoke_of(part.line):
        return "again " if transition.name == "reopened" else "further "
    parts = transition.breach.parts if transition.breach else ()
    lasts = any(one.closed_on is None and (one.line == "median") != (part.line == "median") for one in parts)
    return "also " if lasts else ""


def wanted_rate(series: Series, part: Part) -> float:
    """What the fallen rate is set against: the usual rate, or the promise."""
    promise = series.watched.promise
    return part.fell.reference if part.line != "promise" or promise is None else series.watched.rate(promise)


def early_sign(series: Series, track: Track, names_journey: bool) -> str:
    """A line of the digest: a coincidence or a pattern, nothing to do about yet."""
    who = "" if series.is_whole else f" ({plain(series.segment)} {plain(series.segment_value)})"
    watched, bad, rate = series.watched, "slow" if track.is_slow else "bad", None if track.is_slow else track.rate
    last = _named(track.states[-1][0], watched)
    word = f"one {bad} {watched.period}, {last}"
    if track.state is not State.WATCH:
        word = f"{bad} {watched.period}s in a row, not enough to be sure, the last one {last}"
    figure = (
        f": {_kpi(watched)}{Figures(watched).value(rate)}, n = {count(track.n)}" if rate is not None and track.n else ""
    )
    where = f" ({watched.journey_title})" if names_journey else ""
    return f"{watched.title}{where}{who}: {word}{figure}"


def _kpi(watched: Watched) -> str:
    """A share of which more is better speaks for itself; other numbers are told apart by their name."""
    speaks = watched.unit == "share" and watched.direction == "higher"
    return "" if speaks else f"{watched.kpi_title} "


def _named(start: date, watched: Watched) -> str:
    return day(start) if watched.period == "day" else span(start, watched.end(start))


def _of_early(one: Judged | None) -> str:
    if one is None or one.early is None:
        return ""
    fell = one.early.part.fell
    return f": after {in_words(one.early.age)} {percent(fell.rate)} are through instead of {percent(fell.reference)}"


def in_words(age: timedelta) -> str:
    """1 hour; 4 hours; a day; 3 days."""
    hours = age // timedelta(hours=1)
    return periods(hours, "hour") if hours < 24 else periods(hours // 24, "day")
