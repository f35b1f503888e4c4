"""No address leaves, wherever it stands: also where a shop calls its customers by one."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any, Final

MASKED: Final = "[address]"
# A quotation mark within the part before the "@" is its own; one that it begins with is not.
_LOCAL: Final = r"[^\s@\"'<>,;:()\[\]{}|]+(?:[\"'][^\s@<>,;:()\[\]{}|]*)?"
_EMAIL: Final = re.compile(_LOCAL + r"@[^\s@\"'<>,;:()\[\]{}|/]+\.\w[\w.-]*")
# A number with its calling code, as every phone is kept here.
_PHONE: Final = re.compile(r"\+\d[\d ().-]{5,18}\d")


def masked(text: str, also: str = "") -> str:
    """The text without email addresses and phone numbers, nor what is to be masked `also`."""
    text = text.replace(also, MASKED) if also else text
    return _PHONE.sub(MASKED, _EMAIL.sub(MASKED, text))


def plain(value: Any, also: str = "") -> Any:
    """Facts as JSON has them, each text masked; instants are ISO 8601 in UTC."""
    return _each_masked(json.loads(json.dumps(value, default=_told)), also)


def _each_masked(value: Any, also: str) -> Any:
    if isinstance(value, dict):
        return {masked(key, also): _each_masked(it, also) for key, it in value.items()}
    if isinstance(value, list):
        return [_each_masked(it, also) for it in value]
    return masked(value, also) if isinstance(value, str) else value


def _told(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else str(value)
