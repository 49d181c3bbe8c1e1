"""Alerts as lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jkpi.cli.output import table

if TYPE_CHECKING:
    from jkpi.alerts.evidence.daily_readings import Day
    from jkpi.alerts.notifications.silences import Silence
    from jkpi.alerts.store.history import Story
    from jkpi.alerts.store.listing import AlertSummary

_ALERTS = {
    "alert_id": "alert",
    "status": "status",
    "flags": "flags",
    "kind": "kind",
    "title": "what",
    "segment_value": "segment",
    "since": "since",
    "fired_on": "fired on",
    "owner": "owner",
}
_SILENCES = {"silence_id": "number", "scope": "silenced", "until": "until (UTC)", "who": "by", "reason": "reason"}
_HEARD = {"number": "no.", "receiver": "receiver", "purpose": "purpose", "status": "status", "sent_at": "sent (UTC)",
          "message_id": "message", "destination": "where"}  # fmt: skip
_READINGS = {"day": "day", "then": "then", "n_then": "n", "status_then": "status", "now": "now", "n_now": "n",
             "status_now": "status", "mark": ""}  # fmt: skip


def listed(alerts: Sequence[AlertSummary], silences: Sequence[Silence]) -> list[str]:
    """The alerts as a table, and what is silenced."""
    rows: list[dict[str, Any]] = [
        {**{name: getattr(alert, name) for name in _ALERTS}, "flags": ", ".join(alert.flags) or "-"} for alert in alerts
    ]
    lines = table(rows, _ALERTS) if rows else ["no alerts"]
    if silences:
        lines += ["", *table([vars(one) for one in silences], _SILENCES)]
    return lines


def shown(story: Story) -> list[str]:
    """One alert: what was told, to whom, from what, and what of it is still so."""
    alert, taken = story.alert, story.alert.acknowledged
    lines = [alert.headline, "", f"{alert.status} since {alert.since}; {story.series}; owner {alert.owner or 'nobody'}"]
    if taken:
        lines.append(
            f"acknowledged by {taken.who}, {taken.at:%Y-%m-%d %H:%M} UTC{f': {taken.note}' * bool(taken.note)}"
        )
    for step in story.steps:
        lines += ["", f"{step.number}. {step.transition}, judged as of {step.recorded_at:%Y-%m-%d %H:%M} UTC"]
        lines += [f"   {label:<12}{text}" for label, text in step.rows]
    heard = [{"number": step.number, **vars(one)} for step in story.steps for one in step.heard]
    lines += ["", "told", *(table(heard, _HEARD) if heard else ["nobody"])]
    lines += [f"{one['receiver']}: {one['problem']}" for one in heard if one["problem"]]
    if story.number_then:
        lines += ["", f"the number   then {_number(story.number_then)}, now {_number(story.number_now)}"]
    if story.readings:
        lines += ["", "the readings, as they were told and as they are", *table(_readings(story), _READINGS)]
    newest = next((step for step in reversed(story.steps) if step.sql), None)
    for caption, query in [("the number", newest.number_sql), ("the readings", newest.sql)] if newest else []:
        if query:
            lines += ["", f"SQL of {caption}:", "", *("    " + line for line in query.splitlines())]
    return lines


def _readings(story: Story) -> list[dict[str, Any]]:
    rows = []
    for one in story.readings:
        mark = "changed" if story.is_compared and one.is_changed else ""
        rows.append({"day": one.day, **_cells("then", one.then), **_cells("now", one.now), "mark": mark})
    return rows


def _cells(when: str, day: Day | None) -> dict[str, str]:
    value = f"{day.value:.4g}" if day and day.value is not None else "-"
    n = f"{day.denominator:,.0f}" if day and day.denominator is not None else "-"
    return {when: value, f"n_{when}": n, f"status_{when}": day.status if day else "-"}


def _number(figure: dict[str, float] | None) -> str:
    return f"{figure['value']:.4g} (n = {figure['n']:,.0f})" if figure else "not known"
