"""Reasons for closing a stored alert that the data no longer show. Pure.

An edited rule or missing readings prove nothing about the past. An alert is corrected or reopened only if every day
that was final then has a reading today.
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
    """Terms of the rule of a series, as stored in JSON. The budget term has family size and days between false
    alarms."""
    watched = evaluated.series.watched
    terms: dict[str, Any] = {
        "promise": evaluated.series.promise,
        "min_drop": watched.min_drop,
        "kpi": watched.kpi,
        "statistic": watched.statistic,
        "direction": watched.direction,
        "period": watched.period,
        "segments": list(watched.segment_names),
        "false_alarm_every": watched.false_alarm_every,
        "has_local_baseline": watched.has_local_baseline,
    }
    if evaluated.definition is not None:
        terms["definition"] = evaluated.definition
    if evaluated.rule is not None:
        terms[BUDGET_KEY] = [evaluated.rule.family_size, evaluated.rule.false_alarm_every]
    return terms


def closing_reason(evaluated: EvaluatedSeries, alert: StoredAlert) -> TransitionType | None:
    """Why a notified episode is no longer found; None if today's data cannot show it, so that the alert stays open."""
    changed = _changed_terms(alert.rule_at_firing, rule_terms(evaluated))
    if changed - {BUDGET_KEY}:
        return "superseded"
    if evaluated.definition_since is not None and evaluated.definition_since > alert.onset:
        return "superseded"  # its definition changed: new readings prove nothing about the alert
    reaches_back = evaluated.first_day is not None and evaluated.first_day <= alert.onset
    # With more segments each needs more evidence, in the past too: that is no correction by late data.
    if reaches_back and not changed and has_all_days(evaluated, alert, alert.onset, alert.fired_on):
        return "corrected"
    return "resolved" if _has_recovered(evaluated, alert) else None


def has_all_days(evaluated: EvaluatedSeries, alert: StoredAlert, first: date, last: date) -> bool:
    """Whether each notified line has a reading today for each of these days that had a final one then."""
    if any(first <= day <= last for day in evaluated.suspended_days):
        return False
    required_days = [day for day in alert.final_days if first <= day <= last]
    return all(
        history.last_day is not None and history.last_day >= last and all(history.code_on(day) for day in required_days)
        for history in _notified_histories(evaluated, alert)
    )


def reopened_by_missing_data(evaluated: EvaluatedSeries, alert: StoredAlert) -> bool:
    """Whether a closed alert seems open again only because readings up to its end are missing now. This is a data gap,
    not a drop. A firing state on as many days in a row as RUN_LENGTH since then is news all the same."""
    if alert.closed_on is None or _changed_terms(alert.rule_at_firing, rule_terms(evaluated)) - {BUDGET_KEY}:
        return False
    newest_states = list(_states_after(evaluated, alert.closed_on))[-RUN_LENGTH:]
    is_firing = len(newest_states) == RUN_LENGTH and all(state is SeriesState.FIRING for state in newest_states)
    return not is_firing and not has_all_days(evaluated, alert, alert.fired_on, alert.closed_on)


def _has_recovered(evaluated: EvaluatedSeries, alert: StoredAlert) -> bool:
    """Whether the last close_after days since it fired are all fine."""
    close_after = evaluated.series.watched.evaluation_config.close_after
    newest_states = list(_states_after(evaluated, alert.fired_on))[-close_after:]
    return len(newest_states) == close_after and not any(state in _BELOW_LINE for state in newest_states)


def _states_after(evaluated: EvaluatedSeries, after: date) -> Iterator[SeriesState]:
    """States of days with a reading after a day."""
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
    """Days with readings, for each notified line."""
    lines = {"median" if line == "median" else "share" for line, _ in alert.notified_lines}
    duration_history = evaluated.result.sign_test_read_days
    if duration_history is None or "median" not in lines:
        return [evaluated.result.read_days]
    return [duration_history, *([evaluated.result.read_days] if "share" in lines else [])]


def _changed_terms(before: Mapping[str, Any], today: Mapping[str, Any]) -> set[str]:
    """Names of terms that changed. A term that is missing on either side counts as unchanged."""
    return {name for name in before.keys() & today.keys() if before[name] != today[name]}
