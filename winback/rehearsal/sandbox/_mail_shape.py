"""The types that mail/send takes in each place, by the official description."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

Problem = tuple[str, str | None]

_PERSON: Final = {"email": str, "name": str}
_ON: Final = {"enable": bool}
# A mapping whose keys are the sender's own, with string values.
_STRINGS: Final = {...: str}

# Unknown keys of these are refused; those of objects further down are not.
PERSONALIZATION: Final[dict[Any, Any]] = {
    "from": _PERSON,
    "to": [_PERSON],
    "cc": [_PERSON],
    "bcc": [_PERSON],
    "subject": str,
    "headers": _STRINGS,
    "substitutions": _STRINGS,
    "dynamic_template_data": {},
    "custom_args": _STRINGS,
    "send_at": int,
}
MAIL: Final[dict[Any, Any]] = {
    "personalizations": [PERSONALIZATION],
    "from": _PERSON,
    "reply_to": _PERSON,
    "reply_to_list": [_PERSON],
    "subject": str,
    "content": [{"type": str, "value": str}],
    "attachments": [
        {"content": str, "type": str, "filename": str, "disposition": str, "content_id": str}
    ],
    "template_id": str,
    "headers": _STRINGS,
    "categories": [str],
    # A string by the description, an object by SendGrid's own libraries.
    "custom_args": (_STRINGS, str),
    "send_at": int,
    "batch_id": str,
    "asm": {"group_id": int, "groups_to_display": [int]},
    "ip_pool_name": str,
    "mail_settings": {
        "bypass_list_management": _ON,
        "bypass_spam_management": _ON,
        "bypass_bounce_management": _ON,
        "bypass_unsubscribe_management": _ON,
        "footer": {"enable": bool, "text": str, "html": str},
        "sandbox_mode": _ON,
    },
    "tracking_settings": {
        "click_tracking": {"enable": bool, "enable_text": bool},
        "open_tracking": {"enable": bool, "substitution_tag": str},
        "subscription_tracking": {
            "enable": bool, "text": str, "html": str, "substitution_tag": str,
        },
        "ganalytics": {
            "enable": bool, "utm_source": str, "utm_medium": str, "utm_term": str,
            "utm_content": str, "utm_campaign": str,
        },
    },
}  # fmt: skip
_STRICT: Final = (id(MAIL), id(PERSONALIZATION))
_NAMES: Final = {str: "a string", int: "an integer", bool: "a boolean"}


def misfits(value: object, shape: Any = MAIL, at: str = "") -> Iterator[Problem]:
    """List values of another type than their place in `shape`, and values without a place."""
    if isinstance(shape, tuple):
        found = [list(misfits(value, possible, at)) for possible in shape]
        yield from found[0] if all(found) else ()
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"The {_last(at)} parameter must be an array.", at
            return
        for place, item in enumerate(value):
            yield from misfits(item, shape[0], f"{at}.{place}")
    elif isinstance(shape, dict):
        yield from _object(value, shape, at)
    elif not isinstance(value, shape) or (shape is int and isinstance(value, bool)):
        yield f"The {_last(at)} parameter must be {_NAMES[shape]}.", at


def _object(value: object, shape: dict[Any, Any], at: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield f"The {_last(at)} parameter must be an object.", at or None
        return
    for name, inner in value.items():
        below = f"{at}.{name}" if at else name
        wanted = shape.get(name, shape.get(...))
        if wanted is not None:
            yield from misfits(inner, wanted, below)
        elif id(shape) in _STRICT:
            yield f"Additional property {name} is not allowed", below


def _last(at: str) -> str:
    return at.rpartition(".")[2] or "mail"
