"""Where the click links of messages lead: kept with the message, asked for by a click."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from winback.ledger import _tables as t
from winback.ledger._database import Ledger


@dataclass(frozen=True)
class Link:
    """One link of one message, and the only address that it may lead to."""

    message_id: str
    pos: int
    url: str


def find_link(ledger: Ledger, token: str) -> Link | None:
    """The link of a token, or None if no message of ours has it."""
    if not (token.isascii() and token.isalnum()):
        return None  # no token of ours; and no database must read what a stranger wrote there
    k = t.links.c
    with ledger.read() as connection:
        query = select(k.message_id, k.pos, k.url).where(k.token == token)
        row = connection.execute(query).one_or_none()
    return None if row is None else Link(row.message_id, row.pos, row.url)
