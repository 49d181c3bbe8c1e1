"""What today's data can say about what was told before. Pure.

A rule that was edited says nothing about the past, and neither do readings that are not there: only where every day
that was final then has a reading today can it be said that a breach never was, or that it goes on after all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from jkpi.alerts.detection.episodes import Course
from jkpi.alerts.detection.state_machine import State
from jkpi.alerts.statistics.rules import IN_A_ROW

if TYPE_CHECKING:
    from jkpi.alerts.transitions.model import Announced, Judged, Name

SHARED_BY = "shared_by"
_BAD = (State.PATTERN, State.FIRING, State.RECOVERING)


def terms(one: Judged) -> dict[str, Any]:
    """The rule by which a series is judged, as JSON has it. `shared_by`: how many share a budget, and its days for one
    of them alone."""
    watched = one.series.watched
    found: dict[str, Any] = {
        "promise": watched.promise, "falls_off_by": watched.falls_off_by, "kpi": watched.kpi,
        "statistic": watched.statistic, "direction": watched.direction, "period": watched.period,
        "by": list(watched.by), "false_alarm_every": watched.false_alarm_every,
    }  # fmt: skip
    if one.definition is not None:
        found["definition"] = one.definition
    if one.rule is not None:
        found[SHARED_BY] = [one.rule.family, one.rule.false_alarm_every]
    return found


def why_gone(one: Judged, alert: Announced) -> Name | None:
    """Why an announced breach is no longer there; None where today's data cannot tell: it stays open."""
    changed = _changed(alert.terms, terms(one))
    if changed - {SHARED_BY}:
        return "superseded"
    if one.defined is not None and one.defined > alert.since:
        return "superseded"  # the KPI is another one now: its readings say nothing about what was told
    reaches_back = one.first_day is not None and one.first_day <= alert.since
    # With more segments each needs more evidence, in the past as well: that is no late data.
    if reaches_back and not changed and has_days(one, alert, alert.since, alert.fired_on):
        return "corrected"
    return "resolved" if _is_over(one, alert) else None


def has_days(one: Judged, alert: Announced, first: date, last: date) -> bool:
    """Whether each line that was told has a reading today of each of these days that had a final one then."""
    if any(first <= day <= last for day in one.held_days):
        return False
    wanted = [day for day in alert.final_days if first <= day <= last]
    return all(
        line.last is not None and line.last >= last and all(line.at(day) for day in wanted)
        for line in _lines(one, alert)
    )


def seems_open(one: Judged, alert: Announced) -> bool:
    """Whether a closed alert is open again only because days up to its end are not there now: that is our blindness, no
    fall. Low days since then, as many in a row as are no coincidence, are news."""
    if alert.closed_on is None or _changed(alert.terms, terms(one)) - {SHARED_BY}:
        return False
    newest = list(_judged_after(one, alert.closed_on))[-IN_A_ROW:]
    falls = len(newest) == IN_A_ROW and all(state is State.FIRING for state in newest)
    return not falls and not has_days(one, alert, alert.fired_on, alert.closed_on)


def _is_over(one: Judged, alert: Announced) -> bool:
    """Whether the days since then, as many as close an alert that is too small to be sure, say that all is well."""
    patience = one.series.watched.cadence.patience
    newest = list(_judged_after(one, alert.fired_on))[-patience:]
    return len(newest) == patience and not any(state in _BAD for state in newest)


def _judged_after(one: Judged, after: date) -> Iterator[State]:
    read = [one.track.read, *([one.track.slow_read] if one.track.slow_read else [])]
    return (state for day, state in one.track.states if day > after and any(line.at(day) for line in read))


def _lines(one: Judged, alert: Announced) -> list[Course]:
    """The days that were read, on each line that was told."""
    told = {"median" if line == "median" else "share" for line, _ in alert.told}
    slow = one.track.slow_read
    if slow is None or "median" not in told:
        return [one.track.read]
    return [slow, *([one.track.read] if "share" in told else [])]


def _changed(told: Mapping[str, Any], now: Mapping[str, Any]) -> set[str]:
    """What an older release did not write down counts as unchanged."""
    return {name for name in told.keys() & now.keys() if told[name] != now[name]}
