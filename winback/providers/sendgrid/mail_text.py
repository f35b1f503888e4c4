"""What a mail says: its text, what its page shows, or what can be made out of it as it came."""

from __future__ import annotations

import email.policy
import re
from collections.abc import Mapping
from email.message import EmailMessage
from email.parser import Parser
from typing import Final

from winback.providers.sendgrid.mail_form import is_charset
from winback.replies import text_of

# What is read of a whole mail; its text stands at the beginning.
LONGEST: Final = 200_000
# A mail of a person is three deep or so. Python's parser asks each level for every line.
_DEEPEST: Final = 20
_LEVEL: Final = re.compile(r"boundary\s{0,9}=", re.IGNORECASE)
# It takes a millisecond for each part, and for a few lines of a head that it looks into.
_MOST_PARTS: Final = 500
_LONGEST_HEAD: Final = 2_000
_HEAD: Final = re.compile(r"^content-[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)


def mail_text(form: Mapping[str, str]) -> str:
    """The words of a parsed mail, or of one that is posted whole (`email`)."""
    text = form.get("text", "")
    if text.strip():
        return text
    return text_of(form.get("html", "")) or _of_a_whole_mail(form.get("email", ""))


def _of_a_whole_mail(mail: str) -> str:
    """The text of its own body, not of what is attached; all of it where it can't be parsed."""
    mail = mail[:LONGEST]
    if _is_too_much(mail):
        return mail
    try:
        parsed = Parser(EmailMessage, policy=email.policy.default).parsestr(mail)
        body = parsed.get_body(("plain", "html"))
        if body is not None and not is_charset(body.get_content_charset("utf-8")):
            return mail
        content = body.get_content() if body is not None else ""
    except Exception:  # noqa: BLE001  # Python's parser stumbles in many ways
        return mail
    if not isinstance(content, str) or body is None:
        return mail
    return text_of(content) if body.get_content_subtype() == "html" else content


def _is_too_much(mail: str) -> bool:
    """Whether Python's parser would take long over it."""
    return (
        sum(1 for _ in _LEVEL.finditer(mail)) > _DEEPEST
        or mail.count("\n--") > _MOST_PARTS
        or any(len(head[0]) > _LONGEST_HEAD for head in _HEAD.finditer(mail))
    )
