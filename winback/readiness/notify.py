"""Telling a person, outside of Prefect: by mail and by a webhook, once for each trouble."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import requests

from winback.base.settings import Settings
from winback.base.whole import written_whole
from winback.readiness.mail import Mail, send_mail

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
    failed = send_mail(settings, Mail(settings.watch_mail_to, subject, "\n".join(lines)))
    return [failed] if failed else []
