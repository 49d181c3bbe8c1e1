"""`jkpi alerts`: list, show, acknowledge and silence alerts; test receivers."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jkpi.cli.options import JsonOption, NowOption, WorkspaceOption, error_handling, parse_now
from jkpi.cli.output import print_result, render_table
from jkpi.errors import InputError
from jkpi.pipeline.progress import log

if TYPE_CHECKING:
    from jkpi.alerts.evidence.daily_readings import DailyReading
    from jkpi.alerts.notifications.silences import Silence
    from jkpi.alerts.store.history import AlertHistory
    from jkpi.alerts.store.listing import ListedAlert

app = typer.Typer(
    rich_markup_mode=None,
    invoke_without_command=True,
    help="List, show, acknowledge and silence alerts; test receivers.\n\nExample: jkpi alerts --json",
)

AlertIdArgument = Annotated[str, typer.Argument(help="Alert id, as in the notification and in jkpi alerts.")]
WhoOption = Annotated[str | None, typer.Option("--who", help="Your name. Default: the logged-in user.")]

_ALERT_COLUMNS = {
    "alert_id": "alert",
    "status": "status",
    "flags": "flags",
    "kind": "kind",
    "title": "title",
    "segment_value": "segment",
    "size": "size",
    "onset": "since",
    "fired_on": "fired on",
    "current": "now",
    "owner": "owner",
}
_SILENCE_COLUMNS = {
    "silence_id": "silence",
    "scope": "silenced",
    "until": "until (UTC)",
    "created_by": "by",
    "reason": "reason",
}
_DELIVERY_COLUMNS = {
    "number": "no.",
    "receiver": "receiver",
    "notification_type": "type",
    "status": "status",
    "sent_at": "sent (UTC)",
    "notification_id": "notification",
    "destination": "destination",
}
_READING_COLUMNS = {
    "day": "day",
    "then": "as notified",
    "n_then": "n",
    "status_then": "status",
    "now": "now",
    "n_now": "n",
    "status_now": "status",
    "note": "",
}


@app.callback()
def list_by_default(context: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List, show, acknowledge and silence alerts; test receivers. Without a verb, lists them.

    Example: jkpi alerts --json
    """
    if context.invoked_subcommand is None:
        _print_alerts(workspace, None, False, as_json)
    elif workspace is not None or as_json:
        with error_handling(as_json):
            raise InputError("options must follow the verb", hint=f"jkpi alerts {context.invoked_subcommand} ...")


@app.command("list")
def list_alerts_command(
    only_open: Annotated[bool, typer.Option("--open", help="Only open alerts.")] = False,
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """List alerts (open first) and silences.

    Example: jkpi alerts list --open
    """
    _print_alerts(workspace, now, only_open, as_json)


def _print_alerts(workspace: Path | None, now: str | None, only_open: bool, as_json: bool) -> None:
    with error_handling(as_json):
        from jkpi.alerts.store.acknowledgements import active_silences
        from jkpi.alerts.store.listing import list_alerts
        from jkpi.config.settings import load_settings

        settings = load_settings(workspace, parse_now(now))
        alerts_shown = [alert for alert in list_alerts(settings) if alert.status == "open" or not only_open]
        silences = active_silences(settings)
        print_result({"alerts": alerts_shown, "silences": silences}, render_alerts(alerts_shown, silences), as_json)


@app.command()
def show(
    alert: AlertIdArgument, workspace: WorkspaceOption = None, now: NowOption = None, as_json: JsonOption = False
) -> None:
    """Show one alert: its transitions, notifications, readings then and now, and SQL.

    Example: jkpi alerts show 0123456789ab
    """
    with error_handling(as_json):
        from jkpi.alerts.store.history import alert_history
        from jkpi.config.settings import load_settings
        from jkpi.errors import JkpiError
        from jkpi.warehouse.open import open_warehouse

        settings = load_settings(workspace, parse_now(now))
        alert_history(settings, alert, None)  # an unknown id fails before the warehouse is opened
        try:
            with open_warehouse(settings, read_only=True) as warehouse:
                history = alert_history(settings, alert, warehouse)
        except JkpiError as error:
            log(f"jkpi: today's readings are not shown: {error.message}")
            history = alert_history(settings, alert, None)
        print_result(history, render_alert(history), as_json)


@app.command()
def ack(
    alert: AlertIdArgument,
    who: WhoOption = None,
    note_text: Annotated[str, typer.Option("--note", help="What you will do about it.")] = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Acknowledge an alert: no reminders and no escalation until it worsens.

    Example: jkpi alerts ack 0123456789ab --note "two technicians are ill"
    """
    with error_handling(as_json):
        from jkpi.alerts.delivery.outbox import deliver
        from jkpi.alerts.store.acknowledgements import acknowledge
        from jkpi.config.settings import load_settings

        settings = load_settings(workspace)
        acknowledgement = acknowledge(
            settings, alert, who or _logged_in_user(), note_text, "command line", datetime.now(UTC)
        )
        for problem in deliver(settings).problems if acknowledgement.forwarded_count else ():
            log(f"jkpi: {problem}; jkpi deliver tries again")
        verb = "acknowledged" if acknowledgement.is_new else "was already acknowledged"
        print_result(
            acknowledgement,
            [
                f"{alert} {verb} by {acknowledgement.acknowledged_by}"
                f" at {acknowledgement.acknowledged_at:%Y-%m-%d %H:%M} UTC: {acknowledgement.headline}"
            ],
            as_json,
        )


@app.command()
def silence(
    scope: Annotated[str, typer.Argument(help="ALERT_ID, JOURNEY, JOURNEY/MOMENT or source/NAME.")],
    reason: Annotated[str, typer.Option("--reason", help="Reason, shown to others.")],
    until: Annotated[str | None, typer.Option("--until", help="End: a day (included) or a time.")] = None,
    length: Annotated[str | None, typer.Option("--for", help="Duration, for example 12h, 7d or 2w.")] = None,
    who: WhoOption = None,
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Suppress notifications until a time. Evaluation continues; what is still new afterwards is sent then.

    Example: jkpi alerts silence equipment_repair/on_site --for 7d --reason "moving the depot"
    """
    with error_handling(as_json):
        from jkpi.alerts.store import acknowledgements
        from jkpi.config.settings import load_settings

        settings = load_settings(workspace, parse_now(now))
        end = _silence_end(settings.now, until, length)
        new_silence = acknowledgements.silence(
            settings, scope, end, reason, who or _logged_in_user(), datetime.now(UTC)
        )
        print_result(
            new_silence,
            [f"{scope} is silenced until {new_silence.until:%Y-%m-%d %H:%M} UTC (silence {new_silence.silence_id})"],
            as_json,
        )


@app.command()
def unsilence(
    scope: Annotated[str, typer.Argument(help="The silenced scope, or the id of the silence.")],
    who: WhoOption = None,
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a silence early.

    Example: jkpi alerts unsilence equipment_repair/on_site
    """
    with error_handling(as_json):
        from jkpi.alerts.store import acknowledgements
        from jkpi.config.settings import load_settings

        settings = load_settings(workspace, parse_now(now))
        ended = acknowledgements.unsilence(settings, scope, who or _logged_in_user(), datetime.now(UTC))
        print_result(
            ended,
            [
                f"{ended_silence.scope} is no longer silenced (silence {ended_silence.silence_id})"
                for ended_silence in ended
            ],
            as_json,
        )


@app.command("test-receiver")
def test_receiver(
    name: Annotated[str, typer.Argument(help="Name of a receiver in jkpi.yml.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a test message now and report whether the receiver accepted it.

    Example: jkpi alerts test-receiver cx-lead
    """
    with error_handling(as_json):
        from jkpi.alerts.delivery.trial_message import send_test_message
        from jkpi.config.settings import load_settings
        from jkpi.errors import SystemFailure

        try:
            result = send_test_message(load_settings(workspace), name, datetime.now(UTC))
        except SystemFailure as error:
            raise SystemFailure(error.message + _connection_cause(error), hint=error.hint) from None
        remark = f", but {result.remark}" if result.remark else ""
        print_result(result, [f"{name} ({result.kind}) accepted message {result.notification_id}{remark}"], as_json)


def _connection_cause(error: BaseException) -> str:
    """The operating system's reason why the receiver could not be reached."""
    cause = error.__context__
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__context__
    reason = cause.strerror if cause is not None else None
    return f": {reason[:1].lower()}{reason[1:]}" if reason else ""


def _silence_end(now: datetime, until: str | None, length: str | None) -> datetime:
    """When a silence ends; `until` a day means the end of that day (UTC).

    Raises:
        InputError: neither or both are given, or the text is not a time or duration.
    """
    from jkpi.documents.durations import parse_duration

    if (until is None) == (length is None):
        raise InputError("give the length of the silence", hint="--until 2026-07-01, or --for 7d")
    if length is not None:
        try:
            return now + parse_duration(length)
        except ValueError as error:
            raise InputError(f"--for: {error}") from None
    try:
        return datetime.combine(date.fromisoformat(str(until)), time(), UTC) + timedelta(days=1)
    except ValueError:
        end = parse_now(until)
        assert end is not None
        return end


def _logged_in_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise InputError("no logged-in user", hint="give your name: --who NAME") from None


def render_alerts(alerts: Sequence[ListedAlert], silences: Sequence[Silence]) -> list[str]:
    """The alerts as a table, then the silences."""
    rows: list[dict[str, Any]] = [
        {
            **vars(alert),
            "flags": ", ".join(alert.flags) or "-",
            "segment_value": _segment_text(alert),
            "size": alert.size or "-",
            "current": _current_text(alert),
        }
        for alert in alerts
    ]
    lines = render_table(rows, _ALERT_COLUMNS) if rows else ["no alerts"]
    if silences:
        lines += ["", *render_table([vars(silence) for silence in silences], _SILENCE_COLUMNS)]
    return lines


def _segment_text(alert: ListedAlert) -> str:
    """The segment value, and the segments whose drops are part of the alert, three at most."""
    if not alert.includes:
        return alert.segment_value
    more = f" and {len(alert.includes) - 3} more" if len(alert.includes) > 3 else ""
    return f"{alert.segment_value}, includes {', '.join(alert.includes[:3])}{more}"


def _current_text(alert: ListedAlert) -> str:
    """The newest week of an open drop: 62 % (n = 700)."""
    from jkpi.formatting.numbers import format_count
    from jkpi.formatting.readings import format_reading

    if alert.current_value is None or alert.current_n is None:
        return "-"
    value = format_reading(alert.current_value, "points" if alert.statistic == "nps" else "share", alert.statistic)
    return f"{value} (n = {format_count(alert.current_n)})"


def render_alert(history: AlertHistory) -> list[str]:
    """One alert: its transitions, deliveries, the readings as notified and now, and the SQL behind them."""
    alert, acknowledgement = history.alert, history.alert.acknowledgement
    lines = [
        alert.headline,
        "",
        f"{alert.status} since {alert.onset}; {history.series_id}; owner {alert.owner or 'none'}",
    ]
    if acknowledgement:
        note = f": {acknowledgement.note}" if acknowledgement.note else ""
        lines.append(
            f"acknowledged by {acknowledgement.acknowledged_by},"
            f" {acknowledgement.acknowledged_at:%Y-%m-%d %H:%M} UTC{note}"
        )
    for entry in history.entries:
        lines += ["", f"{entry.number}. {entry.transition}, evaluated as of {entry.recorded_at:%Y-%m-%d %H:%M} UTC"]
        lines += [f"   {label:<14}{text}" for label, text in entry.rows]
    deliveries = [
        {"number": entry.number, **vars(delivery)} for entry in history.entries for delivery in entry.deliveries
    ]
    lines += ["", "notifications", *(render_table(deliveries, _DELIVERY_COLUMNS) if deliveries else ["none"])]
    lines += [f"{delivery['receiver']}: {delivery['problem']}" for delivery in deliveries if delivery["problem"]]
    if history.value_then:
        lines += [
            "",
            f"value   as notified {_format_figure(history.value_then)}, now {_format_figure(history.value_now)}",
        ]
    if history.readings:
        lines += [
            "",
            "readings, as notified and now",
            *render_table(_reading_rows(history), _READING_COLUMNS),
        ]
    newest_with_sql = next((entry for entry in reversed(history.entries) if entry.readings_sql), None)
    for caption, query in (
        [("the value", newest_with_sql.value_sql), ("the readings", newest_with_sql.readings_sql)]
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
                **_reading_columns("then", reading.then),
                **_reading_columns("now", reading.now),
                "note": changed_note,
            }
        )
    return rows


def _reading_columns(column_prefix: str, reading: DailyReading | None) -> dict[str, str]:
    value = f"{reading.value:.4g}" if reading and reading.value is not None else "-"
    n = f"{reading.denominator:,.0f}" if reading and reading.denominator is not None else "-"
    return {
        column_prefix: value,
        f"n_{column_prefix}": n,
        f"status_{column_prefix}": reading.status if reading else "-",
    }


def _format_figure(figure: dict[str, float] | None) -> str:
    return f"{figure['value']:.4g} (n = {figure['n']:,.0f})" if figure else "unknown"
