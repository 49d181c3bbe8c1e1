"""A notification as a mail: plain text and HTML, with stable ids, so that mails about an alert form a thread."""

from __future__ import annotations

import re
import smtplib
import ssl
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import SplitResult, unquote, urlsplit

from jkpi.alerts.notifications.model import Notification
from jkpi.alerts.receivers import html_mail, plain_text
from jkpi.alerts.receivers.ack_links import AcknowledgeLink
from jkpi.config.settings import Receiver
from jkpi.errors import SystemFailure

_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


def build_mail(notification: Notification, receiver: Receiver, now: datetime, link: AcknowledgeLink) -> EmailMessage:
    """The mail. Its Message-ID contains the notification id, so most clients show a mail that arrives twice once.

    Raises:
        SystemFailure: an address of the receiver is not a mail address.
    """
    mail = EmailMessage()
    sender, to = _address(receiver.sender), [_address(address) for address in receiver.to]
    mail["Subject"] = re.sub(r"\s+", " ", notification.title)
    mail["From"], mail["To"] = sender, to
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = _message_id(notification.notification_id, sender.domain)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Jkpi-Alerts"] = " ".join(item.alert_id for item in notification.items)
    if notification.replies_to:
        reply_ids = [_message_id(first_id, sender.domain) for first_id in notification.replies_to]
        mail["In-Reply-To"] = reply_ids[0]
        mail["References"] = " ".join(reply_ids)
    mail.set_content(plain_text.render_text(notification, link))
    mail.add_alternative(html_mail.render_html(notification, link), subtype="html")
    return mail


def send_mail(mail: EmailMessage, server: str, timeout: float) -> str | None:
    """Send the mail by a server: `smtp://user:password@host:587` or `smtps://...`. A password is sent over TLS only.

    Returns a remark if the server refused some addresses; a retry would reach the others twice.

    Raises:
        SystemFailure: no address was accepted. The error shows neither URL nor password.
    """
    url_parts = _split(server)
    host, context = str(url_parts.hostname), ssl.create_default_context()
    try:
        if url_parts.scheme == "smtps":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(host, url_parts.port or 465, timeout=timeout, context=context)
        else:
            connection = smtplib.SMTP(host, url_parts.port or 587, timeout=timeout)
        with connection:
            connection.ehlo()
            if url_parts.scheme == "smtp" and connection.has_extn("starttls"):
                connection.starttls(context=context)
            elif url_parts.scheme == "smtp" and url_parts.password and host not in _LOCAL_HOSTS:
                raise SystemFailure("the mail server offers no TLS, and the password is not sent without")
            if url_parts.username:
                connection.login(unquote(url_parts.username), unquote(url_parts.password or ""))
            refused = connection.send_message(mail)
    except smtplib.SMTPResponseException as error:
        raise SystemFailure(f"the mail server answered with {error.smtp_code}") from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({str(code) for code, _ in error.recipients.values()})
        raise SystemFailure(f"the mail server refused its addresses ({', '.join(codes)})") from None
    except ssl.SSLError:
        raise SystemFailure("the TLS certificate of the mail server could not be verified") from None
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
        raise SystemFailure(f"{text!r} is not a mail address", hint="see `from` and `to` in jkpi.yml") from None


def _message_id(notification_id: str, domain: str) -> str:
    return f"<{notification_id}@{domain}>"


def _split(server: str) -> SplitResult:
    try:
        url_parts = urlsplit(server)
        is_valid = url_parts.scheme in ("smtp", "smtps") and bool(url_parts.hostname) and (url_parts.port or 1) > 0
    except ValueError:
        is_valid = False
    if not is_valid:
        raise SystemFailure(
            "its `server` is not a mail server URL", hint="write smtp://user:password@host:587, or smtps://..."
        )
    return url_parts
