"""No address leaves, wherever it stands: also where a shop calls its customers by one."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any, Final

MASKED: Final = "[address]"
_EMAIL: Final = re.compile(r"[^\s@\"'<>,;:()\[\]{}|]+@[^\s@\"'<>,;:()\[\]{}|/]+\.\w[\w.-]*")
# A number with its calling code, as every phone is kept here.
_PHONE: Final = re.compile(r"\+\d[\d ().-]{5,18}\d")


def masked(text: str) -> str:
    """The text without email addresses and phone numbers."""
    return _PHONE.sub(MASKED, _EMAIL.sub(MASKED, text))


def plain(value: Any) -> Any:
    """Facts as JSON has them, masked; instants are ISO 8601 in UTC."""
    return json.loads(masked(json.dumps(value, default=_told, ensure_ascii=False)))


def _told(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else str(value)
