"""`jkpi alerts`: what was told, why, and what people say to it."""

from __future__ import annotations

import getpass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from jkpi.cli.options import Json, Now, Workspace, ending, moment
from jkpi.cli.output import give
from jkpi.errors import InputError
from jkpi.pipeline.progress import note

app = typer.Typer(
    rich_markup_mode=None,
    invoke_without_command=True,
    help="The alerts: list, show, ack, silence, unsilence, test-receiver.\n\nExample: jkpi alerts --json",
)

AlertId = Annotated[str, typer.Argument(help="The id of an alert, as in its message and in jkpi alerts.")]
Who = Annotated[str | None, typer.Option("--who", help="Your name; else that of the user who is logged in.")]


@app.callback()
def listed(context: typer.Context, workspace: Workspace = None, as_json: Json = False) -> None:
    """The alerts: list, show, ack, silence, unsilence, test-receiver. Without a verb they are listed.

    Example: jkpi alerts --json
    """
    if context.invoked_subcommand is None:
        _list(workspace, None, False, as_json)
    elif workspace is not None or as_json:
        with ending(as_json):
            raise InputError("options come after the verb", hint=f"jkpi alerts {context.invoked_subcommand} ...")


@app.command("list")
def list_them(
    only_open: Annotated[bool, typer.Option("--open", help="Only the open ones.")] = False,
    workspace: Workspace = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """List the alerts, open ones first, and the silences.

    Example: jkpi alerts list --open
    """
    _list(workspace, now, only_open, as_json)


def _list(workspace: Path | None, now: str | None, only_open: bool, as_json: bool) -> None:
    with ending(as_json):
        from jkpi.alerts.store.acknowledgements import current_silences
        from jkpi.alerts.store.listing import list_alerts
        from jkpi.cli import alert_lines
        from jkpi.config.settings import load_settings

        settings = load_settings(workspace, moment(now))
        found = [alert for alert in list_alerts(settings) if alert.status == "open" or not only_open]
        silences = current_silences(settings)
        give({"alerts": found, "silences": silences}, alert_lines.listed(found, silences), as_json)


@app.command()
def show(alert: AlertId, workspace: Workspace = None, now: Now = None, as_json: Json = False) -> None:
    """Show one alert with its evidence: what was told to whom, the readings then and now, the SQL.

    Example: jkpi alerts show 0123456789ab
    """
    with ending(as_json):
        from jkpi.alerts.store.history import story
        from jkpi.cli import alert_lines
        from jkpi.config.settings import load_settings
        from jkpi.errors import JkpiError
        from jkpi.warehouse.open import open_warehouse

        settings = load_settings(workspace, moment(now))
        story(settings, alert, None)  # an id that is wrong is told before a warehouse is opened
        try:
            with open_warehouse(settings, read_only=True) as w:
                told = story(settings, alert, w)
        except JkpiError as error:
            note(f"jkpi: the readings of today are left out: {error.message}")
            told = story(settings, alert, None)
        give(told, alert_lines.shown(told), as_json)


@app.command()
def ack(
    alert: AlertId,
    who: Who = None,
    remark: Annotated[str, typer.Option("--note", help="What you are going to do about it.")] = "",
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Take an alert on: it is no longer repeated, nor escalated, until it gets worse.

    Example: jkpi alerts ack 0123456789ab --note "two technicians are ill"
    """
    with ending(as_json):
        from jkpi.alerts.delivery.outbox import deliver
        from jkpi.alerts.store.acknowledgements import acknowledge
        from jkpi.config.settings import load_settings

        settings = load_settings(workspace)
        done = acknowledge(settings, alert, who or _user(), remark, "command line", datetime.now(UTC))
        for problem in deliver(settings).problems if done.messages else ():
            note(f"jkpi: {problem}; it is tried again by jkpi alert")
        word = "acknowledged" if done.is_new else "was acknowledged already"
        give(done, [f"{alert} {word} by {done.who} at {done.at:%Y-%m-%d %H:%M} UTC: {done.headline}"], as_json)


@app.command()
def silence(
    scope: Annotated[str, typer.Argument(help="An alert, JOURNEY, JOURNEY/MOMENT, or source/NAME.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; others will ask.")],
    until: Annotated[str | None, typer.Option("--until", help="A day, which is included, or a time.")] = None,
    length: Annotated[str | None, typer.Option("--for", help="How long, such as 12h, 7d or 2w.")] = None,
    who: Who = None,
    workspace: Workspace = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Hold back messages until a time; what is still news then is told then. Judging goes on.

    Example: jkpi alerts silence equipment_repair/on_site --for 7d --reason "moving the depot"
    """
    with ending(as_json):
        from jkpi.alerts.store.acknowledgements import silence as hush
        from jkpi.config.settings import load_settings

        settings = load_settings(workspace, moment(now))
        end = _end(settings.now, until, length)
        made = hush(settings, scope, end, reason, who or _user(), datetime.now(UTC))
        give(made, [f"{scope} is silenced until {made.until:%Y-%m-%d %H:%M} UTC (number {made.silence_id})"], as_json)


@app.command()
def unsilence(
    scope: Annotated[str, typer.Argument(help="What was silenced, or the number of the silence.")],
    who: Who = None,
    workspace: Workspace = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """End a silence before its time.

    Example: jkpi alerts unsilence equipment_repair/on_site
    """
    with ending(as_json):
        from jkpi.alerts.store.acknowledgements import unsilence as unhush
        from jkpi.config.settings import load_settings

        ended = unhush(load_settings(workspace, moment(now)), scope, who or _user(), datetime.now(UTC))
        give(ended, [f"{one.scope} is no longer silenced (number {one.silence_id})" for one in ended], as_json)


@app.command("test-receiver")
def test_receiver(
    name: Annotated[str, typer.Argument(help="A receiver of jkpi.yml.")],
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Send a message that says it is a test, at once, and say whether it was taken.

    Example: jkpi alerts test-receiver cx-lead
    """
    with ending(as_json):
        from jkpi.alerts.delivery.trial_message import try_receiver
        from jkpi.config.settings import load_settings
        from jkpi.errors import SystemFailure

        try:
            tried = try_receiver(load_settings(workspace), name, datetime.now(UTC))
        except SystemFailure as error:
            raise SystemFailure(error.message + _cause(error), hint=error.hint) from None
        remark = f", but {tried.remark}" if tried.remark else ""
        give(tried, [f"{name} ({tried.kind}) took the message {tried.message_id}{remark}"], as_json)


def _cause(error: BaseException) -> str:
    """What the machine said when the receiver could not be reached: whoever tries one out wants to know."""
    cause = error.__context__
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__context__
    said = cause.strerror if cause is not None else None
    return f": {said[:1].lower()}{said[1:]}" if said else ""


def _end(now: datetime, until: str | None, length: str | None) -> datetime:
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
        end = moment(until)
        assert end is not None
        return end


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise InputError("nobody is logged in", hint="say who you are: --who NAME") from None
