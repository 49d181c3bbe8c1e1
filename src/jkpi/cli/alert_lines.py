"""Alerts as lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jkpi.cli.output import render_table

if TYPE_CHECKING:
    from jkpi.alerts.evidence.daily_readings import DailyReading
    from jkpi.alerts.notifications.silences import Silence
    from jkpi.alerts.store.history import AlertHistory
    from jkpi.alerts.store.listing import ListedAlert

_ALERT_COLUMNS = {
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
_SILENCE_COLUMNS = {
    "silence_id": "number",
    "scope": "silenced",
    "until": "until (UTC)",
    "who": "by",
    "reason": "reason",
}
_DELIVERY_COLUMNS = {"number": "no.", "receiver": "receiver", "purpose": "purpose", "status": "status", "sent_at": "sent (UTC)",
          "message_id": "message", "destination": "where"}  # fmt: skip
_READING_COLUMNS = {"day": "day", "then": "then", "n_then": "n", "status_then": "status", "now": "now", "n_now": "n",
             "status_now": "status", "mark": ""}  # fmt: skip


def render_alerts(alerts: Sequence[ListedAlert], silences: Sequence[Silence]) -> list[str]:
    """The alerts as a table, and what is silenced."""
    rows: list[dict[str, Any]] = [
        {**{name: getattr(alert, name) for name in _ALERT_COLUMNS}, "flags": ", ".join(alert.flags) or "-"}
        for alert in alerts
    ]
    lines = render_table(rows, _ALERT_COLUMNS) if rows else ["no alerts"]
    if silences:
        lines += ["", *render_table([vars(silence) for silence in silences], _SILENCE_COLUMNS)]
    return lines


def render_alert(history: AlertHistory) -> list[str]:
    """One alert: what was told, to whom, from what, and what of it is still so."""
    alert, acknowledgement = history.alert, history.alert.acknowledgement
    lines = [
        alert.headline,
        "",
        f"{alert.status} since {alert.onset}; {history.series_id}; owner {alert.owner or 'nobody'}",
    ]
    if acknowledgement:
        lines.append(
            f"acknowledged by {acknowledgement.acknowledged_by}, {acknowledgement.acknowledged_at:%Y-%m-%d %H:%M} UTC{f': {acknowledgement.note}' * bool(acknowledgement.note)}"
        )
    for entry in history.entries:
        lines += ["", f"{entry.number}. {entry.transition}, judged as of {entry.recorded_at:%Y-%m-%d %H:%M} UTC"]
        lines += [f"   {label:<12}{text}" for label, text in entry.rows]
    deliveries = [
        {"number": entry.number, **vars(delivery)} for entry in history.entries for delivery in entry.deliveries
    ]
    lines += ["", "told", *(render_table(deliveries, _DELIVERY_COLUMNS) if deliveries else ["nobody"])]
    lines += [f"{delivery['receiver']}: {delivery['problem']}" for delivery in deliveries if delivery["problem"]]
    if history.value_then:
        lines += [
            "",
            f"the number   then {_format_figure(history.value_then)}, now {_format_figure(history.value_now)}",
        ]
    if history.readings:
        lines += [
            "",
            "the readings, as they were told and as they are",
            *render_table(_reading_rows(history), _READING_COLUMNS),
        ]
    newest_with_sql = next((entry for entry in reversed(history.entries) if entry.readings_sql), None)
    for caption, query in (
        [("the number", newest_with_sql.value_sql), ("the readings", newest_with_sql.readings_sql)]
        if newest_with_sql
        else []
    ):
        if query:
            lines += ["", f"SQL of {caption}:", "", *("    " + line for line in query.splitlines())]
    return lines


def _reading_rows(history: AlertHistory) -> list[dict[str, Any]]:
    rows = []
    for reading in history.readings:
        changed_note = "changed" if history.is_compared and reading.is_changed else ""
        rows.append(
            {
                "day": reading.day,
                **_reading_cells("then", reading.then),
                **_reading_cells("now", reading.now),
                "mark": changed_note,
            }
        )
    return rows


def _reading_cells(column_prefix: str, reading: DailyReading | None) -> dict[str, str]:
    value = f"{reading.value:.4g}" if reading and reading.value is not None else "-"
    n = f"{reading.denominator:,.0f}" if reading and reading.denominator is not None else "-"
    return {
        column_prefix: value,
        f"n_{column_prefix}": n,
        f"status_{column_prefix}": reading.status if reading else "-",
    }


def _format_figure(figure: dict[str, float] | None) -> str:
    return f"{figure['value']:.4g} (n = {figure['n']:,.0f})" if figure else "not known"
