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
    QUIETLY,
    AlertsFile,
    AppriseReceiver,
    FileReceiver,
    MailReceiver,
    Mute,
    PagerDutyReceiver,
    Receiver,
    ReceiverFile,
    Telling,
    WebhookReceiver,
    WebReceiver,
)
from jkpi.config.secrets import Secrets, resolve_secret
from jkpi.config.superset import Superset, SupersetFile
from jkpi.documents.documents import Document, Strict, read
from jkpi.documents.durations import Duration
from jkpi.errors import InputError, Problem, WorkspaceError

__all__ = ["Receiver", "Settings", "WorkspaceFile", "find_workspace", "load_settings"]

WORKSPACE_FILE = "jkpi.yml"
KEY_AT_LEAST = 16


class CustomerIds(Strict):
    """Whether customer ids are replaced by keyed hashes at the door, and with which key."""

    pseudonymise: bool = True
    key: str = Field("file:.jkpi/pseudonym.key", description="env:NAME or file:PATH; a missing file is made.")


class WorkspaceFile(Strict):
    """`jkpi.yml`."""

    workspace: str = Field(description="The name of this workspace.")
    warehouse: str = Field("duckdb:///warehouse.duckdb", description="duckdb:///FILE, postgresql://..., or env:NAME.")
    state: str = Field("sqlite:///state.db", description="Where jkpi remembers alerts: an SQLAlchemy URL, or env:NAME.")
    output: Path = Field(Path("site"), description="Where pages are published.")
    as_of: AwareDatetime | None = Field(None, description="Time stands still here: for data that has ended.")
    synthetic: bool = Field(False, description="The data is made up; every page and message says so.")
    customer_ids: CustomerIds = CustomerIds()
    receivers: dict[str, ReceiverFile] = {}
    default_receiver: str | None = None
    owners: dict[str, list[str]] = Field({}, description="Owner on a map or of a source -> receivers.")
    mute: list[Mute] = []
    alerts: AlertsFile = AlertsFile()
    superset: SupersetFile | None = Field(None, description="Where `jkpi publish` puts dashboards.")
    rejects_kept: Duration = Field(
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
    output: Path
    now: datetime
    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    default_receiver: str | None = None
    pseudonym_key: bytes | None = field(default=None, repr=False)
    memory_limit: str | None = None
    synthetic: bool = False
    present: datetime | None = None
    telling: Telling = QUIETLY
    superset: Superset | None = None
    rejects_kept: timedelta = timedelta(days=90)
    unset: tuple[Problem, ...] = field(default=(), repr=False)

    def at_present(self) -> Settings:
        """The same, not earlier than the workspace's own time: rows are not from the future because we look back."""
        return replace(self, now=max(self.now, self.present or self.now))

    @property
    def missing(self) -> tuple[Problem, ...]:
        """The secrets that are not there: those that every verb needs, those of all receivers, and of Superset."""
        of_receivers = (problem for receiver in self.receivers.values() for problem in receiver.missing)
        return (*self.unset, *of_receivers, *(self.superset.missing if self.superset else ()))

    @property
    def private(self) -> Path:
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


def load_settings(workspace: Path | None = None, now: datetime | None = None, as_written: bool = False) -> Settings:
    """Settings of a workspace. `now` goes before `as_of` of jkpi.yml, and that before the clock.

    as_written: for whoever only looks at the YAML, on a machine that knows no secret: no key is made, and what every
    verb needs is only `missing` as well.

    Raises:
        WorkspaceError: jkpi.yml is not right.
        InputError: no workspace, or a secret is not there that every verb needs. One of a receiver or of Superset is
            only `missing`: whatever needs it refuses.
    """
    folder = find_workspace(workspace)
    written, document = read(folder / WORKSPACE_FILE, WorkspaceFile, folder)
    _check_receivers(written, document)
    present = written.as_of or datetime.now(UTC)
    own = Secrets(document, folder, [], "this workspace")

    def url(key: str, value: str) -> str:
        return _located(own.look_up(key, value) if as_written else resolve_secret(value, folder), folder)

    return Settings(
        workspace=folder,
        name=written.workspace,
        warehouse_url=url("warehouse", written.warehouse),
        state_url=url("state", written.state),
        output=folder / written.output,
        now=(now or present).astimezone(UTC),
        receivers={
            name: _receiver(name, given, Secrets(document, folder, ["receivers", name], f"receiver {name!r}"), folder)
            for name, given in written.receivers.items()
        },
        default_receiver=written.default_receiver,
        pseudonym_key=None if as_written else _pseudonym_key(written.customer_ids, folder),
        memory_limit=written.memory_limit,
        synthetic=written.synthetic,
        present=present.astimezone(UTC),
        telling=Telling(
            owners={owner: tuple(names) for owner, names in written.owners.items()},
            mutes=tuple(written.mute),
            how=written.alerts,
            link_key=b"" if as_written else _link_key(written.alerts, folder),
        ),
        superset=_superset(written.superset, Secrets(document, folder, ["superset"], "superset"), folder),
        rejects_kept=written.rejects_kept,
        unset=own.missing,
    )


def _located(url: str, folder: Path) -> str:
    """Relative paths of embedded databases (three slashes) are relative to the workspace."""
    for scheme in ("duckdb:///", "sqlite:///"):
        if url.startswith(scheme) and not url.startswith(scheme + "/"):
            return scheme + str(folder / url.removeprefix(scheme))
    return url


def _receiver(name: str, given: ReceiverFile, secrets: Secrets, folder: Path) -> Receiver:
    def secret(key: str) -> SecretStr:
        return SecretStr(secrets.look_up(key, getattr(given, key)))

    if isinstance(given, FileReceiver):
        return Receiver(name, "file", path=folder / given.path)
    if isinstance(given, AppriseReceiver):
        return Receiver(name, "apprise", url=secret("url"), missing=secrets.missing)
    if isinstance(given, MailReceiver):
        server = secret("server")
        return Receiver(name, "mail", url=server, sender=given.sender, to=tuple(given.to), missing=secrets.missing)
    if isinstance(given, WebReceiver):
        signing = "secret" if isinstance(given, WebhookReceiver) else None
        if isinstance(given, PagerDutyReceiver):
            signing = "routing_key"
        return Receiver(
            name,
            given.kind,
            url=secret("url"),
            secret=secret(signing) if signing else None,
            allow_private=given.allow_private,
            timeout=given.timeout.total_seconds(),
            missing=secrets.missing,
        )
    return Receiver(name, "console")


def _superset(given: SupersetFile | None, secrets: Secrets, folder: Path) -> Superset | None:
    if given is None:
        return None
    password = secrets.look_up("password", given.password)
    database = None if given.database is None else _located(secrets.look_up("database", given.database), folder)
    return Superset(
        url=given.url.rstrip("/"),
        username=given.username,
        password=SecretStr(password),
        provider=given.provider,
        database=SecretStr(database) if database else None,
        missing=secrets.missing,
    )


def _check_receivers(written: WorkspaceFile, document: Document) -> None:
    """Whoever is named as a receiver is one."""
    places: list[tuple[list[str | int], str]] = [
        (["owners", owner, number], name)
        for owner, names in written.owners.items()
        for number, name in enumerate(names)
    ]
    if written.default_receiver is not None:
        places.append((["default_receiver"], written.default_receiver))
    known = f"known: {', '.join(written.receivers) or 'none'}"
    wrong = [(place, name) for place, name in places if name not in written.receivers]
    if wrong:
        raise WorkspaceError(document.problem(place, f"no receiver {name!r}", known) for place, name in wrong)


def _pseudonym_key(ids: CustomerIds, folder: Path) -> bytes | None:
    return _key(ids.key, folder, "customer_ids.key", "knows the customers") if ids.pseudonymise else None


def _link_key(how: AlertsFile, folder: Path) -> bytes:
    return _key(how.link_key, folder, "alerts.link_key", "acknowledges for others") if how.base_url else b""


def _key(where: str, folder: Path, name: str, danger: str) -> bytes:
    """The key as bytes. A key file that is missing is made once, readable by its owner alone."""
    if where.startswith("file:"):
        place = folder / where.removeprefix("file:")
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            # Written beside and linked into place: of two processes that start at once, one key wins, whole.
            draft = place.with_name(f"{place.name}.{os.getpid()}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.write(secrets.token_hex(32))
            with suppress(FileExistsError):
                place.hardlink_to(draft)
            draft.unlink()
    key = resolve_secret(where, folder).encode()
    if len(key) < KEY_AT_LEAST:
        raise InputError(
            f"the key of {name} has {len(key)} characters; whoever guesses it {danger}",
            hint=f"give it at least {KEY_AT_LEAST}, or restore the one that was used before",
        )
    return key
