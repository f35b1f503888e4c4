"""Lists as the APIs of other tools give them: an array of records, or of addresses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from winback.base.errors import UsageError, WinbackError
from winback.people.optouts._line import Line

_BEGINNING: Final = re.compile(rb"(\xef\xbb\xbf)?\s*(\[\s*[\[{\"\]]|\{\s*\")")


def is_json(content: bytes) -> bool:
    """Whether a file begins as JSON does."""
    return _BEGINNING.match(content) is not None


def read_records(content: bytes, file: str) -> Iterator[Line]:
    """A header of all the records' keys, and each record; or each address of a bare list.

    What stands inside a value of its own, as a list of links, is left out. Raises WinbackError for
    a file that is cut off, and UsageError for one that holds no list.
    """
    records = _records(_parsed(content, file), file)
    named = [it for it in records if isinstance(it, dict)]
    keys = list(dict.fromkeys(key for it in named for key, own in it.items() if _is_plain(own)))
    if keys:
        yield Line(1, json.dumps(keys, ensure_ascii=False), keys)
    for number, record in enumerate(records, start=2 if keys else 1):
        cells = [_text(record.get(key)) for key in keys] if isinstance(record, dict) else None
        text = json.dumps(record, ensure_ascii=False)
        yield Line(number, text, cells if cells is not None else [_text(record)])


def _parsed(content: bytes, file: str) -> Any:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WinbackError(f"{file} is JSON and not UTF-8. Next: fetch it again") from None
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        pass
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (json.JSONDecodeError, RecursionError):
        raise WinbackError(
            f"{file} is cut off or no JSON: nothing was imported. Next: fetch it again"
        ) from None


def _records(found: Any, file: str) -> list[Any]:
    """The list itself, or the one that a response wraps, as Twilio's `messages`."""
    if isinstance(found, dict):
        lists = [own for own in found.values() if isinstance(own, list)]
        wraps = len(lists) == 1 and all(isinstance(it, dict) for it in lists[0])
        found = lists[0] if wraps else [found]
    if not found:
        raise UsageError(f"{file} is an empty list.")
    return list(found)


def _is_plain(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _text(value: Any) -> str:
    if value is None or not _is_plain(value):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
