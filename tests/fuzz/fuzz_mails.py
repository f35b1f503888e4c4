"""Mails as Inbound Parse posts them, odd in every part: their heads, fields, marks and lengths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fuzz_engine import NOW, Home, texts
from hypothesis import strategies as st

from winback.inbound._collect import _parse
from winback.providers import Event, Record
from winback.providers._event import Unreadable
from winback.replies._reading import read_reply

FIELDS = ("headers", "from", "to", "subject", "html", "email", "envelope", "charsets", "SPF",
          "dkim", "attachment1", "text", "x")  # fmt: skip
HEAD_PIECES = (
    "Content-Type: ", "text/plain", "multipart/mixed", "; boundary=x", "; charset=", "punycode",
    "utf-7", "\0", "\r\n", "\n", "Content-Transfer-Encoding: ", "base64", "quoted-printable",
    "; filename*=", "a\0b''x", "; name*0=", "; name*", "9" * 5000, '"', "=?utf-8?b?", "%ff", ";",
    ": ", " ",
)  # fmt: skip
charsets = st.sampled_from(
    ["utf-8", "punycode", "idna", "utf-7", "unicode_escape", "rot13", "zlib", "utf-16", "x\0y",
     "iso-2022-jp", "hz", "raw_unicode_escape", "mbcs", "undefined", "x" * 9000]
)  # fmt: skip
values = texts(
    "STOP", "a@example.com", "<", ">", "\n", "\r\n", "--x", "--", '{"from":', '"', "[", "]", "{",
    "}", "@a.example : pass", ",", "On 1.2.2026 a@b wrote:\n", "From: a\nSent: b\n", "\x1b$B", "-",
    "Message-ID: <1@b>\n", "Auto-Submitted: ", "yes\n", "<blockquote>", "=", "\u00e9", " ",
    length=60_000,
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One part of a form."""

    name: str
    head: str
    value: object
    encoding: str = "utf-8"

    def __bytes__(self) -> bytes:
        head = f'Content-Disposition: form-data; name="{self.name}"{self.head}\r\n\r\n'
        value = str(self.value).encode(self.encoding, "replace")
        return b"--x\r\n" + head.encode(errors="replace") + value + b"\r\n"


@dataclass(frozen=True)
class Mail:
    """A mail: what a person wrote first, if they did, and whatever else stands there."""

    content_type: str
    says_stop: bool
    parts: tuple[Part, ...]
    end: bytes

    def body(self) -> bytes:
        first = (Part("from", "", "ann@example.com"), Part("text", "", "STOP"))
        return b"".join(map(bytes, (*(first if self.says_stop else ()), *self.parts))) + self.end


parts = st.builds(
    Part,
    st.sampled_from(FIELDS),
    st.just("") | st.lists(st.sampled_from(HEAD_PIECES), max_size=5).map("".join),
    values | charsets.map('{{"text": "{0}", "subject": "{0}", "html": "{0}"}}'.format),
    st.sampled_from(["utf-8", "latin-1", "utf-16"]),
)
mails: st.SearchStrategy[Any] = st.builds(
    Mail,
    st.sampled_from(
        ["multipart/form-data; boundary=x", 'multipart/form-data; boundary="x"', "text/plain", "",
         "multipart/form-data; boundary*0=x", f"multipart/form-data; boundary*{'9' * 5000}=x",
         "multipart/form-data; boundary*=nobody''x", "multipart/form-data"]
    ),
    st.booleans(),
    st.lists(parts, max_size=4).map(tuple),
    st.sampled_from([b"--x--\r\n", b"", b"--x--", b"--x\r\n\r\n--x--", b"--x--\r\n--x\r\n"])
    | st.binary(max_size=40),
)  # fmt: skip


def one_mail(_: Home, mail: Mail) -> None:
    """It is a reply or makes no sense; a STOP that stands first is lost to nothing behind it."""
    record = Record("sendgrid", "inbound", NOW, "", {"content-type": mail.content_type},
                    mail.body(), ref="s:1")  # fmt: skip
    try:
        [event] = _parse(record)
    except Unreadable:
        assert not mail.says_stop
        return
    assert isinstance(event, Event)
    if event.reply is None:
        assert event.is_machine
        return
    reading = event.reply.reading or read_reply(event.reply.text)
    if mail.says_stop:
        assert reading.intent in {"stop", "hold"}
