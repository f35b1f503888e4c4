"""Where a response ends, whatever its server does: at a deadline, a size and a depth."""

from __future__ import annotations

import io
import json
import time
import zlib
from http.client import HTTPResponse
from typing import Any, Final

from urllib3.response import BaseHTTPResponse

# No response of a provider has a tenth of it, and a deeper one breaks code that walks into it.
MOST_LEVELS: Final = 50
LONGEST_NAME: Final = 255


class ResponseTooLargeError(Exception):
    """A response is over the limit, as it came or unpacked."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(
            f"response over {most_bytes >> 20} MB; WINBACK_RESPONSE_MEGABYTES raises it"
        )


class BrokenResponseError(Exception):
    """A response that can't be unpacked."""


class BoundedResponse(HTTPResponse):
    """A response that ends at a deadline: a time-out of a socket alone begins anew with each byte.

    Headers, interim responses and trailers count as its body does.
    """

    def __init__(self, sock: Any, *, seconds: float, most_bytes: int, **options: Any) -> None:
        bounded: Any = _Bounded(sock, seconds=seconds, most_bytes=most_bytes)
        super().__init__(bounded, **options)


class _Bounded(io.RawIOBase):
    """What comes on a socket, in place of it."""

    def __init__(self, sock: Any, *, seconds: float, most_bytes: int) -> None:
        self._sock, self._raw = sock, sock.makefile("rb", buffering=0)
        self._until = time.monotonic() + seconds
        self._most_bytes = self._left = most_bytes

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._left < self._most_bytes:  # the socket's own time-out ends the first wait
            seconds = self._until - time.monotonic()
            if seconds <= 0:
                raise TimeoutError("the response took too long")
            self._sock.settimeout(seconds)
        count: int | None = self._raw.readinto(buffer)
        self._left -= count or 0
        if self._left < 0:
            raise ResponseTooLargeError(self._most_bytes)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


def read_body(response: BaseHTTPResponse, most_bytes: int) -> bytes:
    """The whole body, unpacked. Raises ResponseTooLargeError, or what says that it broke off."""
    parts, remaining = [], most_bytes + 1
    while remaining and (part := response.read(remaining, decode_content=False)):
        parts.append(part)
        remaining -= len(part)
        if response.length_remaining == 0:
            break
    if not remaining:
        raise ResponseTooLargeError(most_bytes)
    return _unpacked(b"".join(parts), response.headers.get("content-encoding", ""), most_bytes)


def _unpacked(body: bytes, encoding: str, most_bytes: int) -> bytes:
    """One stream, no more: thousands of empty ones behind each other take hours to unpack."""
    match encoding.strip().lower():
        case "gzip" | "x-gzip":
            bits = 16 + zlib.MAX_WBITS
        case "deflate":  # some servers mean the stream without its envelope
            is_wrapped = body[:1] and body[0] & 0x0F == zlib.DEFLATED
            bits = zlib.MAX_WBITS if is_wrapped else -zlib.MAX_WBITS
        case _:
            return body
    if not body:
        return body
    stream = zlib.decompressobj(bits)
    try:
        unpacked = stream.decompress(body, most_bytes + 1)
    except zlib.error:
        raise BrokenResponseError from None
    if len(unpacked) > most_bytes:
        raise ResponseTooLargeError(most_bytes)
    if not stream.eof:
        raise BrokenResponseError
    return unpacked


def parsed(body: bytes) -> Any:
    """A body as JSON; None if it is none, or nests deeper than anybody needs."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    may_be_deep = body.count(b"[") + body.count(b"{") > MOST_LEVELS
    return None if may_be_deep and _is_deep(value) else value


def name_of(value: Any) -> str | None:
    """A provider's name for something, such as a message id; None for what no ledger can hold."""
    is_name = isinstance(value, str) and value.isascii() and value.isprintable()
    return value if is_name and 0 < len(value) <= LONGEST_NAME else None


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True
