"""Text records of the domain name system: one question of one kind (RFC 1035).

Sixty lines in place of a library, since a TXT record is all that going live asks for.
"""

from __future__ import annotations

import secrets
import socket
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

Server = tuple[str, int]

_TXT: Final = 16
_IN: Final = 1
_RECURSE: Final = 0x0100
_TRUNCATED: Final = 0x0200
_CODE: Final = 0x000F
_NO_SUCH_NAME: Final = 3
_UDP_BYTES: Final = 4096


class DnsSilent(Exception):
    """No name server gave an answer that can be read; the message says why in a word or two."""


def name_servers(path: Path = Path("/etc/resolv.conf")) -> tuple[Server, ...]:
    """The name servers of this machine."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    words = (line.split() for line in lines)
    return tuple((it[1], 53) for it in words if len(it) > 1 and it[0] == "nameserver")


def texts(name: str, servers: Sequence[Server], *, seconds: float) -> list[str]:
    """The text records of a name, aliases followed; empty where there is none.

    Raises DnsSilent where nobody says.
    """
    why = "no name server is set"
    for server in servers:
        try:
            return _ask(name, server, seconds)
        except DnsSilent as silent:
            why = str(silent)
        except OSError as error:
            why = type(error).__name__
        except (struct.error, IndexError, ValueError):
            why = "an answer that can't be read"
    raise DnsSilent(why)


def _ask(name: str, server: Server, seconds: float) -> list[str]:
    number = secrets.randbelow(1 << 16)
    labels = name.rstrip(".").encode("idna").split(b".")
    written = b"".join(bytes([len(label)]) + label for label in labels)
    question = written + b"\0" + struct.pack("!HH", _TXT, _IN)
    query = struct.pack("!6H", number, _RECURSE, 1, 0, 0, 0) + question
    answer = _by_udp(query, server, seconds)
    if struct.unpack_from("!H", answer, 2)[0] & _TRUNCATED:
        answer = _by_tcp(query, server, seconds)
    found, flags, _, count = struct.unpack_from("!4H", answer)
    if found != number:
        raise DnsSilent("an answer to something else")
    if flags & _CODE == _NO_SUCH_NAME:
        return []
    if flags & _CODE:
        raise DnsSilent(f"code {flags & _CODE}")
    return list(_records(answer, 12 + len(question), count))


def _by_udp(query: bytes, server: Server, seconds: float) -> bytes:
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as connection:
        connection.settimeout(seconds)
        connection.connect(server)
        connection.send(query)
        return connection.recv(_UDP_BYTES)


def _by_tcp(query: bytes, server: Server, seconds: float) -> bytes:
    with socket.create_connection(server, seconds) as connection:
        connection.sendall(struct.pack("!H", len(query)) + query)
        with connection.makefile("rb") as file:
            (length,) = struct.unpack("!H", file.read(2))
            return file.read(length)


def _records(answer: bytes, at: int, count: int) -> Iterator[str]:
    for _ in range(count):
        at = _past_name(answer, at)
        kind, _, _, length = struct.unpack_from("!HHIH", answer, at)
        at += 10
        if kind == _TXT:
            yield _text(answer[at : at + length])
        at += length


def _past_name(answer: bytes, at: int) -> int:
    """A name ends with an empty label, or with a pointer to an earlier one."""
    while answer[at]:
        if answer[at] >= 0xC0:
            return at + 2
        at += 1 + answer[at]
    return at + 1


def _text(data: bytes) -> str:
    """A record is of several strings, which belong together."""
    parts = []
    while data:
        parts.append(data[1 : 1 + data[0]])
        data = data[1 + data[0] :]
    return b"".join(parts).decode("utf-8", "replace")
