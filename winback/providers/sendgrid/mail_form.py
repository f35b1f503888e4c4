"""The form that Inbound Parse posts: its own fields. What is attached is never looked into."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesHeaderParser
from itertools import pairwise
from typing import Final, TypeGuard

from winback.providers._event import Unreadable, clean
from winback.providers._record import Record

# What is read of a part's head, and of a field that is JSON or a list of headers.
LONGEST_HEAD: Final = 16_000
LONGEST_JSON: Final = 100_000
# Far more than what is read of a text, and far less than what may be posted.
LONGEST_FIELD: Final = 300_000
_HEAD_ENDS: Final = re.compile(rb"\r?\n\r?\n")
_MARK_ENDS: Final = re.compile(rb"(--)?[ \t]{0,100}(?=\r?\n|\Z)")
_ENCODED: Final = frozenset({"base64", "quoted-printable"})
# Codecs of Python's that no mail is written in: some take the square of a text's length.
_NO_CHARSETS: Final = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
)
_FIRST_LINE: Final = re.compile(rb"\s*--([^\r\n]{1,200}?)[ \t]*\r?\n")


def form_of(record: Record) -> dict[str, str]:
    """The text fields of the outermost form; raises Unreadable where there is none."""
    fields = _fields(record.body, _boundary(record))
    charsets = as_json(_decoded(fields.get("charsets", b""), "utf-8"))
    return {name: clean(_decoded(value, charsets.get(name))) for name, value in fields.items()}


def as_json(text: str) -> dict[str, object]:
    """The object that a field holds; empty where it holds none."""
    try:
        value = json.loads(text[:LONGEST_JSON])
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _boundary(record: Record) -> bytes:
    """As the head of the post says, or its first line where it does not."""
    head = Message()
    head["Content-Type"] = " ".join(record.headers.get("content-type", "").split())
    try:
        named = head.get_boundary()
    except Exception:  # noqa: BLE001  # Python's parser stumbles in many ways
        named = None
    if named:
        return named.encode(errors="replace")
    found = _FIRST_LINE.match(record.body[:LONGEST_HEAD])
    if not found:
        raise Unreadable("not a multipart form")
    return found[1]


def _fields(body: bytes, boundary: bytes) -> dict[str, bytes]:
    """Between the marks of one boundary, so that it costs nothing how deep a part is nested."""
    fields = dict[str, bytes]()
    for (_, start), (end, _) in pairwise(_marks(body, b"--" + boundary)):
        ends = _HEAD_ENDS.search(body, start, min(end, start + LONGEST_HEAD))
        if ends is None:
            continue
        head = BytesHeaderParser().parsebytes(body[start : ends.end()].lstrip(b"\r\n"))
        name = _field_name(head)
        if name is not None:
            fields.setdefault(name, _content(head, _cut(body, ends.end(), end)))
    if not fields:
        raise Unreadable("not a multipart form")
    return fields


def _field_name(head: Message) -> str | None:
    """The name of a field; None for a file, and for what Python's parser stumbles over: the
    parts beside it are read all the same."""
    try:
        name = head.get_param("name", header="content-disposition")
        return name if isinstance(name, str) and not head.get_filename() else None
    except Exception:  # noqa: BLE001  # as above
        return None


def _marks(body: bytes, mark: bytes) -> Iterator[tuple[int, int]]:
    """Where each line that is a mark begins, with the break before it, and ends; at last the end
    of the form. (A pattern with the break in it would look at every byte of 30 MB.)"""
    place = body.find(mark)
    while place >= 0:
        begins_line = place == 0 or body[place - 1 : place] == b"\n"
        found = _MARK_ENDS.match(body, place + len(mark)) if begins_line else None
        if found:
            is_crlf = body[max(0, place - 2) : place] == b"\r\n"
            yield max(0, place - (2 if is_crlf else 1)), found.end()
            if found[1]:
                return
        place = body.find(mark, place + len(mark))
    yield len(body), len(body)


def _cut(body: bytes, start: int, end: int) -> bytes:
    """A field, and of a very long one its beginning and its end."""
    if end - start <= 2 * LONGEST_FIELD:
        return body[start:end]
    return body[start : start + LONGEST_FIELD] + b"\n" + body[end - LONGEST_FIELD : end]


def _content(head: Message, content: bytes) -> bytes:
    if str(head.get("Content-Transfer-Encoding", "")).strip().lower() not in _ENCODED:
        return content
    del head["Content-Type"]  # a multipart would not be decoded
    head.set_payload(content.decode("ascii", errors="surrogateescape"))
    decoded = head.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else content


def _decoded(value: bytes, charset: object) -> str:
    """UTF-8 where it is and nothing shifts; else as it is said to be, if Python knows it."""
    if b"\x1b" not in value:
        try:
            return value.decode()
        except UnicodeDecodeError:
            pass
    try:
        return value.decode(charset if is_charset(charset) else "utf-8", errors="replace")
    except (LookupError, ValueError):
        return value.decode(errors="replace")


def is_charset(name: object) -> TypeGuard[str]:
    """Whether a mail may be written in it, as far as Python knows it."""
    try:
        return isinstance(name, str) and codecs.lookup(name).name not in _NO_CHARSETS
    except (LookupError, ValueError):
        return False
