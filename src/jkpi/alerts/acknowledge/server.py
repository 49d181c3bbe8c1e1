"""A small web server that acknowledges alerts by the links in messages.

Mail scanners and chat previews open every link they see. So the link only shows a page; the button on it acknowledges.
The server needs no cookie and no login: the signed link is the permission.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from jkpi.alerts.receivers.ack_links import (
    ACKNOWLEDGE_PATH,
    ExpiredLinkError,
    InvalidLinkError,
    SignedClaim,
    verify_link,
)
from jkpi.alerts.store.acknowledgements import Acknowledgement, AlertSummary, acknowledge, summary_of
from jkpi.config.settings import Settings
from jkpi.errors import InputError, SystemFailure
from jkpi.formatting.numbers import sanitize

_MAX_BODY = 4096
_MAX_NAME, _MAX_NOTE = 80, 300
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}

PageResponse = tuple[HTTPStatus, str]
NowFunction = Callable[[], datetime]


def make_server(
    settings: Settings,
    host: str,
    port: int,
    clock: NowFunction = lambda: datetime.now(UTC),
    on_acknowledged: Callable[[Acknowledgement], None] = lambda _: None,
) -> ThreadingHTTPServer:
    """A server, bound but not yet serving. It calls on_acknowledged with each new acknowledgement, after the response.

    Raises:
        InputError: the workspace has no `base_url`, so its messages have no links.
        SystemFailure: the port is in use, or the address is not one of this machine.
    """
    if not settings.alerting.options.base_url:
        raise InputError(
            "the messages of this workspace have no links",
            hint='set the address of this server in jkpi.yml: alerts: {base_url: "https://..."}',
        )

    class Handler(BaseHTTPRequestHandler):
        timeout = 10
        server_version, sys_version = "jkpi", ""

        def do_GET(self) -> None:
            self._respond(confirmation_page(settings, self.path, clock()))

        do_HEAD = do_GET  # noqa: N815

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isascii() or not length.isdigit() or int(length) > _MAX_BODY:
                self.close_connection = True
                self._respond(
                    _page(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Too large", "This form was not sent by our page.")
                )
                return
            form = dict(parse_qsl(self.rfile.read(int(length)).decode("utf-8", "replace")))
            response, acknowledgement = handle_acknowledge(settings, self.path, form, clock())
            self._respond(response)
            if acknowledgement is not None and acknowledgement.is_new:
                self.wfile.flush()
                on_acknowledged(acknowledgement)

        def _respond(self, response: PageResponse) -> None:
            status, page = response
            body = page.encode()
            self.send_response(status)
            for name, value in {**_HEADERS, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing: the path of a request is a secret."""

    try:
        server = ThreadingHTTPServer((host, port), Handler)
    except OSError as error:
        raise SystemFailure(
            f"cannot serve at {host}:{port}: {error.strerror}", hint="choose another --port or --host"
        ) from None
    server.daemon_threads = True
    return server


def confirmation_page(settings: Settings, path: str, now: datetime) -> PageResponse:
    """The page that a link shows: the alert and the button. It changes nothing."""
    claim = _verified_claim(settings, path, now)
    if isinstance(claim, SignedClaim):
        summary = _summary_or_error(settings, claim)
        if isinstance(summary, AlertSummary):
            if summary.acknowledgement is not None:
                return _acknowledged_page(summary.headline, summary.acknowledgement)
            if summary.status != "open":
                return _page(
                    HTTPStatus.OK, summary.headline, f"This alert is {summary.status}. There is nothing to do."
                )
            return _page(
                HTTPStatus.OK, summary.headline, _FORM.format(owner=escape(summary.owner), since=summary.onset), True
            )
        return summary
    return claim


def handle_acknowledge(
    settings: Settings, path: str, form: dict[str, str], now: datetime
) -> tuple[PageResponse, Acknowledgement | None]:
    """The response to the button, and the acknowledgement if there is one."""
    claim = _verified_claim(settings, path, now)
    if not isinstance(claim, SignedClaim):
        return claim, None
    acknowledged_by = sanitize(form.get("name", ""), _MAX_NAME)
    if not acknowledged_by:
        return _page(HTTPStatus.BAD_REQUEST, "Name missing", "Go back and enter your name."), None
    via = f"link sent to {claim.receiver}"
    try:
        acknowledgement = acknowledge(
            settings, claim.alert_id, acknowledged_by, sanitize(form.get("note", ""), _MAX_NOTE), via, now
        )
    except InputError as error:
        return _page(HTTPStatus.CONFLICT, "Not acknowledged", escape(error.message)), None
    except SystemFailure as error:
        return _page(HTTPStatus.SERVICE_UNAVAILABLE, "Unavailable", escape(error.message)), None
    return _acknowledged_page(acknowledgement.headline, acknowledgement), acknowledgement


def _verified_claim(settings: Settings, path: str, now: datetime) -> SignedClaim | PageResponse:
    url = urlsplit(path)
    base = urlsplit(settings.alerting.options.base_url or "").path.rstrip("/")
    if url.path not in (ACKNOWLEDGE_PATH, base + ACKNOWLEDGE_PATH):
        return _page(HTTPStatus.NOT_FOUND, "Not found", "Open the complete link in a message.")
    try:
        return verify_link(settings.alerting.ack_link_key, dict(parse_qsl(url.query)), now)
    except ExpiredLinkError:
        return _page(
            HTTPStatus.GONE,
            "This link has expired",
            "Use <code>jkpi alerts ack</code>, or the link in a newer message.",
        )
    except InvalidLinkError:
        return _page(HTTPStatus.FORBIDDEN, "This link is not valid", "Open the complete link in a message.")


def _summary_or_error(settings: Settings, claim: SignedClaim) -> AlertSummary | PageResponse:
    try:
        return summary_of(settings, claim.alert_id)
    except InputError:
        return _page(HTTPStatus.NOT_FOUND, "Not found", "There is no such alert.")
    except SystemFailure as error:
        return _page(HTTPStatus.SERVICE_UNAVAILABLE, "Unavailable", escape(error.message))


def _acknowledged_page(headline: str, acknowledgement: Acknowledgement) -> PageResponse:
    note = f"<p>“{escape(acknowledgement.note)}”</p>" if acknowledgement.note else ""
    name, acknowledged_at = escape(acknowledgement.acknowledged_by), acknowledgement.acknowledged_at
    confirmation = f"<p>Acknowledged by <strong>{name}</strong> on {acknowledged_at:%Y-%m-%d %H:%M} UTC.</p>{note}"
    next_step = (
        "<p>No reminders and no escalation until it worsens. You are notified when it resolves or worsens, or when late"
        " data show that it was a false alarm.</p>"
    )
    return _page(HTTPStatus.OK, headline, confirmation + next_step, True)


_FORM = """<p>Owner: {owner}. Since {since}.</p>
<form method="post">
<label>Your name <input name="name" required maxlength="80" autocomplete="name" autofocus></label>
<label>Note (optional) <input name="note" maxlength="300"></label>
<button>Acknowledge</button>
</form>"""
_STYLE = """body{font:16px/24px system-ui,sans-serif;color:#1f2429;background:#f3f4f6;margin:0;padding:24px}
main{max-width:560px;margin:0 auto;background:#fff;padding:24px;border-top:4px solid #1f4e8c}
h1{font-size:20px;line-height:28px;margin:0 0 12px}label{display:block;margin:12px 0}
input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:8px;border:1px solid #7a838c}
button{font:inherit;font-weight:bold;color:#fff;background:#1f4e8c;border:0;border-radius:4px;padding:10px 20px}
button:focus-visible,input:focus-visible{outline:3px solid #f0b429;outline-offset:1px}"""


def _page(status: HTTPStatus, title: str, content: str, is_markup: bool = False) -> PageResponse:
    """A whole page. content: our own markup, in which text from elsewhere is already escaped."""
    inner = content if is_markup else f"<p>{content}</p>"
    page = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{inner}</main></body></html>"
    )
    return status, page
