"""Read `jkpi.yml` and the environment into one frozen `Settings`."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import assert_never

from pydantic import AwareDatetime, Field, SecretStr

from jkpi.config.receivers import (
    DEFAULT_ALERTING,
    AlertingConfig,
    AlertOptions,
    AppriseReceiver,
    ConsoleReceiver,
    FileReceiver,
    MailReceiver,
    MuteInterval,
    PagerDutyReceiver,
    Receiver,
    ReceiverConfig,
    WebhookReceiver,
    WebReceiver,
)
from jkpi.config.secrets import Secrets, resolve_secret
from jkpi.config.superset import SupersetConfig, SupersetConnection
from jkpi.documents.documents import Document
from jkpi.documents.durations import Duration
from jkpi.documents.models import StrictModel, read_model
from jkpi.documents.public_holidays import Country, Holidays
from jkpi.errors import InputError, Problem, WorkspaceError

__all__ = ["Receiver", "Settings", "WorkspaceConfig", "find_workspace", "load_settings"]

WORKSPACE_FILE = "jkpi.yml"
MIN_KEY_LENGTH = 16
_CLOCK_TOLERANCE = timedelta(days=1)
_YEAR = timedelta(days=365)


class CustomerIdsConfig(StrictModel):
    """Whether customer ids are replaced by keyed hashes while loading, and with which key."""

    pseudonymise: bool = True
    key: str = Field("file:.jkpi/pseudonym.key", description="env:NAME or file:PATH; a missing file is created.")


class WorkspaceConfig(StrictModel):
    """`jkpi.yml`."""

    workspace: str = Field(description="Name of the workspace.")
    warehouse: str = Field("duckdb:///warehouse.duckdb", description="duckdb:///FILE, postgresql://..., or env:NAME.")
    state: str = Field(
        "sqlite:///state.db", description="State database (alerts, notifications): an SQLAlchemy URL, or env:NAME."
    )
    site_dir: Path = Field(Path("site"), description="Folder of the published pages.")
    as_of: AwareDatetime | None = Field(None, description="Fixed current time, for data sets that have ended.")
    synthetic: bool = Field(False, description="The data is synthetic; every page and message states it.")
    customer_ids: CustomerIdsConfig = CustomerIdsConfig()
    receivers: dict[str, ReceiverConfig] = {}
    default_receiver: str | None = None
    owners: dict[str, list[str]] = Field({}, description="Owner (of a map or a source) -> receivers.")
    holidays: Holidays = Field(
        [],
        description="Holidays of the whole workspace: countries, such as BR or BR-SP, and dates. On them few rows are"
        " no data gap, and they and the days after them are left out when evaluating.",
    )
    mute_intervals: list[MuteInterval] = []
    alerts: AlertOptions = AlertOptions()
    superset: SupersetConfig | None = Field(None, description="Server that `jkpi publish` sends dashboards to.")
    rejects_retention: Duration = Field(
        timedelta(days=90), description="How long the original rows of rejects are kept."
    )
    comments_retention: Duration | None = Field(
        None, description="How long the comments of customers are kept after the response. Forever if left out."
    )
    memory_limit: str | None = Field(None, description="Memory limit of DuckDB, such as 2GB.")


@dataclass(frozen=True)
class Settings:
    """The resolved settings of one run.

    holidays: days, and countries whose public holidays count, of all journeys.
    pseudonym_key: None if customer ids are not pseudonymised.
    now: the current time of this run, aware UTC.
    workspace_now: the workspace's own current time (as_of, else the clock), even if another `now` was requested; later
        events have not happened yet. None means `now`.
    clock: the time of the machine, if `as_of` fixes another; None if it does not.
    unresolved_secrets: secrets every verb needs that could not be resolved; only with `skip_secrets`.
    """

    workspace: Path
    name: str
    warehouse_url: str = field(repr=False)
    state_url: str = field(repr=False)
    site_dir: Path
    now: datetime
    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    default_receiver: str | None = None
    pseudonym_key: bytes | None = field(default=None, repr=False)
    memory_limit: str | None = None
    synthetic: bool = False
    workspace_now: datetime | None = None
    clock: datetime | None = None
    alerting: AlertingConfig = DEFAULT_ALERTING
    superset: SupersetConnection | None = None
    rejects_retention: timedelta = timedelta(days=90)
    comments_retention: timedelta | None = None
    unresolved_secrets: tuple[Problem, ...] = field(default=(), repr=False)
    holidays: tuple[date | Country, ...] = ()

    def not_before_workspace_time(self) -> Settings:
        """Copy with `now` not before `workspace_now`: for a past `now`, newer rows are not from the future."""
        return replace(self, now=max(self.now, self.workspace_now or self.now))

    @property
    def latest_row_time(self) -> datetime:
        """The latest time that a row can have; a later one is a mistake. Aware UTC.

        One day after `now`, because clocks differ. With `as_of`, rows after it are only not known yet: they wait until
        `as_of` is later. What is still ahead by the clock of the machine is a mistake there too, but not within a year
        of `as_of`: a workspace may be ahead of the machine.
        """
        limits = [] if self.clock is None else [self.clock, (self.workspace_now or self.now) + _YEAR]
        return max([self.now, *limits]) + _CLOCK_TOLERANCE

    @property
    def missing_secrets(self) -> tuple[Problem, ...]:
        """All unresolved secrets: those every verb needs, those of receivers, and those of Superset."""
        receiver_secrets = (problem for receiver in self.receivers.values() for problem in receiver.missing_secrets)
        return (
            *self.unresolved_secrets,
            *receiver_secrets,
            *(self.superset.unresolved_secrets if self.superset else ()),
        )

    @property
    def internal_dir(self) -> Path:
        """The folder `.jkpi` with jkpi's own files."""
        return self.workspace / ".jkpi"


def find_workspace(workspace: Path | None) -> Path:
    """`workspace` if given, else `JKPI_WORKSPACE`, else the working directory.

    Raises:
        InputError: the folder has no jkpi.yml.
    """
    folder = Path(workspace or os.environ.get("JKPI_WORKSPACE") or ".").resolve()
    if not (folder / WORKSPACE_FILE).is_file():
        raise InputError(
            f"{folder} is no workspace: it has no {WORKSPACE_FILE}",
            hint="choose one with --workspace or JKPI_WORKSPACE, or create one with: jkpi init DIR",
        )
    return folder


def load_settings(workspace: Path | None = None, now: datetime | None = None, skip_secrets: bool = False) -> Settings:
    """Read the settings of a workspace. `now` overrides `as_of` of jkpi.yml, which overrides the clock.

    skip_secrets: for verbs that only read the YAML, possibly on a machine without the secrets. No key file is created,
    and unresolved secrets are listed in `missing_secrets` instead of raising an error.

    Raises:
        WorkspaceError: jkpi.yml is invalid.
        InputError: there is no workspace, or a secret that every verb needs is missing. Missing secrets of receivers
            and of Superset do not raise here: the verb that needs them stops.
    """
    folder = find_workspace(workspace)
    config, document = read_model(folder / WORKSPACE_FILE, WorkspaceConfig, folder)
    _check_receivers(config, document)
    clock = datetime.now(UTC)
    workspace_now = config.as_of or clock
    workspace_secrets = Secrets(document, folder, [], "this workspace")

    def url(key: str, value: str) -> str:
        return _with_workspace_path(
            workspace_secrets.look_up(key, value) if skip_secrets else resolve_secret(value, folder), folder
        )

    return Settings(
        workspace=folder,
        name=config.workspace,
        warehouse_url=url("warehouse", config.warehouse),
        state_url=url("state", config.state),
        site_dir=folder / config.site_dir,
        now=(now or workspace_now).astimezone(UTC),
        receivers={
            name: _receiver(
                name, receiver_config, Secrets(document, folder, ["receivers", name], f"receiver {name!r}"), folder
            )
            for name, receiver_config in config.receivers.items()
        },
        default_receiver=config.default_receiver,
        pseudonym_key=None if skip_secrets else _pseudonym_key(config.customer_ids, folder),
        memory_limit=config.memory_limit,
        synthetic=config.synthetic,
        workspace_now=workspace_now.astimezone(UTC),
        clock=clock if config.as_of else None,
        alerting=AlertingConfig(
            owners={owner: tuple(names) for owner, names in config.owners.items()},
            mute_intervals=tuple(config.mute_intervals),
            options=config.alerts,
            ack_link_key=b"" if skip_secrets else _link_key(config.alerts, folder),
        ),
        superset=_superset(config.superset, Secrets(document, folder, ["superset"], "superset"), folder),
        rejects_retention=config.rejects_retention,
        comments_retention=config.comments_retention,
        unresolved_secrets=workspace_secrets.missing,
        holidays=tuple(config.holidays),
    )


def _with_workspace_path(url: str, folder: Path) -> str:
    """Resolve relative paths of embedded databases (three slashes) against the workspace."""
    for scheme in ("duckdb:///", "sqlite:///"):
        if url.startswith(scheme) and not url.startswith(scheme + "/"):
            return scheme + str(folder / url.removeprefix(scheme))
    return url


def _receiver(name: str, config: ReceiverConfig, secrets: Secrets, folder: Path) -> Receiver:
    def secret(key: str) -> SecretStr:
        return SecretStr(secrets.look_up(key, getattr(config, key)))

    if isinstance(config, FileReceiver):
        return Receiver(name, "file", path=folder / config.path)
    if isinstance(config, AppriseReceiver):
        return Receiver(name, "apprise", url=secret("url"), missing_secrets=secrets.missing)
    if isinstance(config, MailReceiver):
        server = secret("server")
        return Receiver(
            name, "mail", url=server, sender=config.sender, to=tuple(config.to), missing_secrets=secrets.missing
        )
    if isinstance(config, WebReceiver):
        signing = "secret" if isinstance(config, WebhookReceiver) else None
        if isinstance(config, PagerDutyReceiver):
            signing = "routing_key"
        return Receiver(
            name,
            config.kind,
            url=secret("url"),
            secret=secret(signing) if signing else None,
            allow_private=config.allow_private,
            timeout=config.timeout.total_seconds(),
            missing_secrets=secrets.missing,
        )
    if isinstance(config, ConsoleReceiver):
        return Receiver(name, "console")
    assert_never(config)


def _superset(config: SupersetConfig | None, secrets: Secrets, folder: Path) -> SupersetConnection | None:
    if config is None:
        return None
    password = secrets.look_up("password", config.password)
    database = (
        None if config.database is None else _with_workspace_path(secrets.look_up("database", config.database), folder)
    )
    return SupersetConnection(
        url=config.url.rstrip("/"),
        username=config.username,
        password=SecretStr(password),
        provider=config.provider,
        database=SecretStr(database) if database else None,
        unresolved_secrets=secrets.missing,
    )


def _check_receivers(config: WorkspaceConfig, document: Document) -> None:
    """Check that every receiver named in jkpi.yml is defined."""
    references: list[tuple[list[str | int], str]] = [
        (["owners", owner, number], name) for owner, names in config.owners.items() for number, name in enumerate(names)
    ]
    if config.default_receiver is not None:
        references.append((["default_receiver"], config.default_receiver))
    hint = f"known: {', '.join(config.receivers) or 'none'}"
    unknown = [(location, name) for location, name in references if name not in config.receivers]
    if unknown:
        raise WorkspaceError(document.problem(location, f"no receiver {name!r}", hint) for location, name in unknown)


def _pseudonym_key(ids: CustomerIdsConfig, folder: Path) -> bytes | None:
    return (
        _read_or_create_key(ids.key, folder, "customer_ids.key", "can identify customers") if ids.pseudonymise else None
    )


def _link_key(alerts: AlertOptions, folder: Path) -> bytes:
    return (
        _read_or_create_key(alerts.ack_link_key, folder, "alerts.ack_link_key", "can acknowledge alerts")
        if alerts.base_url
        else b""
    )


def _read_or_create_key(reference: str, folder: Path, name: str, risk: str) -> bytes:
    """The key as bytes. A missing key file is created with mode 0600."""
    if reference.startswith("file:"):
        path = folder / reference.removeprefix("file:")
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            # Written to a draft and hard-linked, so that of two concurrent processes exactly one key wins.
            draft = path.with_name(f"{path.name}.{os.getpid()}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.write(secrets.token_hex(32))
            with suppress(FileExistsError):
                path.hardlink_to(draft)
            draft.unlink()
    key = resolve_secret(reference, folder).encode()
    if len(key) < MIN_KEY_LENGTH:
        raise InputError(
            f"the key {name} has only {len(key)} characters; anyone who guesses it {risk}",
            hint=f"use at least {MIN_KEY_LENGTH} characters, or restore the previous key",
        )
    return key
