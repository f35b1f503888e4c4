"""A mail to one of the house's own people, by the server that is set or the shop's account."""

from __future__ import annotations

import base64
import json
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from winback.base.settings import Settings

_SECONDS: Final = 10


@dataclass(frozen=True)
class Mail:
    """Plain text, and a page beside it."""

    to: str
    subject: str
    text: str
    page: Path | None = None


def send_mail(settings: Settings, mail: Mail) -> str:
    """Send it, with no second try; a line of why it could not be sent, or nothing."""
    if settings.sendgrid_api_key.get_secret_value() and not (
        settings.watch_smtp_url.get_secret_value()
    ):
        return _by_sendgrid(settings, mail)
    return _by_server(settings, mail)


def _by_server(settings: Settings, mail: Mail) -> str:
    message = EmailMessage()
    message["Subject"] = mail.subject
    message["From"] = settings.from_email or mail.to
    message["To"] = mail.to
    message.set_content(mail.text)
    if mail.page:
        message.add_attachment(
            mail.page.read_bytes(), maintype="text", subtype="html", filename=mail.page.name
        )
    url = urlsplit(settings.watch_smtp_url.get_secret_value())
    if url.scheme not in {"smtp", "smtps"} or not url.hostname:
        return "WINBACK_WATCH_SMTP_URL is no address of a mail server, like smtp://host:587"
    try:
        with _server(url.scheme, url.hostname, url.port) as server:
            if url.username:
                if not (isinstance(server.sock, ssl.SSLSocket) or _is_near(url.hostname)):
                    return "WINBACK_WATCH_SMTP_URL offers no encryption for its password"
                server.login(unquote(url.username), unquote(url.password or ""))
            server.send_message(message)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return f"WINBACK_WATCH_SMTP_URL took no mail ({type(error).__name__})"
    return ""


def _by_sendgrid(settings: Settings, mail: Mail) -> str:
    """One call of the account that sends the shop's own mail."""
    from winback.providers.sendgrid.client import SendGrid  # 0.3 s to import

    body: dict[str, Any] = {
        "personalizations": [{"to": [{"email": mail.to}]}],
        "from": {"email": settings.from_email or mail.to},
        "subject": mail.subject,
        "content": [{"type": "text/plain", "value": mail.text}],
    }
    if mail.page:
        content = base64.b64encode(mail.page.read_bytes()).decode("ascii")
        page = {"content": content, "type": "text/html", "filename": mail.page.name}
        body["attachments"] = [page | {"disposition": "attachment"}]
    outcome = SendGrid(settings, pool_size=1).post_mail(json.dumps(body))
    return "" if outcome.kind == "accepted" else f"SendGrid took no mail ({outcome.reason})"


def _is_near(host: str) -> bool:
    return host in {"127.0.0.1", "localhost", "::1"}


def _server(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    """A connection that is encrypted, but for a server that offers none, as on this machine."""
    safe = ssl.create_default_context()
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=_SECONDS, context=safe)
    server = smtplib.SMTP(host, port or 587, timeout=_SECONDS)
    server.ehlo()
    if server.has_extn("starttls"):
        server.starttls(context=safe)
        server.ehlo()
    return server
