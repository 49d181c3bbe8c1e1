"""What `jkpi.yml` says about telling: receivers, who stands behind an owner, when to hold back, what to send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator

from jkpi.documents.documents import Strict
from jkpi.documents.durations import Duration, Interval
from jkpi.errors import Problem

PAGERDUTY = "https://events.pagerduty.com/v2/enqueue"
ReceiverKind = Literal["console", "file", "apprise", "mail", "slack", "teams", "webhook", "pagerduty"]
MACHINES: frozenset[ReceiverKind] = frozenset({"webhook", "pagerduty"})
"""They keep a state of their own, so they hear of quiet ends and of acknowledgements as well."""
_SECRET = "A secret: write env:NAME or file:PATH."
_WEEK = timedelta(days=7)


class ConsoleReceiver(Strict):
    """Messages go to the terminal."""

    kind: Literal["console"]


class FileReceiver(Strict):
    """Messages are appended to a text file."""

    kind: Literal["file"]
    path: Path


class AppriseReceiver(Strict):
    """Messages go, as plain text, wherever an Apprise URL points: a hundred services."""

    kind: Literal["apprise"]
    url: str = Field(description=_SECRET)


class MailReceiver(Strict):
    """Mails with text and a chart, in threads."""

    kind: Literal["mail"]
    server: str = Field(description=f"smtp://user:password@host:587, or smtps://... {_SECRET}")
    sender: str = Field(alias="from", description="The address that mails come from.")
    to: Annotated[list[str], Field(min_length=1)]


class WebReceiver(Strict):
    """What all that are reached by HTTP have in common."""

    url: str = Field(description=_SECRET)
    allow_private: bool = Field(False, description="Whether it may be on this machine or in a private network.")
    timeout: Duration = timedelta(seconds=10)


class SlackReceiver(WebReceiver):
    """A Slack channel, by the URL of an incoming webhook."""

    kind: Literal["slack"]


class TeamsReceiver(WebReceiver):
    """A Teams channel, by the URL of a workflow that takes adaptive cards."""

    kind: Literal["teams"]


class WebhookReceiver(WebReceiver):
    """A program, signed by the Standard Webhooks scheme."""

    kind: Literal["webhook"]
    secret: str = Field(description=f"whsec_ and base64; two with a space between while one is replaced. {_SECRET}")


class PagerDutyReceiver(WebReceiver):
    """PagerDuty's Events API v2."""

    kind: Literal["pagerduty"]
    routing_key: str = Field(description=_SECRET)
    url: str = PAGERDUTY


ReceiverFile = Annotated[
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
    """Where messages go, its secrets resolved. `url`: of Apprise, of the web, or of the mail server; `secret`: what
    signs webhooks, or PagerDuty's routing key; `timeout` in seconds; `missing`: its secrets that are not there."""

    name: str
    kind: ReceiverKind
    path: Path | None = None
    url: SecretStr | None = None
    secret: SecretStr | None = None
    sender: str = ""
    to: tuple[str, ...] = ()
    allow_private: bool = False
    timeout: float = 10.0
    missing: tuple[Problem, ...] = ()

    @property
    def is_machine(self) -> bool:
        return self.kind in MACHINES


class Mute(Strict):
    """Days on which nothing is announced, both included; what is still true afterwards is told then."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")
    reason: Annotated[str, Field(min_length=1)]
    only: list[str] = Field([], description="Journeys, journey/moment, or source/NAME; everything if none is given.")

    @model_validator(mode="after")
    def _in_order(self) -> Mute:
        if self.last < self.first:
            raise ValueError(f"it ends on {self.last}, before it begins on {self.first}")
        return self


def _a_week_at_least(length: timedelta) -> timedelta:
    if length < _WEEK:
        raise ValueError("what was told is told again once a week at most: write 7d or longer")
    return length


class AlertsFile(Strict):
    """How alerts are told."""

    base_url: str | None = Field(
        None, pattern=r"^https?://[^\s?#]+$", description="Where `jkpi serve` is reached: then messages carry links."
    )
    link_key: str = Field("file:.jkpi/links.key", description="env:NAME or file:PATH; a missing file is made.")
    links_valid: Duration = timedelta(days=14)
    false_alarm_every: Interval = Field(
        timedelta(days=547.5),
        description="So rarely a moment may be told of falsely, such as 1y: all of its series together.",
    )
    repeat_every: Annotated[Duration, AfterValidator(_a_week_at_least)] | None = Field(
        _WEEK, description="How often an alert that nobody acknowledged is told again; null: never."
    )
    digest: Literal["daily", "weekly", "never"] = Field(
        "weekly", description="How often coincidences and patterns are listed: early signs, nothing to do yet."
    )
    messages_a_day: int = Field(12, ge=1, description="A receiver gets no more; the rest waits and comes together.")
    comments: int = Field(0, ge=0, le=10, description="So many of the customers' own words go into a message.")
    unmapped_share: float = Field(0.05, gt=0, le=1, description="More events on no map than this: told.")
    without_evidence: Duration = Field(timedelta(days=28), description="A touchpoint that was not seen so long: told.")
    silent_after: Duration | None = Field(
        None, description="A source without new rows so long: told; twice its schedule and its lateness if not given."
    )


@dataclass(frozen=True)
class Telling:
    """How alerts are told, secrets resolved. `owners`: owner -> receivers."""

    owners: dict[str, tuple[str, ...]]
    mutes: tuple[Mute, ...]
    how: AlertsFile
    link_key: bytes = b""

    def __repr__(self) -> str:
        return f"Telling(owners={self.owners!r}, mutes={self.mutes!r}, how={self.how!r})"


QUIETLY = Telling({}, (), AlertsFile())
"""No owners, no mutes, no links: the defaults."""
