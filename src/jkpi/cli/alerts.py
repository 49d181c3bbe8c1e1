"""`jkpi alerts`: what was told, why, and what people say to it."""

from __future__ import annotations

import getpass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from jkpi.cli.options import JsonOption, NowOption, WorkspaceOption, error_handling, parse_now
from jkpi.cli.output import print_result
from jkpi.errors import InputError
from jkpi.pipeline.progress import log

app = typer.Typer(
    rich_markup_mode=None,
    invoke_without_command=True,
    help="The alerts: list, show, ack, silence, unsilence, test-receiver.\n\nExample: jkpi alerts --json",
)

AlertIdArgument = Annotated[str, typer.Argument(help="The id of an alert, as in its message and in jkpi alerts.")]
WhoOption = Annotated[str | None, typer.Option("--who", help="Your name; else that of the user who is logged in.")]


@app.callback()
def list_by_default(context: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """The alerts: list, show, ack, silence, unsilence, test-receiver. Without a verb they are listed.

    Example: jkpi alerts --json
    """
    if context.invoked_subcommand is None:
        _print_alerts(workspace, None, False, as_json)
    elif workspace is not None or as_json:
        with error_handling(as_json):
            raise InputError("options come after the verb", hint=f"jkpi alerts {context.invoked_subcommand} ...")


@app.command("list")
def list_alerts_command(
    only_open: Annotated[bool, typer.Option("--open", help="Only the open ones.")] = False,
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the alerts, open ones first, and the silences.

    Example: jkpi alerts list --open
    """
    _print_alerts(workspace, now, only_open, as_json)


def _print_alerts(workspace: Path | None, now: str | None, only_open: bool, as_json: bool) -> None:
    with error_handling(as_json):
        from jkpi.alerts.store.acknowledgements import active_silences
        from jkpi.alerts.store.listing import list_alerts
        from jkpi.cli import alert_lines
        from jkpi.config.settings import load_settings

        settings = load_settings(workspace, parse_now(now))
        alerts_shown = [alert for alert in list_alerts(settings) if alert.status == "open" or not only_open]
        silences = active_silences(settings)
        print_result(
            {"alerts": alerts_shown, "silences": silences}, alert_lines.render_alerts(alerts_shown, silences), as_json
        )


@app.command()
def show(
    alert: AlertIdArgument, workspace: WorkspaceOption = None, now: NowOption = None, as_json: JsonOption = False
) -> None:
    """Show one alert with its evidence: what was told to whom, the readings then and now, the SQL.

    Example: jkpi alerts show 0123456789ab
    """
    with error_handling(as_json):
        from jkpi.alerts.store.history import alert_history
        from jkpi.cli import alert_lines
        from jkpi.config.settings import load_settings
        from jkpi.errors import JkpiError
        from jkpi.warehouse.open import open_warehouse

        settings = load_settings(workspace, parse_now(now))
        alert_history(settings, alert, None)  # an id that is wrong is told before a warehouse is opened
        try:
            with open_warehouse(settings, read_only=True) as warehouse:
                history = alert_history(settings, alert, warehouse)
        except JkpiError as error:
            log(f"jkpi: the readings of today are left out: {error.message}")
            history = alert_history(settings, alert, None)
        print_result(history, alert_lines.render_alert(history), as_json)


@app.command()
def ack(
    alert: AlertIdArgument,
    who: WhoOption = None,
    note_text: Annotated[str, typer.Option("--note", help="What you are going to do about it.")] = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take an alert on: it is no longer repeated, nor escalated, until it gets worse.

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
            log(f"jkpi: {problem}; it is tried again by jkpi alert")
        verb = "acknowledged" if acknowledgement.is_new else "was acknowledged already"
        print_result(
            acknowledgement,
            [
                f"{alert} {verb} by {acknowledgement.acknowledged_by} at {acknowledgement.acknowledged_at:%Y-%m-%d %H:%M} UTC: {acknowledgement.headline}"
            ],
            as_json,
        )


@app.command()
def silence(
    scope: Annotated[str, typer.Argument(help="An alert, JOURNEY, JOURNEY/MOMENT, or source/NAME.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; others will ask.")],
    until: Annotated[str | None, typer.Option("--until", help="A day, which is included, or a time.")] = None,
    length: Annotated[str | None, typer.Option("--for", help="How long, such as 12h, 7d or 2w.")] = None,
    who: WhoOption = None,
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold back messages until a time; what is still news then is told then. Judging goes on.

    Example: jkpi alerts silence equipment_repair/on_site --for 7d --reason "moving the depot"
    """
    with error_handling(as_json):
        from jkpi.alerts.store.acknowledgements import silence as hush
        from jkpi.config.settings import load_settings

        settings = load_settings(workspace, parse_now(now))
        end = _silence_end(settings.now, until, length)
        new_silence = hush(settings, scope, end, reason, who or _logged_in_user(), datetime.now(UTC))
        print_result(
            new_silence,
            [f"{scope} is silenced until {new_silence.until:%Y-%m-%d %H:%M} UTC (number {new_silence.silence_id})"],
            as_json,
        )


@app.command()
def unsilence(
    scope: Annotated[str, typer.Argument(help="What was silenced, or the number of the silence.")],
    who: WhoOption = None,
    workspace: WorkspaceOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a silence before its time.

    Example: jkpi alerts unsilence equipment_repair/on_site
    """
    with error_handling(as_json):
        from jkpi.alerts.store.acknowledgements import unsilence as unhush
        from jkpi.config.settings import load_settings

        ended = unhush(load_settings(workspace, parse_now(now)), scope, who or _logged_in_user(), datetime.now(UTC))
        print_result(
            ended,
            [
                f"{ended_silence.scope} is no longer silenced (number {ended_silence.silence_id})"
                for ended_silence in ended
            ],
            as_json,
        )


@app.command("test-receiver")
def test_receiver(
    name: Annotated[str, typer.Argument(help="A receiver of jkpi.yml.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a message that says it is a test, at once, and say whether it was taken.

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
        print_result(result, [f"{name} ({result.kind}) took the message {result.notification_id}{remark}"], as_json)


def _connection_cause(error: BaseException) -> str:
    """What the machine said when the receiver could not be reached: whoever tries one out wants to know."""
    cause = error.__context__
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__context__
    reason = cause.strerror if cause is not None else None
    return f": {reason[:1].lower()}{reason[1:]}" if reason else ""


def _silence_end(now: datetime, until: str | None, length: str | None) -> datetime:
    """A day is silenced to its end (UTC).

    Raises:
        InputError: none of the two is given, or both, or they are no time.
    """
    from datetime import timedelta

    from jkpi.documents.durations import parse_duration

    if (until is None) == (length is None):
        raise InputError("say how long", hint="--until 2026-07-01, or --for 7d")
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
        raise InputError("nobody is logged in", hint="say who you are: --who NAME") from None
