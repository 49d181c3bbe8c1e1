"""A small web server for one thing: to acknowledge an alert by the link in a message.

Mail scanners and chat previews open every link they see. So a link only shows a page that asks; the button on it is
what acknowledges. The server needs no cookie and no login: the signed link is the right to do so.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from jkpi.alerts.receivers.ack_links import PATH, Claim, OldLinkError, WrongLinkError, read
from jkpi.alerts.store.acknowledgements import Acknowledged, AlertFace, acknowledge, face
from jkpi.config.settings import Settings
from jkpi.errors import InputError, SystemFailure
from jkpi.formatting.numbers import plain

_LONGEST_BODY = 4096
_WHO, _NOTE = 80, 300
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}

Answer = tuple[HTTPStatus, str]
Clock = Callable[[], datetime]


def make_server(
    settings: Settings,
    host: str,
    port: int,
    clock: Clock = lambda: datetime.now(UTC),
    heard: Callable[[Acknowledged], None] = lambda _: None,
) -> ThreadingHTTPServer:
    """A server that is bound, and serves when told to. `heard` is called with each new acknowledgement, once answered.

    Raises:
        InputError: the workspace makes no links.
        SystemFailure: the port is taken, or the address is none of this machine.
    """
    if not settings.telling.how.base_url:
        raise InputError(
            "this workspace makes no links to be answered",
            hint='say where this server is reached, in jkpi.yml: alerts: {base_url: "https://..."}',
        )

    class Handler(BaseHTTPRequestHandler):
        timeout = 10
        server_version, sys_version = "jkpi", ""

        def do_GET(self) -> None:
            self._answer(ask(settings, self.path, clock()))

        do_HEAD = do_GET  # noqa: N815

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isascii() or not length.isdigit() or int(length) > _LONGEST_BODY:
                self.close_connection = True
                self._answer(_page(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Too much", "This is no answer to our page."))
                return
            form = dict(parse_qsl(self.rfile.read(int(length)).decode("utf-8", "replace")))
            answer, done = take_on(settings, self.path, form, clock())
            self._answer(answer)
            if done is not None and done.is_new:
                self.wfile.flush()
                heard(done)

        def _answer(self, answer: Answer) -> None:
            status, page = answer
            body = page.encode()
            self.send_response(status)
            for name, value in {**_HEADERS, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: the path of a request is a secret."""

    try:
        server = ThreadingHTTPServer((host, port), Handler)
    except OSError as error:
        raise SystemFailure(
            f"nothing can be served at {host}:{port}: {error.strerror}", hint="choose another --port or --host"
        ) from None
    server.daemon_threads = True
    return server


def ask(settings: Settings, path: str, now: datetime) -> Answer:
    """The page that a link shows: which alert it is, and the button. Nothing changes."""
    found = _claimed(settings, path, now)
    if isinstance(found, Claim):
        seen = _face(settings, found)
        if isinstance(seen, AlertFace):
            if seen.acknowledged is not None:
                return _taken(seen.headline, seen.acknowledged)
            if seen.status != "open":
                return _page(HTTPStatus.OK, seen.headline, f"This alert is {seen.status}; there is nothing to do.")
            return _page(HTTPStatus.OK, seen.headline, _FORM.format(owner=escape(seen.owner), since=seen.since), True)
        return seen
    return found


def take_on(settings: Settings, path: str, form: dict[str, str], now: datetime) -> tuple[Answer, Acknowledged | None]:
    """What the button does."""
    found = _claimed(settings, path, now)
    if not isinstance(found, Claim):
        return found, None
    who = plain(form.get("who", ""), _WHO)
    if not who:
        return _page(HTTPStatus.BAD_REQUEST, "Who are you?", "Go back and say who takes it on."), None
    via = f"link sent to {found.receiver}"
    try:
        done = acknowledge(settings, found.alert_id, who, plain(form.get("note", ""), _NOTE), via, now)
    except InputError as error:
        return _page(HTTPStatus.CONFLICT, "Nothing was changed", escape(error.message)), None
    except SystemFailure as error:
        return _page(HTTPStatus.SERVICE_UNAVAILABLE, "Not now", escape(error.message)), None
    return _taken(done.headline, done), done


def _claimed(settings: Settings, path: str, now: datetime) -> Claim | Answer:
    place = urlsplit(path)
    base = urlsplit(settings.telling.how.base_url or "").path.rstrip("/")
    if place.path not in (PATH, base + PATH):
        return _page(HTTPStatus.NOT_FOUND, "Not here", "Open the whole link of a message.")
    try:
        return read(settings.telling.link_key, dict(parse_qsl(place.query)), now)
    except OldLinkError:
        return _page(HTTPStatus.GONE, "This link has run out", "Use <code>jkpi alerts ack</code>, or a newer message.")
    except WrongLinkError:
        return _page(HTTPStatus.FORBIDDEN, "This link is not right", "Open the whole link of a message.")


def _face(settings: Settings, claim: Claim) -> AlertFace | Answer:
    try:
        return face(settings, claim.alert_id)
    except InputError:
        return _page(HTTPStatus.NOT_FOUND, "Not here", "This alert is not known here any more.")
    except SystemFailure as error:
        return _page(HTTPStatus.SERVICE_UNAVAILABLE, "Not now", escape(error.message))


def _taken(headline: str, done: Acknowledged) -> Answer:
    note = f"<p>“{escape(done.note)}”</p>" if done.note else ""
    told = f"<p>Acknowledged by <strong>{escape(done.who)}</strong> on {done.at:%Y-%m-%d %H:%M} UTC.</p>{note}"
    after = "<p>It is neither repeated nor escalated. You hear of it when it is over, worse, or never was.</p>"
    return _page(HTTPStatus.OK, headline, told + after, True)


_FORM = """<p>Owner: {owner}. Since {since}.</p>
<form method="post">
<label>Who takes it on? <input name="who" required maxlength="80" autocomplete="name" autofocus></label>
<label>A note, if you like <input name="note" maxlength="300"></label>
<button>Acknowledge</button>
</form>"""
_STYLE = """body{font:16px/24px system-ui,sans-serif;color:#1f2429;background:#f3f4f6;margin:0;padding:24px}
main{max-width:560px;margin:0 auto;background:#fff;padding:24px;border-top:4px solid #1f4e8c}
h1{font-size:20px;line-height:28px;margin:0 0 12px}label{display:block;margin:12px 0}
input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:8px;border:1px solid #7a838c}
button{font:inherit;font-weight:bold;color:#fff;background:#1f4e8c;border:0;border-radius:4px;padding:10px 20px}
button:focus-visible,input:focus-visible{outline:3px solid #f0b429;outline-offset:1px}"""


def _page(status: HTTPStatus, title: str, content: str, is_markup: bool = False) -> Answer:
    """`content` is markup of ours; whatever came from elsewhere in it is escaped already."""
    inner = content if is_markup else f"<p>{content}</p>"
    page = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{inner}</main></body></html>"
    )
    return status, page
