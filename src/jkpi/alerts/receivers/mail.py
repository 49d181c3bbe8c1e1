"""A letter as a mail: plain text and HTML, with ids that do not change, so that answers fall into threads."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import SplitResult, unquote, urlsplit

from jkpi.alerts.notifications.model import Letter
from jkpi.alerts.receivers import html_mail, plain_text
from jkpi.config.settings import Receiver
from jkpi.errors import SystemFailure

_HERE = ("localhost", "127.0.0.1", "::1")


def compose(letter: Letter, receiver: Receiver, at: datetime, link: Callable[[str], str | None]) -> EmailMessage:
    """The mail. Its Message-ID is made of the message's id: a mail that comes twice is one to most clients.

    Raises:
        SystemFailure: an address of the receiver is none.
    """
    mail = EmailMessage()
    sender, to = _address(receiver.sender), [_address(one) for one in receiver.to]
    mail["Subject"] = re.sub(r"\s+", " ", letter.title)
    mail["From"], mail["To"] = sender, to
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = _message_id(letter.message_id, sender.domain)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Jkpi-Alerts"] = " ".join(entry.alert_id for entry in letter.entries)
    if letter.replies_to:
        first = [_message_id(one, sender.domain) for one in letter.replies_to]
        mail["In-Reply-To"] = first[0]
        mail["References"] = " ".join(first)
    mail.set_content(plain_text.render(letter, link))
    mail.add_alternative(html_mail.render(letter, link), subtype="html")
    return mail


def send(mail: EmailMessage, server: str, timeout: float) -> str | None:
    """Hand the mail to the server, `smtp://user:password@host:587` or `smtps://...`; a password goes over TLS only.

    A remark where only some of its addresses were refused: to send it again would tell the others twice.

    Raises:
        SystemFailure: it was not taken for anybody. Neither URL nor password is told.
    """
    place = _split(server)
    host, context = str(place.hostname), ssl.create_default_context()
    try:
        if place.scheme == "smtps":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(host, place.port or 465, timeout=timeout, context=context)
        else:
            connection = smtplib.SMTP(host, place.port or 587, timeout=timeout)
        with connection:
            connection.ehlo()
            if place.scheme == "smtp" and connection.has_extn("starttls"):
                connection.starttls(context=context)
            elif place.scheme == "smtp" and place.password and host not in _HERE:
                raise SystemFailure("the mail server offers no TLS, and the password is not sent without")
            if place.username:
                connection.login(unquote(place.username), unquote(place.password or ""))
            refused = connection.send_message(mail)
    except smtplib.SMTPResponseException as error:
        raise SystemFailure(f"the mail server answered with {error.smtp_code}") from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({str(code) for code, _ in error.recipients.values()})
        raise SystemFailure(f"the mail server refused its addresses ({', '.join(codes)})") from None
    except ssl.SSLError:
        raise SystemFailure("the certificate or the TLS of the mail server could not be accepted") from None
    except (OSError, smtplib.SMTPException):
        raise SystemFailure("the mail server could not be reached") from None
    if not refused:
        return None
    return f"the mail server refused {len(refused)} of its {len(mail['To'].addresses)} addresses"


def _address(text: str) -> Address:
    name, spec = parseaddr(text)
    try:
        if "@" not in spec:
            raise ValueError
        return Address(name, addr_spec=spec)
    except (ValueError, IndexError):
        raise SystemFailure(f"{text!r} is no mail address", hint="see `from` and `to` in jkpi.yml") from None


def _message_id(message_id: str, domain: str) -> str:
    return f"<{message_id}@{domain}>"


def _split(server: str) -> SplitResult:
    try:
        place = urlsplit(server)
        valid = place.scheme in ("smtp", "smtps") and bool(place.hostname) and (place.port or 1) > 0
    except ValueError:
        valid = False
    if not valid:
        raise SystemFailure("its `server` is none of mail", hint="write smtp://user:password@host:587, or smtps://...")
    return place
