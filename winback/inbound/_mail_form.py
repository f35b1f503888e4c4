"""The form that Inbound Parse posts: its own fields. What is attached is never looked into."""

from __future__ import annotations

import json
import re
from email.message import Message
from email.parser import BytesHeaderParser
from itertools import chain, pairwise
from typing import Final

from winback.inbound._event import Unreadable, clean
from winback.inbound._segments import Record

# What is read of a part's head, and of a field that is JSON or a list of headers.
LONGEST_HEAD: Final = 16_000
LONGEST_JSON: Final = 100_000
_HEAD_ENDS: Final = re.compile(rb"\r?\n\r?\n")
_ENCODED: Final = frozenset({"base64", "quoted-printable"})
_FIRST_LINE: Final = re.compile(rb"\s*--([^\r\n]{1,200}?)[ \t]*\r?\n")


def form_of(record: Record) -> dict[str, str]:
    """The text fields of the outermost form; raises Unreadable where there is none."""
    fields = _fields(record.body, _boundary(record))
    charsets = as_json(_decoded(fields.get("charsets", b""), "utf-8"))
    return {name: clean(_decoded(value, charsets.get(name))) for name, value in fields.items()}


def as_json(text: str) -> dict[str, object]:
    """The object that a field holds; empty where it holds none."""
    try:
        told = json.loads(text[:LONGEST_JSON])
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _boundary(record: Record) -> bytes:
    """As the head of the post says, or its first line where it does not."""
    head = Message()
    head["Content-Type"] = " ".join(record.headers.get("content-type", "").split())
    told = head.get_boundary()
    if told:
        return told.encode(errors="replace")
    found = _FIRST_LINE.match(record.body[:LONGEST_HEAD])
    if not found:
        raise Unreadable("not a multipart form")
    return found[1]


def _fields(body: bytes, boundary: bytes) -> dict[str, bytes]:
    """Between the marks of one boundary, so that it costs nothing how deep a part is nested."""
    marks = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    fields = dict[str, bytes]()
    for mark, following in pairwise(chain(marks.finditer(body), [None])):
        if mark is None or mark[1]:
            break
        end = len(body) if following is None else following.start()
        ends = _HEAD_ENDS.search(body, mark.end(), min(end, mark.end() + LONGEST_HEAD))
        if ends is None:
            continue
        head = BytesHeaderParser().parsebytes(body[mark.end() : ends.end()].lstrip(b"\r\n"))
        name = head.get_param("name", header="content-disposition")
        if isinstance(name, str) and not head.get_filename():
            fields.setdefault(name, _content(head, body[ends.end() : end]))
    if not fields:
        raise Unreadable("not a multipart form")
    return fields


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
        return value.decode(charset if isinstance(charset, str) else "utf-8", errors="replace")
    except (LookupError, ValueError):
        return value.decode(errors="replace")
