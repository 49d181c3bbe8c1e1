"""What today's data can say about what was told before. Pure.

A rule that was edited says nothing about the past, and neither do readings that are not there: only where every day
that was final then has a reading today can it be said that a breach never was, or that it goes on after all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from jkpi.alerts.detection.episodes import StateHistory
from jkpi.alerts.detection.state_machine import SeriesState
from jkpi.alerts.statistics.rules import RUN_LENGTH

if TYPE_CHECKING:
    from jkpi.alerts.transitions.model import EvaluatedSeries, StoredAlert, TransitionType

BUDGET_KEY = "budget"
_BELOW_LINE = (SeriesState.PATTERN, SeriesState.FIRING, SeriesState.RECOVERING)


def rule_terms(evaluated: EvaluatedSeries) -> dict[str, Any]:
    """The rule by which a series is judged, as JSON has it. `shared_by`: how many share a budget, and its days for one
    of them alone."""
    watched = evaluated.series.watched
    terms: dict[str, Any] = {
        "promise": watched.promise,
        "min_drop": watched.min_drop,
        "kpi": watched.kpi,
        "statistic": watched.statistic,
        "direction": watched.direction,
        "period": watched.period,
        "segments": list(watched.segment_names),
        "false_alarm_every": watched.false_alarm_every,
    }
    if evaluated.definition is not None:
        terms["definition"] = evaluated.definition
    if evaluated.rule is not None:
        terms[BUDGET_KEY] = [evaluated.rule.family_size, evaluated.rule.false_alarm_every]
    return terms


def closing_reason(evaluated: EvaluatedSeries, alert: StoredAlert) -> TransitionType | None:
    """Why an announced breach is no longer there; None where today's data cannot tell: it stays open."""
    changed = _changed_terms(alert.rule_at_firing, rule_terms(evaluated))
    if changed - {BUDGET_KEY}:
        return "superseded"
    if evaluated.definition_since is not None and evaluated.definition_since > alert.onset:
        return "superseded"  # the KPI is another one now: its readings say nothing about what was told
    reaches_back = evaluated.first_day is not None and evaluated.first_day <= alert.onset
    # With more segments each needs more evidence, in the past as well: that is no late data.
    if reaches_back and not changed and has_all_days(evaluated, alert, alert.onset, alert.fired_on):
        return "corrected"
    return "resolved" if _has_recovered(evaluated, alert) else None


def has_all_days(evaluated: EvaluatedSeries, alert: StoredAlert, first: date, last: date) -> bool:
    """Whether each line that was told has a reading today of each of these days that had a final one then."""
    if any(first <= day <= last for day in evaluated.suspended_days):
        return False
    required_days = [day for day in alert.final_days if first <= day <= last]
    return all(
        history.last_day is not None and history.last_day >= last and all(history.code_on(day) for day in required_days)
        for history in _notified_histories(evaluated, alert)
    )


def reopened_by_missing_data(evaluated: EvaluatedSeries, alert: StoredAlert) -> bool:
    """Whether a closed alert is open again only because days up to its end are not there now: that is our blindness, no
    fall. Low days since then, as many in a row as are no coincidence, are news."""
    if alert.closed_on is None or _changed_terms(alert.rule_at_firing, rule_terms(evaluated)) - {BUDGET_KEY}:
        return False
    newest_states = list(_states_after(evaluated, alert.closed_on))[-RUN_LENGTH:]
    is_firing = len(newest_states) == RUN_LENGTH and all(state is SeriesState.FIRING for state in newest_states)
    return not is_firing and not has_all_days(evaluated, alert, alert.fired_on, alert.closed_on)


def _has_recovered(evaluated: EvaluatedSeries, alert: StoredAlert) -> bool:
    """Whether the days since then, as many as close an alert that is too small to be sure, say that all is well."""
    close_after = evaluated.series.watched.evaluation_config.close_after
    newest_states = list(_states_after(evaluated, alert.fired_on))[-close_after:]
    return len(newest_states) == close_after and not any(state in _BELOW_LINE for state in newest_states)


def _states_after(evaluated: EvaluatedSeries, after: date) -> Iterator[SeriesState]:
    histories = [
        evaluated.result.read_days,
        *([evaluated.result.sign_test_read_days] if evaluated.result.sign_test_read_days else []),
    ]
    return (
        state
        for day, state in evaluated.result.states
        if day > after and any(history.code_on(day) for history in histories)
    )


def _notified_histories(evaluated: EvaluatedSeries, alert: StoredAlert) -> list[StateHistory]:
    """The days that were read, on each line that was told."""
    lines = {"median" if line == "median" else "share" for line, _ in alert.notified_lines}
    duration_history = evaluated.result.sign_test_read_days
    if duration_history is None or "median" not in lines:
        return [evaluated.result.read_days]
    return [duration_history, *([evaluated.result.read_days] if "share" in lines else [])]


def _changed_terms(before: Mapping[str, Any], today: Mapping[str, Any]) -> set[str]:
    """What an older release did not write down counts as unchanged."""
    return {name for name in before.keys() & today.keys() if before[name] != today[name]}
