"""The workspace's `jkpi.yml` and the environment, as one frozen `Settings`."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import AwareDatetime, Field, SecretStr

from jkpi.config.receivers import (
    DEFAULT_ALERTING,
    AlertingConfig,
    AlertOptions,
    AppriseReceiver,
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
from jkpi.documents.documents import Document, StrictModel, read_model
from jkpi.documents.durations import Duration
from jkpi.errors import InputError, Problem, WorkspaceError

__all__ = ["Receiver", "Settings", "WorkspaceConfig", "find_workspace", "load_settings"]

WORKSPACE_FILE = "jkpi.yml"
MIN_KEY_LENGTH = 16


class CustomerIdsConfig(StrictModel):
    """Whether customer ids are replaced by keyed hashes at the door, and with which key."""

    pseudonymise: bool = True
    key: str = Field("file:.jkpi/pseudonym.key", description="env:NAME or file:PATH; a missing file is made.")


class WorkspaceConfig(StrictModel):
    """`jkpi.yml`."""

    workspace: str = Field(description="The name of this workspace.")
    warehouse: str = Field("duckdb:///warehouse.duckdb", description="duckdb:///FILE, postgresql://..., or env:NAME.")
    state: str = Field("sqlite:///state.db", description="Where jkpi remembers alerts: an SQLAlchemy URL, or env:NAME.")
    site_dir: Path = Field(Path("site"), description="Where pages are published.")
    as_of: AwareDatetime | None = Field(None, description="Time stands still here: for data that has ended.")
    synthetic: bool = Field(False, description="The data is made up; every page and message says so.")
    customer_ids: CustomerIdsConfig = CustomerIdsConfig()
    receivers: dict[str, ReceiverConfig] = {}
    default_receiver: str | None = None
    owners: dict[str, list[str]] = Field({}, description="Owner on a map or of a source -> receivers.")
    mute_intervals: list[MuteInterval] = []
    alerts: AlertOptions = AlertOptions()
    superset: SupersetConfig | None = Field(None, description="Where `jkpi publish` puts dashboards.")
    rejects_retention: Duration = Field(
        timedelta(days=90), description="How long the originals of rows that were set aside are kept; then deleted."
    )
    memory_limit: str | None = Field(None, description="A bound on DuckDB's memory, such as 2GB.")


@dataclass(frozen=True)
class Settings:
    """Everything a run needs to know. `pseudonym_key` is None where ids stay as they are.

    now: the time to act as at, aware UTC. present: the workspace's own time, whatever was asked for: what lies after it
    has not happened yet; None stands for `now`. unset: secrets that every verb needs, where they were not asked for.
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
    alerting: AlertingConfig = DEFAULT_ALERTING
    superset: SupersetConnection | None = None
    rejects_retention: timedelta = timedelta(days=90)
    unresolved_secrets: tuple[Problem, ...] = field(default=(), repr=False)

    def not_before_workspace_time(self) -> Settings:
        """The same, not earlier than the workspace's own time: rows are not from the future because we look back."""
        return replace(self, now=max(self.now, self.workspace_now or self.now))

    @property
    def missing_secrets(self) -> tuple[Problem, ...]:
        """The secrets that are not there: those that every verb needs, those of all receivers, and of Superset."""
        receiver_secrets = (problem for receiver in self.receivers.values() for problem in receiver.missing_secrets)
        return (
            *self.unresolved_secrets,
            *receiver_secrets,
            *(self.superset.unresolved_secrets if self.superset else ()),
        )

    @property
    def internal_dir(self) -> Path:
        """The folder of what jkpi keeps for itself in the workspace."""
        return self.workspace / ".jkpi"


def find_workspace(workspace: Path | None) -> Path:
    """The folder given, else `JKPI_WORKSPACE`, else the working directory.

    Raises:
        InputError: it holds no jkpi.yml.
    """
    folder = Path(workspace or os.environ.get("JKPI_WORKSPACE") or ".").resolve()
    if not (folder / WORKSPACE_FILE).is_file():
        raise InputError(
            f"{folder} is no workspace: it holds no {WORKSPACE_FILE}",
            hint="name one with --workspace or JKPI_WORKSPACE, or make one with: jkpi init DIR",
        )
    return folder


def load_settings(workspace: Path | None = None, now: datetime | None = None, skip_secrets: bool = False) -> Settings:
    """Settings of a workspace. `now` goes before `as_of` of jkpi.yml, and that before the clock.

    as_written: for whoever only looks at the YAML, on a machine that knows no secret: no key is made, and what every
    verb needs is only `missing` as well.

    Raises:
        WorkspaceError: jkpi.yml is not right.
        InputError: no workspace, or a secret is not there that every verb needs. One of a receiver or of Superset is
            only `missing`: whatever needs it refuses.
    """
    folder = find_workspace(workspace)
    config, document = read_model(folder / WORKSPACE_FILE, WorkspaceConfig, folder)
    _check_receivers(config, document)
    workspace_now = config.as_of or datetime.now(UTC)
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
        alerting=AlertingConfig(
            owners={owner: tuple(names) for owner, names in config.owners.items()},
            mute_intervals=tuple(config.mute_intervals),
            options=config.alerts,
            ack_link_key=b"" if skip_secrets else _link_key(config.alerts, folder),
        ),
        superset=_superset(config.superset, Secrets(document, folder, ["superset"], "superset"), folder),
        rejects_retention=config.rejects_retention,
        unresolved_secrets=workspace_secrets.missing,
    )


def _with_workspace_path(url: str, folder: Path) -> str:
    """Relative paths of embedded databases (three slashes) are relative to the workspace."""
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
    return Receiver(name, "console")


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
    """Whoever is named as a receiver is one."""
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
    return _read_or_create_key(ids.key, folder, "customer_ids.key", "knows the customers") if ids.pseudonymise else None


def _link_key(alerts: AlertOptions, folder: Path) -> bytes:
    return (
        _read_or_create_key(alerts.ack_link_key, folder, "alerts.ack_link_key", "acknowledges for others")
        if alerts.base_url
        else b""
    )


def _read_or_create_key(reference: str, folder: Path, name: str, risk: str) -> bytes:
    """The key as bytes. A key file that is missing is made once, readable by its owner alone."""
    if reference.startswith("file:"):
        path = folder / reference.removeprefix("file:")
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            # Written beside and linked into place: of two processes that start at once, one key wins, whole.
            draft = path.with_name(f"{path.name}.{os.getpid()}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.write(secrets.token_hex(32))
            with suppress(FileExistsError):
                path.hardlink_to(draft)
            draft.unlink()
    key = resolve_secret(reference, folder).encode()
    if len(key) < MIN_KEY_LENGTH:
        raise InputError(
            f"the key of {name} has {len(key)} characters; whoever guesses it {risk}",
            hint=f"give it at least {MIN_KEY_LENGTH}, or restore the one that was used before",
        )
    return key
