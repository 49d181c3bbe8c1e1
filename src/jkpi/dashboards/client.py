"""Superset's API through `superset-client`, with overrides where it fails against Superset 6: see each override.

No other module imports that package; they use `Superset`.
"""

from __future__ import annotations

import json
import logging
from functools import cached_property
from typing import Any

from jkpi.errors import InputError, SystemFailure

SUPPORTED_MAJOR = "6"
_TIMEOUT_SECONDS = 120.0
_PAGE_SIZE = 100


def connect(url: str, username: str, password: str, provider: str = "db") -> Any:
    """A client that is logged in.

    Raises:
        InputError: the client is not installed, the login is rejected, or the version of Superset is not supported.
        SystemFailure: the server cannot be reached.
    """
    client = _client_class()(url.rstrip("/"), username, password, provider)
    client.check_version()
    _ = client.session
    return client


def _client_class() -> Any:
    """The client with its overrides. It is defined in a function because the package is optional and slow to import."""
    root_handlers = list(logging.getLogger().handlers)
    try:
        import requests
        from supersetapiclient.assets import Assets
        from supersetapiclient.client import SupersetClient
    except ModuleNotFoundError as error:
        raise InputError(
            f"publishing dashboards needs superset-client, which is not installed ({error.name} is missing)",
            hint="pip install 'jkpi[superset]'",
        ) from None
    finally:
        # Its import configures logging for the whole process.
        for handler in logging.getLogger().handlers[:]:
            if handler not in root_handlers:
                logging.getLogger().removeHandler(handler)

    class Session(requests.Session):
        """HTTP session with bearer token, CSRF token and timeout; it logs in again when the token has expired.

        The package's own session switches TLS checks off when it renews a token, and waits for ever.
        """

        def __init__(self, client: Client) -> None:
            super().__init__()
            self._client = client
            self.headers.update({"Accept": "application/json", "Referer": client.base_url})

        def log_in(self) -> None:
            self.headers.pop("Authorization", None)
            self.headers.pop("X-CSRFToken", None)
            self.cookies.clear()
            login = {"username": self._client.username, "password": self._client._password}
            credentials = {**login, "provider": self._client.provider, "refresh": False}
            answer = super().request("POST", self._client.login_endpoint, json=credentials, timeout=_TIMEOUT_SECONDS)
            if answer.status_code == 401:
                raise InputError(
                    f"Superset at {self._client.host} rejected the login of user {self._client.username!r}",
                    hint="see `superset: {username, password}` in jkpi.yml",
                )
            self.headers["Authorization"] = f"Bearer {_response_body(answer)['access_token']}"
            csrf = self._client.join_urls(self._client.base_url, "security/csrf_token/")
            self.headers["X-CSRFToken"] = _response_body(super().request("GET", csrf, timeout=_TIMEOUT_SECONDS))[
                "result"
            ]

        def request(self, method: str, url: str | bytes, *args: Any, **more: Any) -> requests.Response:
            more.setdefault("timeout", _TIMEOUT_SECONDS)
            try:
                answer = super().request(method, url, *args, **more)
                if answer.status_code == 401:
                    self.log_in()
                    answer = super().request(method, url, *args, **more)
            except requests.RequestException as error:
                raise _unreachable(self._client.host, error) from None
            return answer

    class Bundles(Assets):  # type: ignore[misc]
        """Imports with overrides: the package opens only the last part of a file's path, and accepts no bytes."""

        def import_bundle(self, content: bytes, passwords: dict[str, str]) -> None:
            answer = self.client.post(
                self.import_url,
                files={"bundle": ("jkpi.zip", content, "application/zip")},
                data={"passwords": json.dumps(passwords)},
            )
            _response_body(answer)

    class Client(SupersetClient):  # type: ignore[misc]
        """Client that logs in at its first request."""

        assets_cls = Bundles

        @cached_property
        def session(self) -> Session:
            made = Session(self)
            try:
                made.log_in()
            except requests.RequestException as error:
                raise _unreachable(self.host, error) from None
            return made

        def check_version(self) -> None:
            """Check that the bundle is written for this version of Superset."""
            try:
                answer = requests.get(f"{self.host}/version", timeout=_TIMEOUT_SECONDS)
                version = str(answer.json()["version_string"])
            except requests.JSONDecodeError:
                version = "unknown"
            except (KeyError, TypeError):
                version = "unknown"
            except requests.RequestException as error:
                raise _unreachable(self.host, error) from None
            if version.partition(".")[0] != SUPPORTED_MAJOR:
                raise InputError(
                    f"{self.host} is not a Superset {SUPPORTED_MAJOR}: its version is {version}",
                    hint="see `superset: {url: ...}` in jkpi.yml; dashboards are made for Superset 6",
                )

        def ask(self, method: str, path: str, **more: Any) -> Any:
            """The body of a response; an error has the message of Superset."""
            return _response_body(self.session.request(method, self.join_urls(self.base_url, path), **more))

        def fetch(self, path: str, **more: Any) -> bytes:
            """The content of a response that is not JSON."""
            answer = self.session.request("GET", self.join_urls(self.base_url, path), **more)
            if not answer.ok:
                _response_body(answer)
            content: bytes = answer.content
            return content

        def listed(self, path: str, columns: list[str], filters: list[dict[str, Any]] = []) -> list[dict[str, Any]]:
            """All rows of a list, page by page."""
            rows: list[dict[str, Any]] = []
            for page in range(10_000):
                page_query = {
                    "page": page,
                    "page_size": _PAGE_SIZE,
                    "filters": filters,
                    **({"columns": columns} if columns else {}),
                }
                part = self.ask("GET", path, params={"q": json.dumps(page_query)})["result"]
                rows += part
                if len(part) < _PAGE_SIZE:
                    break
            return rows

    return Client


def _response_body(response: Any) -> Any:
    if response.ok:
        return response.json() if response.content else None
    try:
        error_body = response.json()
        reason = json.dumps(error_body.get("message") or error_body.get("errors") or error_body, ensure_ascii=False)
    except ValueError:
        reason = response.reason
    request_text = f"Superset refused {response.request.method} {response.request.path_url.partition('?')[0]}"
    message = f"{request_text} ({response.status_code}): {reason[:800]}"
    if response.status_code == 403:
        raise InputError(message, hint="the user of `superset:` in jkpi.yml needs the role Admin")
    raise SystemFailure(message, hint="see the log of Superset for details")


def _unreachable(host: str, error: Exception) -> SystemFailure:
    return SystemFailure(
        f"Superset at {host} is unreachable: {type(error).__name__}",
        hint="is it running, and is `superset: {url: ...}` in jkpi.yml its address?",
    )
