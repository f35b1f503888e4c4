"""The refusals of SendGrid's mail/send in its own form: a message and the field's path."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from winback.rehearsal.sandbox._mail_shape import Problem, misfits

MAX_RECIPIENTS: Final = 1000
# For each personalization: its custom arguments, and apart from them its substitutions.
MAX_ARGUMENT_BYTES: Final = 10_000
MAX_CATEGORIES: Final = 10
MAX_CATEGORY_CHARS: Final = 255
MAX_GROUPS: Final = 25
LATEST_SECONDS: Final = 72 * 3600

_EMAIL: Final = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;.]+")
_RESERVED_HEADERS: Final = frozenset({
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type",
    "content-transfer-encoding", "to", "from", "subject", "reply-to", "cc", "bcc",
})  # fmt: skip

_FROM_REQUIRED: Final = (
    "The from object must be provided for every email send. It is an object that requires the"
    ' email parameter, but may also contain a name parameter.  e.g. {"email" :'
    ' "example@example.com"}  or {"email" : "example@example.com", "name" : "Example'
    ' Recipient"}.'
)
_SUBJECT_REQUIRED: Final = (
    "The subject is required. You can get around this requirement if you use a template with a"
    " subject defined or if every personalization has a subject defined."
)
_TO_REQUIRED: Final = (
    "The to array is required for all personalization objects, and must have at least one email"
    " object with a valid email address."
)
_TWICE: Final = (
    "Each email address in the personalization block should be unique between to, cc, and bcc."
)

Mail = Mapping[str, Any]


def problems(mail: object, *, now: float) -> list[Problem]:
    """List every reason to refuse this mail/send body at `now`; empty when it is accepted."""
    wrong_types = list(misfits(mail))
    if wrong_types or not isinstance(mail, dict):
        return wrong_types
    return [
        *_top_level(mail),
        *_attachments(mail),
        *_contents(mail),
        *_personalizations(mail),
        *_times(mail, now),
    ]


def _top_level(mail: Mail) -> Iterator[Problem]:
    if not mail.get("from", {}).get("email"):
        yield _FROM_REQUIRED, "from.email"
    else:
        yield from _address(mail["from"], "from")
    if "reply_to" in mail:
        yield from _address(mail["reply_to"], "reply_to")
    yield from _reply_to_list(mail)
    if mail.get("subject") == "":
        yield _SUBJECT_REQUIRED, "subject"
    categories = mail.get("categories", [])
    if len(categories) > MAX_CATEGORIES or len(set(categories)) < len(categories):
        yield "There can only be 10 unique categories per message.", "categories"
    if any(len(category) > MAX_CATEGORY_CHARS for category in categories):
        yield "A category can have at most 255 characters.", "categories"
    if "asm" in mail and "group_id" not in mail["asm"]:
        yield "The group_id parameter is required.", "asm.group_id"
    if len(mail.get("asm", {}).get("groups_to_display", [])) > MAX_GROUPS:
        yield "There can be at most 25 groups to display.", "asm.groups_to_display"
    if not 2 <= len(mail.get("ip_pool_name", "pool")) <= 64:
        yield "The ip_pool_name must have 2 to 64 characters.", "ip_pool_name"
    yield from _headers(mail.get("headers", {}), "headers")
    yield from _small(mail.get("custom_args", {}), "custom_args")


def _reply_to_list(mail: Mail) -> Iterator[Problem]:
    people = mail.get("reply_to_list", [])
    if people and "reply_to" in mail:
        yield "reply_to and reply_to_list can not be used together.", "reply_to_list"
    if len(people) > MAX_RECIPIENTS or len({json.dumps(p) for p in people}) < len(people):
        yield "There can be at most 1000 different addresses.", "reply_to_list"
    for place, person in enumerate(people):
        yield from _address(person, f"reply_to_list.{place}")


def _attachments(mail: Mail) -> Iterator[Problem]:
    for place, attachment in enumerate(mail.get("attachments", [])):
        at = f"attachments.{place}"
        for name in ("content", "filename"):
            if name not in attachment:
                yield f"The attachment {name} is required.", f"{at}.{name}"
        for name in ("content", "type"):
            if attachment.get(name) == "":
                yield f"The attachment {name} can not be empty.", f"{at}.{name}"
        try:
            base64.b64decode(attachment.get("content", ""), validate=True)
        except (binascii.Error, ValueError):
            yield "The attachment content must be base64 encoded.", f"{at}.content"
        if attachment.get("disposition", "attachment") not in {"inline", "attachment"}:
            yield "The disposition must be inline or attachment.", f"{at}.disposition"


def _contents(mail: Mail) -> Iterator[Problem]:
    content = mail.get("content")
    if content is None and not mail.get("template_id"):
        yield (
            "Unless a valid template_id is provided, the content parameter is required.",
            "content",
        )
    if content == []:
        yield "The content parameter must be an array with at least one object.", "content"
    for place, part in enumerate(content or []):
        for name in ("type", "value"):
            if not part.get(name):
                yield (
                    f"The content {name} must be a string at least one character in length.",
                    f"content.{place}.{name}",
                )
    types = [part.get("type") for part in content or []]
    if "text/plain" in types and types[0] != "text/plain":
        yield "If present, text/plain must be first.", "content"


def _personalizations(mail: Mail) -> Iterator[Problem]:
    entries = mail.get("personalizations")
    if not entries:
        yield (
            "The personalizations field is required and must have at least one personalization.",
            "personalizations",
        )
        return
    if len(entries) > MAX_RECIPIENTS:
        yield "There can be at most 1000 personalizations.", "personalizations"
        return
    for place, entry in enumerate(entries):
        yield from _personalization(entry, f"personalizations.{place}")
        if not (entry.get("subject") or mail.get("subject") or mail.get("template_id")):
            yield _SUBJECT_REQUIRED, "subject"
    people = (len(entry.get(kind, [])) for entry in entries for kind in ("to", "cc", "bcc"))
    if sum(people) > MAX_RECIPIENTS:
        yield "The total number of recipients must be no more than 1000.", "personalizations"


def _personalization(entry: Mail, at: str) -> Iterator[Problem]:
    if not entry.get("to"):
        yield _TO_REQUIRED, f"{at}.to"
    seen: set[str] = set()
    for kind in ("to", "cc", "bcc"):
        for place, person in enumerate(entry.get(kind, [])):
            yield from _address(person, f"{at}.{kind}.{place}")
            address = person.get("email", "").lower()
            if address in seen:
                yield _TWICE, f"{at}.{kind}.{place}"
            seen.add(address)
    if "from" in entry:
        yield from _address(entry["from"], f"{at}.from")
    if entry.get("subject") == "":
        yield "The subject must be at least one character in length.", f"{at}.subject"
    if "substitutions" in entry and "dynamic_template_data" in entry:
        yield "Substitutions may not be used with dynamic templating", f"{at}.substitutions"
    yield from _small(entry.get("substitutions", {}), f"{at}.substitutions")
    yield from _headers(entry.get("headers", {}), f"{at}.headers")
    yield from _small(entry.get("custom_args", {}), f"{at}.custom_args")


def _times(mail: Mail, now: float) -> Iterator[Problem]:
    """Check the times; a past time is no problem, since such mail leaves at once."""
    if mail.get("send_at", 0) > now + LATEST_SECONDS:
        yield "Scheduling more than 72 hours in advance is forbidden.", "send_at"
    for place, entry in enumerate(mail.get("personalizations", [])):
        if entry.get("send_at", 0) > now + LATEST_SECONDS:
            yield (
                "Scheduling more than 72 hours in advance is forbidden.",
                f"personalizations.{place}.send_at",
            )


def _address(person: Mail, at: str) -> Iterator[Problem]:
    email = person.get("email", "")
    if not _EMAIL.fullmatch(email) or len(email) > 320:
        yield "Does not contain a valid address.", f"{at}.email"


def _headers(headers: Mail, at: str) -> Iterator[Problem]:
    for name in headers:
        if name.lower() in _RESERVED_HEADERS:
            yield f"The header {name} is reserved and can not be set.", f"{at}.{name}"


def _small(values: Mail, at: str) -> Iterator[Problem]:
    if len(json.dumps(values).encode()) > MAX_ARGUMENT_BYTES:
        yield "The values must not exceed 10000 bytes.", at
