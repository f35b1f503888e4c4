"""Codes on their way to a shop: none is given before the shop has confirmed it.

They are written down before the shop hears of them, so that a command that was killed goes on
with the same codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, or_, select, update

from winback.ledger import _tables as t
from winback.ledger._among import among
from winback.ledger._codes import NewCode, code_key, keep_codes
from winback.ledger._insert import insert_new

_p = t.pending_codes.c
_d = t.shop_discounts.c
_o = t.offer_codes.c


@dataclass(frozen=True)
class PendingCode:
    """A code that a shop was or is to be asked for; `bulk_id` is the shop's id of that call."""

    code: str
    ends_at: datetime
    bulk_id: str | None


def keep_pending(
    connection: Connection, codes: Iterable[NewCode], *, shop: str, at: datetime
) -> None:
    """Write codes down that the shop is going to be asked for. Each has an end."""
    rows = [
        {
            "code_key": code_key(it.code),
            "code": it.code,
            "offer_id": it.offer_id,
            "shop": shop,
            "ends_at": it.ends_at,
            "made_at": at,
        }
        for it in codes
    ]
    insert_new(connection, t.pending_codes, rows)


def pending_codes(connection: Connection, *, shop: str, offer_id: str) -> list[PendingCode]:
    """The codes that the shop has not confirmed, those that end soonest first."""
    query = (
        select(_p.code, _p.ends_at, _p.bulk_id)
        .where(_p.shop == shop, _p.offer_id == offer_id)
        .order_by(_p.ends_at, _p.code_key)
    )
    return [PendingCode(*row) for row in connection.execute(query)]


def note_bulk(connection: Connection, codes: Sequence[str], bulk_id: str) -> None:
    """Remember the call that is to create these codes."""
    theirs = among(_p.code_key, map(code_key, codes))
    connection.execute(update(t.pending_codes).where(theirs).values(bulk_id=bulk_id))


def confirm_codes(
    connection: Connection, codes: Sequence[str], *, offer_id: str, ends_at: datetime, at: datetime
) -> int:
    """The shop takes these codes until then: from now on they can be given. How many are new."""
    new = keep_codes(connection, [NewCode(code, offer_id, ends_at) for code in codes], at=at)
    drop_pending(connection, codes)
    return new


def drop_pending(connection: Connection, codes: Sequence[str]) -> None:
    """Forget codes that the shop doesn't take."""
    theirs = among(_p.code_key, map(code_key, codes))
    connection.execute(delete(t.pending_codes).where(theirs))


def free_codes(connection: Connection, *, offer_id: str, until: datetime) -> int:
    """How many codes can be given to somebody whose offer ends then."""
    query = (
        select(func.count())
        .select_from(t.offer_codes)
        .where(_o.offer_id == offer_id, _o.given_at.is_(None))
        .where(or_(_o.ends_at.is_(None), _o.ends_at >= until))
    )
    return connection.execute(query).scalar_one()


def discount_of(
    connection: Connection, *, shop: str, offer_id: str, terms: str, ends_at: datetime
) -> str | None:
    """The shop's id of the discount that holds such codes, where one was made."""
    query = select(_d.discount_id).where(
        _d.shop == shop, _d.offer_id == offer_id, _d.terms == terms, _d.ends_at == ends_at
    )
    found: str | None = connection.execute(query).scalar_one_or_none()
    return found


def keep_discount(
    connection: Connection,
    discount_id: str,
    *,
    shop: str,
    offer_id: str,
    terms: str,
    ends_at: datetime,
    at: datetime,
) -> None:
    """Remember a discount of the shop, in place of one that is not there any more."""
    named = {"shop": shop, "offer_id": offer_id, "terms": terms, "ends_at": ends_at}
    same = (_d.shop == shop, _d.offer_id == offer_id, _d.terms == terms, _d.ends_at == ends_at)
    connection.execute(delete(t.shop_discounts).where(*same))
    insert_new(connection, t.shop_discounts, [{**named, "discount_id": discount_id, "made_at": at}])
