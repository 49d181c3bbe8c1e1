"""jkpi.yml and the environment: what is resolved, and that secrets are never shown."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from jkpi.config.settings import Settings, load_settings
from jkpi.errors import InputError, WorkspaceError


def workspace(folder: Path, text: str = "") -> Path:
    (folder / "jkpi.yml").write_text(f"workspace: w\n{text}", encoding="utf-8")
    return folder


def test_relative_paths_are_in_the_workspace(tmp_path: Path) -> None:
    settings = load_settings(workspace(tmp_path))
    assert settings.warehouse_url == f"duckdb:///{tmp_path}/warehouse.duckdb"
    assert settings.state_url == f"sqlite:///{tmp_path}/state.db"
    assert settings.site_dir == tmp_path / "site"


def test_absolute_paths_and_server_urls_are_kept(tmp_path: Path) -> None:
    text = "warehouse: postgresql://u@h/d\nstate: sqlite:////elsewhere/s.db\n"
    settings = load_settings(workspace(tmp_path, text))
    assert settings.warehouse_url == "postgresql://u@h/d"
    assert settings.state_url == "sqlite:////elsewhere/s.db"


def test_now_overrides_as_of(tmp_path: Path) -> None:
    workspace(tmp_path, "as_of: 2026-06-30T08:00:00+02:00\n")
    assert load_settings(tmp_path).now == datetime(2026, 6, 30, 6, tzinfo=UTC)
    later = datetime(2026, 7, 1, tzinfo=UTC)
    assert load_settings(tmp_path, later).now == later


def test_secrets_are_resolved_and_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_URL", "postgresql://u:s3cret@h/d")
    text = "warehouse: env:THE_URL\nreceivers:\n  r: {kind: apprise, url: 'file:url.txt'}\n"
    (tmp_path / "url.txt").write_text("slack://s3cret/s3cret\n")
    settings = load_settings(workspace(tmp_path, text))
    assert settings.warehouse_url.endswith("s3cret@h/d")
    receiver = settings.receivers["r"]
    assert receiver.url is not None
    assert receiver.url.get_secret_value() == "slack://s3cret/s3cret"
    assert "s3cret" not in repr(settings)


def test_missing_secret_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNSET", raising=False)
    with pytest.raises(InputError, match="UNSET is not set"):
        load_settings(workspace(tmp_path, "warehouse: env:UNSET\n"))


def test_missing_secrets_of_receivers_and_superset_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNSET", raising=False)
    text = """
receivers:
  duty: {kind: pagerduty, routing_key: env:UNSET}
  chat: {kind: slack, url: 'file:url.txt'}
  desk: {kind: console}
superset: {url: "https://bi.example.org", username: u, password: env:UNSET, database: env:UNSET}
"""
    settings = load_settings(workspace(tmp_path, text))
    not_set = "the environment variable UNSET is not set (export UNSET=... and run again)"
    assert [str(problem) for problem in settings.missing_secrets] == [
        f"jkpi.yml:4:40: receiver 'duty': {not_set}",
        "jkpi.yml:5:28: receiver 'chat': the secret file url.txt cannot be read: No such file or directory",
        f"jkpi.yml:7:66: superset: {not_set}",
        f"jkpi.yml:7:87: superset: {not_set}",
    ]
    assert [len(receiver.missing_secrets) for receiver in settings.receivers.values()] == [1, 1, 0]


def test_skip_secrets_lists_missing_secrets_and_creates_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNSET", raising=False)
    folder = workspace(tmp_path, "warehouse: env:UNSET\n")
    with pytest.raises(InputError, match="UNSET is not set"):
        load_settings(folder)
    (problem,) = load_settings(folder, skip_secrets=True).missing_secrets
    assert "this workspace: the environment variable UNSET is not set" in str(problem)
    assert not (folder / ".jkpi").exists()


def test_pseudonym_key_is_created_once_and_is_private(tmp_path: Path) -> None:
    first: Settings = load_settings(workspace(tmp_path))
    key = tmp_path / ".jkpi" / "pseudonym.key"
    assert key.stat().st_mode & 0o077 == 0
    assert first.pseudonym_key == load_settings(tmp_path).pseudonym_key
    assert len(first.pseudonym_key or b"") == 64
    assert load_settings(workspace(tmp_path, "customer_ids: {pseudonymise: false}\n")).pseudonym_key is None


def test_missing_workspace_has_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JKPI_WORKSPACE", raising=False)
    with pytest.raises(InputError, match="no workspace") as caught:
        load_settings(tmp_path)
    assert "jkpi init" in caught.value.hint
    monkeypatch.setenv("JKPI_WORKSPACE", str(workspace(tmp_path)))
    assert load_settings().workspace == tmp_path


def test_invalid_settings_are_reported_with_position(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError) as caught:
        load_settings(workspace(tmp_path, "warehous: x\nas_of: 2026-01-01T00:00:00\n"))
    assert [str(problem) for problem in caught.value.problems] == [
        "jkpi.yml:2:1: unknown key 'warehous' (did you mean 'warehouse'?)",
        "jkpi.yml:3:8: 'as_of': input should have timezone info",
    ]
    with pytest.raises(WorkspaceError, match="no receiver 'x'"):
        load_settings(workspace(tmp_path, "default_receiver: x\n"))


def test_alerting_settings_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", "https://example.org/s3cret")
    monkeypatch.setenv("SIGNING_KEY", "whsec_aHVzaA==")
    text = """
receivers:
  lead: {kind: mail, server: env:HOOK, from: jkpi@example.org, to: [lead@example.org]}
  program: {kind: webhook, url: env:HOOK, secret: env:SIGNING_KEY, timeout: 3s}
  pager: {kind: pagerduty, routing_key: env:SIGNING_KEY}
owners: {field-service: [lead, pager]}
mute_intervals: [{from: 2026-12-24, to: 2026-12-26, reason: holidays}]
alerts: {base_url: "https://jkpi.example.org", repeat_every: 2w}
"""
    settings = load_settings(workspace(tmp_path, text))
    assert settings.alerting.owners == {"field-service": ("lead", "pager")}
    program, pager = settings.receivers["program"], settings.receivers["pager"]
    assert (program.timeout, program.allow_private, program.is_machine) == (3.0, False, True)
    assert pager.url is not None and pager.url.get_secret_value() == "https://events.pagerduty.com/v2/enqueue"
    assert len(settings.alerting.ack_link_key) == 64
    assert (tmp_path / ".jkpi" / "links.key").stat().st_mode & 0o077 == 0
    assert "s3cret" not in repr(settings) and settings.alerting.ack_link_key.decode() not in repr(settings)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "holidays: [BR, 2026-12-24, XQ]\n",
            "jkpi.yml:2:28: no holidays are known of 'XQ': write the ISO code of a country, such as BR",
        ),
        ("owners: {sales: [nobody]}\n", "jkpi.yml:2:18: no receiver 'nobody' (known: none)"),
        ("mute_intervals: [{from: 2026-12-26, to: 2026-12-24, reason: r}]\n", "before it begins on 2026-12-26"),
        ("alerts: {repeat_every: 1d}\n", "once a week at most"),
        ("alerts: {base_url: jkpi.example.org}\n", "'base_url': string should match pattern"),
        ("receivers: {r: {kind: webhook, url: env:X}}\n", "the key 'secret' is missing"),
    ],
)
def test_invalid_alerting_settings_are_reported_with_position(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        load_settings(workspace(tmp_path, text))
    assert expected in str(caught.value)
