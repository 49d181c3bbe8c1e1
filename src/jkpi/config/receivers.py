"""Alerting in `jkpi.yml`: receivers, owners, mute intervals and options."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator

from jkpi.documents.durations import Duration, LongDuration
from jkpi.documents.models import StrictModel
from jkpi.errors import Problem

PAGERDUTY = "https://events.pagerduty.com/v2/enqueue"
# One entry for each model in ReceiverConfig.
ReceiverKind = Literal["console", "file", "apprise", "mail", "slack", "teams", "webhook", "pagerduty"]
MACHINE_RECEIVERS: frozenset[ReceiverKind] = frozenset({"webhook", "pagerduty"})
"""Kinds of receivers that keep a state of their own: they also get silent endings and acknowledgements."""
_SECRET = "A secret: write env:NAME or file:PATH."
_WEEK = timedelta(days=7)


class ConsoleReceiver(StrictModel):
    """Messages printed to the terminal."""

    kind: Literal["console"]


class FileReceiver(StrictModel):
    """Messages appended to a text file."""

    kind: Literal["file"]
    path: Path


class AppriseReceiver(StrictModel):
    """Plain text to an Apprise URL: more than a hundred services."""

    kind: Literal["apprise"]
    url: str = Field(description=_SECRET)


class MailReceiver(StrictModel):
    """Mails with text and a chart, in threads."""

    kind: Literal["mail"]
    server: str = Field(description=f"smtp://user:password@host:587, or smtps://... {_SECRET}")
    sender: str = Field(alias="from", description="The address that mails are sent from.")
    to: Annotated[list[str], Field(min_length=1)]


class WebReceiver(StrictModel):
    """What all HTTP receivers have in common."""

    url: str = Field(description=_SECRET)
    allow_private: bool = Field(False, description="Allow an address of this machine or of a private network.")
    timeout: Duration = timedelta(seconds=10)


class SlackReceiver(WebReceiver):
    """Cards in a Slack channel. url: of an incoming webhook."""

    kind: Literal["slack"]


class TeamsReceiver(WebReceiver):
    """Cards in a Teams channel. url: of a workflow that accepts adaptive cards."""

    kind: Literal["teams"]


class WebhookReceiver(WebReceiver):
    """JSON posted to a program, signed as in Standard Webhooks."""

    kind: Literal["webhook"]
    secret: str = Field(
        description=f"whsec_ and base64; two, separated by a space, while one is being replaced. {_SECRET}"
    )


class PagerDutyReceiver(WebReceiver):
    """Events for PagerDuty (Events API v2)."""

    kind: Literal["pagerduty"]
    routing_key: str = Field(description=_SECRET)
    url: str = PAGERDUTY


ReceiverConfig = Annotated[
    ConsoleReceiver
    | FileReceiver
    | AppriseReceiver
    | MailReceiver
    | SlackReceiver
    | TeamsReceiver
    | WebhookReceiver
    | PagerDutyReceiver,
    Field(discriminator="kind"),
]


@dataclass(frozen=True)
class Receiver:
    """A receiver with its secrets resolved.

    url: of Apprise, of the web address, or of the mail server. secret: signs webhooks, or PagerDuty's routing key.
    timeout: in seconds. missing_secrets: those that could not be resolved.
    """

    name: str
    kind: ReceiverKind
    path: Path | None = None
    url: SecretStr | None = None
    secret: SecretStr | None = None
    sender: str = ""
    to: tuple[str, ...] = ()
    allow_private: bool = False
    timeout: float = 10.0
    missing_secrets: tuple[Problem, ...] = ()

    @property
    def is_machine(self) -> bool:
        return self.kind in MACHINE_RECEIVERS


class MuteInterval(StrictModel):
    """Days without notifications, both included. What is still true afterwards is notified then."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")
    reason: Annotated[str, Field(min_length=1)]
    scope: list[str] = Field([], description="Journeys, journey/moment, or source/NAME; everything if empty.")

    @model_validator(mode="after")
    def _in_order(self) -> MuteInterval:
        if self.last < self.first:
            raise ValueError(f"it ends on {self.last}, before it begins on {self.first}")
        return self


def _at_least_weekly(length: timedelta) -> timedelta:
    if length < _WEEK:
        raise ValueError("reminders come once a week at most: write 7d or longer")
    return length


class VolumeAlerts(StrictModel):
    """Which daily volumes are evaluated for drops."""

    sources: bool = Field(True, description="Events a day of each source.")
    touchpoints: bool = Field(True, description="Events a day of each touchpoint of a map.")
    moments: bool = Field(
        True, description="Cases a day of each moment of truth that is evaluated by day; not of promises."
    )
    except_: list[str] = Field(
        [],
        alias="except",
        description="Left out: source/NAME, JOURNEY/touchpoint/NAME or JOURNEY/MOMENT.",
    )


class AlertOptions(StrictModel):
    """Options of alerting."""

    base_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s?#]+$",
        description="Address of `jkpi serve`. If it is set, messages contain links.",
    )
    ack_link_key: str = Field("file:.jkpi/links.key", description="env:NAME or file:PATH. A missing file is created.")
    ack_link_ttl: Duration = timedelta(days=14)
    false_alarm_every: LongDuration = Field(
        timedelta(days=547.5),
        description="Target for false alarms: at most one in this time for a moment, all of its series together.",
    )
    repeat_every: Annotated[Duration, AfterValidator(_at_least_weekly)] | None = Field(
        _WEEK, description="Time between reminders of an alert that nobody has acknowledged; null: no reminders."
    )
    watch_list: Literal["daily", "weekly", "never"] = Field(
        "weekly", description="How often series in state watch or pattern are listed."
    )
    max_messages_per_day: int = Field(
        12, ge=1, description="Limit for one receiver; what exceeds it waits and comes in one message."
    )
    max_comments: int = Field(0, ge=0, le=10, description="Number of customer comments in a message.")
    max_unmapped_share: float = Field(
        0.05, gt=0, le=1, description="Alert if a larger proportion of the events of a source is on no map."
    )
    max_wrong_order_share: float = Field(
        0.005,
        ge=0,
        le=1,
        description="Alert if in a larger proportion of the pairs of a KPI, `to` came before `from` and not after it.",
    )
    no_events_after: Duration = Field(
        timedelta(days=28),
        description="Alert if a journey, or a touchpoint whose rhythm is not known yet, has had no event for so long.",
    )
    silent_after: Duration | None = Field(
        None,
        description="Alert if a source has no new rows for this long. Default: twice its schedule and its lateness.",
    )
    volume_alerts: VolumeAlerts = Field(
        VolumeAlerts(), description="Alert if the volume of a source, a touchpoint or a moment drops."
    )


@dataclass(frozen=True)
class AlertingConfig:
    """Alerting with its secrets resolved. owners: owner -> receivers."""

    owners: dict[str, tuple[str, ...]]
    mute_intervals: tuple[MuteInterval, ...]
    options: AlertOptions
    ack_link_key: bytes = b""

    def __repr__(self) -> str:
        return (
            f"AlertingConfig(owners={self.owners!r}, mute_intervals={self.mute_intervals!r}, options={self.options!r})"
        )


DEFAULT_ALERTING = AlertingConfig({}, (), AlertOptions())
"""The defaults: no owners, no mute intervals, no links."""
