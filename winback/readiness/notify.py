"""Telling a person, outside of Prefect: by mail and by a webhook, once for each trouble."""

from __future__ import annotations

import json
import smtplib
import ssl
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Final
from urllib.parse import unquote, urlsplit

import requests

from winback.base.settings import Settings
from winback.base.whole import written_whole

_SECONDS: Final = 10
# What lasts is told again after so long.
AGAIN: Final = timedelta(hours=4)


def notify(settings: Settings, problems: Sequence[str], *, now: datetime) -> list[str]:
    """Tell of problems that are new, of those that last every few hours, and of their end.

    Returns one line for each way on which nobody could be told; the next call tries again.
    """
    if not (settings.watch_webhook_url.get_secret_value() or settings.watch_mail_to):
        return []
    path = settings.home.resolve() / "watch.json"
    told, told_at = _read(path.read_text(encoding="utf-8")) if path.exists() else ([], None)
    # What lasts says another number of minutes each time.
    current = sorted(problem.split(maxsplit=1)[0] for problem in problems)
    is_known = current == told and (told_at is None or now - told_at < AGAIN)
    if is_known or not (current or told):
        return []
    lines = list(problems) or ["All is well again."]
    failed = tell_people(settings, lines)
    if not failed:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as beside:
            beside.write_text(json.dumps({"told": current, "at": now.isoformat()}))
    return failed


def tell_people(settings: Settings, lines: Sequence[str]) -> list[str]:
    """Post and mail these lines at once; one line for each way on which nobody could be told."""
    return [*_post(settings, lines), *_mail(settings, lines)]


def _read(text: str) -> tuple[list[str], datetime | None]:
    """What was told last, and when; a file that says neither makes all of it news."""
    try:
        row = json.loads(text)
        return [str(name) for name in row["told"]], datetime.fromisoformat(row["at"])
    except (ValueError, KeyError, TypeError):
        return [], None


def _post(settings: Settings, lines: Sequence[str]) -> list[str]:
    """`text` is what Slack and its like show."""
    url = settings.watch_webhook_url.get_secret_value()
    if not url:
        return []
    body = {"text": "\n".join([f"winback at {settings.brand_name}:", *lines]), "problems": lines}
    try:
        response = requests.post(url, json=body, timeout=_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        # Its text holds the address, which may hold a key.
        return [f"WINBACK_WATCH_WEBHOOK_URL did not answer ({type(error).__name__})"]
    if response.ok and not response.is_redirect:
        return []
    return [f"WINBACK_WATCH_WEBHOOK_URL answered {response.status_code}"]


def _mail(settings: Settings, lines: Sequence[str]) -> list[str]:
    if not settings.watch_mail_to:
        return []
    subject = f"winback at {settings.brand_name}: {lines[0][:120]}"
    if settings.sendgrid_api_key.get_secret_value() and not (
        settings.watch_smtp_url.get_secret_value()
    ):
        return _mail_by_sendgrid(settings, subject, "\n".join(lines))
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = settings.from_email or settings.watch_mail_to
    message["To"] = settings.watch_mail_to
    message.set_content("\n".join(lines))
    url = urlsplit(settings.watch_smtp_url.get_secret_value())
    if url.scheme not in {"smtp", "smtps"} or not url.hostname:
        return ["WINBACK_WATCH_SMTP_URL is no address of a mail server, like smtp://host:587"]
    try:
        with _server(url.scheme, url.hostname, url.port) as server:
            if url.username:
                if not (isinstance(server.sock, ssl.SSLSocket) or _is_near(url.hostname)):
                    return ["WINBACK_WATCH_SMTP_URL offers no encryption for its password"]
                server.login(unquote(url.username), unquote(url.password or ""))
            server.send_message(message)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return [f"WINBACK_WATCH_SMTP_URL took no mail ({type(error).__name__})"]
    return []


def _mail_by_sendgrid(settings: Settings, subject: str, text: str) -> list[str]:
    """One call of the account that sends the shop's own mail."""
    from winback.providers.sendgrid.client import SendGrid  # 0.3 s to import

    mail = {
        "personalizations": [{"to": [{"email": settings.watch_mail_to}]}],
        "from": {"email": settings.from_email or settings.watch_mail_to},
        "subject": subject,
        "content": [{"type": "text/plain", "value": text}],
    }
    outcome = SendGrid(settings, pool_size=1).post_mail(json.dumps(mail))
    if outcome.kind == "accepted":
        return []
    return [f"SendGrid took no mail to WINBACK_WATCH_MAIL_TO ({outcome.reason})"]


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
