"""Values of strangers made safe to stand in a message."""

from __future__ import annotations

import re
import unicodedata

_URL = re.compile(r"https?://[^\s\"'<>\\]{1,500}\Z")


def one_line(value: object) -> str:
    """Text without line breaks or control characters: it may stand in a header."""
    text = "" if value is None else str(value)
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text)
    return " ".join(text.split())


def web_address(value: object) -> str:
    """An address that may stand in a page as it is, or nothing."""
    text = "" if value is None else str(value).strip()
    return text if _URL.match(text) else ""


def picture_address(value: object) -> str:
    """An address of a picture, or nothing: a mail program shows none that came unencrypted."""
    address = web_address(value)
    return address if address.startswith("https://") else ""
