"""What SendGrid's mail/send refuses, said as it says it: a message and the field's path."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

MAX_RECIPIENTS: Final = 1000
# For each personalization: its custom arguments, and apart from them its substitutions.
MAX_ARGUMENT_BYTES: Final = 10_000

_EMAIL: Final = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;.]+")
_TOP_LEVEL: Final = frozenset({
    "personalizations", "from", "reply_to", "reply_to_list", "subject", "content",
    "attachments", "template_id", "headers", "categories", "custom_args", "send_at",
    "batch_id", "asm", "ip_pool_name", "mail_settings", "tracking_settings",
})  # fmt: skip
_PERSONALIZATION: Final = frozenset({
    "from", "to", "cc", "bcc", "subject", "headers", "substitutions", "dynamic_template_data",
    "custom_args", "send_at",
})  # fmt: skip
_RESERVED_HEADERS: Final = frozenset({
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type",
    "content-transfer-encoding", "to", "from", "subject", "reply-to", "cc", "bcc",
})  # fmt: skip
# Mail that waits at the provider is not part of this sandbox: better refused than sent at once.
_NOT_HELD: Final = "The winback sandbox holds no mail back: leave this field out."

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

Problem = tuple[str, str | None]


def problems(mail: object) -> list[Problem]:
    """Every reason to refuse this mail/send body; empty when it is accepted."""
    if not isinstance(mail, dict):
        return [("Bad Request", None)]
    return [*_top_level(mail), *_contents(mail), *_personalizations(mail), *_recipient_total(mail)]


def _top_level(mail: dict[str, Any]) -> Iterator[Problem]:
    for name in sorted(mail.keys() - _TOP_LEVEL):
        yield f"Additional property {name} is not allowed", name
    if not isinstance(mail.get("from"), dict) or not mail["from"].get("email"):
        yield _FROM_REQUIRED, "from.email"
    else:
        yield from _address(mail["from"], "from")
    if "reply_to" in mail:
        yield from _address(mail["reply_to"], "reply_to")
    for name in ("send_at", "batch_id"):
        if name in mail:
            yield _NOT_HELD, name
    categories = mail.get("categories", [])
    if not isinstance(categories, list) or not all(isinstance(c, str) for c in categories):
        yield "The categories parameter must be an array of strings.", "categories"
    elif len(categories) > 10 or len(set(categories)) < len(categories):
        yield "There can only be 10 unique categories per message.", "categories"
    for name in ("mail_settings", "tracking_settings"):
        if not isinstance(mail.get(name, {}), dict):
            yield f"The {name} parameter must be an object.", name
    yield from _headers(mail.get("headers", {}), "headers")
    yield from _small_strings(mail.get("custom_args", {}), "custom_args")


def _contents(mail: dict[str, Any]) -> Iterator[Problem]:
    content, template = mail.get("content"), mail.get("template_id")
    if content is None and not template:
        yield (
            "Unless a valid template_id is provided, the content parameter is required.",
            "content",
        )
    if content is not None and (not isinstance(content, list) or not content):
        yield "The content parameter must be an array with at least one object.", "content"
        return
    for place, part in enumerate(content or []):
        for name in ("type", "value"):
            value = part.get(name) if isinstance(part, dict) else None
            if not isinstance(value, str) or not value:
                yield (
                    f"The content {name} must be a string at least one character in length.",
                    f"content.{place}.{name}",
                )
    types = [part.get("type") for part in content or [] if isinstance(part, dict)]
    if "text/plain" in types and types[0] != "text/plain":
        yield "If present, text/plain must be first.", "content"


def _personalizations(mail: dict[str, Any]) -> Iterator[Problem]:
    entries = mail.get("personalizations")
    if not isinstance(entries, list) or not entries:
        yield (
            "The personalizations field is required and must have at least one personalization.",
            "personalizations",
        )
        return
    if len(entries) > MAX_RECIPIENTS:
        yield "There can be at most 1000 personalizations.", "personalizations"
        return
    for place, entry in enumerate(entries):
        at = f"personalizations.{place}"
        if not isinstance(entry, dict):
            yield "Each personalization must be an object.", at
            continue
        yield from _personalization(entry, at)
        if not (entry.get("subject") or mail.get("subject") or mail.get("template_id")):
            yield _SUBJECT_REQUIRED, "subject"


def _personalization(entry: dict[str, Any], at: str) -> Iterator[Problem]:
    for name in sorted(entry.keys() - _PERSONALIZATION):
        yield f"Additional property {name} is not allowed", f"{at}.{name}"
    if "send_at" in entry:
        yield _NOT_HELD, f"{at}.send_at"
    if not isinstance(entry.get("to"), list) or not entry["to"]:
        yield _TO_REQUIRED, f"{at}.to"
    seen: set[str] = set()
    for kind in ("to", "cc", "bcc"):
        people = entry.get(kind, [])
        if not isinstance(people, list):
            yield f"The {kind} parameter must be an array of objects.", f"{at}.{kind}"
        for place, person in enumerate(people if isinstance(people, list) else []):
            yield from _address(person, f"{at}.{kind}.{place}")
            address = str(person.get("email", "")).lower() if isinstance(person, dict) else ""
            if address in seen:
                yield _TWICE, f"{at}.{kind}.{place}"
            seen.add(address)
    if "substitutions" in entry and "dynamic_template_data" in entry:
        yield "Substitutions may not be used with dynamic templating", f"{at}.substitutions"
    yield from _small_strings(entry.get("substitutions", {}), f"{at}.substitutions")
    yield from _headers(entry.get("headers", {}), f"{at}.headers")
    yield from _small_strings(entry.get("custom_args", {}), f"{at}.custom_args")


def _address(person: object, at: str) -> Iterator[Problem]:
    email = person.get("email") if isinstance(person, dict) else None
    if not isinstance(email, str) or not _EMAIL.fullmatch(email) or len(email) > 320:
        yield "Does not contain a valid address.", f"{at}.email"


def _strings(values: object, at: str) -> Iterator[Problem]:
    if not isinstance(values, dict):
        yield "This field must be an object of string values.", at
        return
    for name, value in values.items():
        if not isinstance(value, str):
            yield "The value must be a string.", f"{at}.{name}"


def _headers(headers: object, at: str) -> Iterator[Problem]:
    yield from _strings(headers, at)
    for name in headers if isinstance(headers, dict) else ():
        if name.lower() in _RESERVED_HEADERS:
            yield f"The header {name} is reserved and can not be set.", f"{at}.{name}"


def _small_strings(values: object, at: str) -> Iterator[Problem]:
    yield from _strings(values, at)
    if len(json.dumps(values).encode()) > MAX_ARGUMENT_BYTES:
        yield "The values must not exceed 10000 bytes.", at


def _recipient_total(mail: dict[str, Any]) -> Iterator[Problem]:
    entries = mail.get("personalizations")
    total = sum(
        len(people)
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict)
        for people in (entry.get("to"), entry.get("cc"), entry.get("bcc"))
        if isinstance(people, list)
    )
    if total > MAX_RECIPIENTS:
        yield "The total number of recipients must be no more than 1000.", "personalizations"
