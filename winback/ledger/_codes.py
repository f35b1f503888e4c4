"""Codes of customers' own: pools that the shop uploads, and who was given which.

A code is given to one enrollment, once for ever. What is given is never taken back, also where
the message never left: somebody may have seen it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select, update

from winback.ledger import _tables as t
from winback.ledger._among import among
from winback.ledger._insert import insert_new

# The rule that a message fails which finds no code, with the offer after a colon.
NO_CODE: Final = "no_code"
# The need of a week is told by what the last one took.
_WEEK: Final = timedelta(days=7)
_o = t.offer_codes.c


@dataclass(frozen=True)
class OfferCode:
    """A code of one's own, and when it ends at the shop; None where the shop told no end."""

    code: str
    ends_at: datetime | None


@dataclass(frozen=True)
class NewCode:
    """A code that the shop has, as it comes in."""

    code: str
    offer_id: str
    ends_at: datetime | None


@dataclass(frozen=True)
class Pool:
    """An offer's codes. `left` are those that can still be given, `ended` those that nobody got in
    time, `needed` an estimate for the next week."""

    offer_id: str
    left: int = 0
    given: int = 0
    ended: int = 0
    needed: int = 0
    # Messages that wait for a code.
    waiting: int = 0

    @property
    def is_scarce(self) -> bool:
        return self.waiting > 0 or self.left < self.needed

    def __str__(self) -> str:
        codes = "code is" if self.left == 1 else "codes are"
        need = f"; some {self.needed:,} are needed this week" if self.needed else ""
        held = f", and {self.waiting:,} messages wait for one" if self.waiting else ""
        return f"{self.left:,} {codes} left of {self.offer_id}{need}{held}"


def code_key(code: str) -> str:
    """How codes are compared: a shop takes small letters for capitals, and blanks for nothing."""
    return "".join(code.split()).upper()


def keep_codes(connection: Connection, codes: Sequence[NewCode], *, at: datetime) -> int:
    """Add codes to their pools; one that is known stays as it is. The number that is new."""
    rows = [
        {
            "code_key": code_key(it.code),
            "code": it.code,
            "offer_id": it.offer_id,
            "imported_at": at,
            "ends_at": it.ends_at,
        }
        for it in codes
    ]
    return insert_new(connection, t.offer_codes, rows)


def find_code(
    connection: Connection, *, enrollment_id: str, offer_id: str, until: datetime | None
) -> OfferCode | None:
    """The code that an enrollment has, or else the next free one that holds `until` then.

    None where the pool has none. Those that end soonest go first.
    """
    theirs = select(_o.code, _o.ends_at).where(
        _o.enrollment_id == enrollment_id, _o.offer_id == offer_id
    )
    if row := connection.execute(theirs).first():
        return OfferCode(row.code, row.ends_at)
    free = (_o.offer_id == offer_id) & _o.given_at.is_(None)
    ending = _o.ends_at >= until if until else _o.ends_at.is_not(None)
    # Two looks, since the index has no order for both.
    for which, order in (
        (ending, (_o.ends_at, _o.code_key)),
        (_o.ends_at.is_(None), (_o.code_key,)),
    ):
        query = select(_o.code, _o.ends_at).where(free, which).order_by(*order).limit(1)
        if row := connection.execute(query).first():
            return OfferCode(row.code, row.ends_at)
    return None


def give_code(
    connection: Connection, code: str, *, enrollment_id: str, customer_id: str, at: datetime
) -> None:
    """Give a code that `find_code` found in the same `Ledger.write`; safe where it is given."""
    connection.execute(
        update(t.offer_codes)
        .where(_o.code_key == code_key(code), _o.given_at.is_(None))
        .values(
            enrollment_id=enrollment_id,
            customer_id=customer_id,
            given_at=at,
            version=_o.version + 1,
        )
    )


def known_codes(connection: Connection, keys: Iterable[str]) -> Sequence[Row[Any]]:
    """Those of these codes that are in a pool or given, with offer and end."""
    query = select(_o.code_key, _o.offer_id, _o.ends_at).where(among(_o.code_key, keys))
    return connection.execute(query).all()


def given_codes(connection: Connection) -> Sequence[Row[Any]]:
    """The codes that were given, the first given first; without an end of their own they end with
    the offer of their enrollment, or with that of the arm that dealt it."""
    e, c = t.enrollments.c, t.bandit_choices.c
    of_arm = (
        select(func.max(c.offer_expires_at))
        .where(c.enrollment_id == _o.enrollment_id, c.offer_id == _o.offer_id)
        .scalar_subquery()
    )
    ends_at = func.coalesce(_o.ends_at, e.offer_expires_at, of_arm, type_=t.UtcDateTime())
    query = (
        select(_o.code, _o.offer_id, _o.customer_id, _o.given_at, ends_at.label("ends_at"))
        .outerjoin(
            t.enrollments,
            (_o.enrollment_id == e.enrollment_id) & (_o.offer_id == e.offer_id),
        )
        .where(_o.enrollment_id.is_not(None))
        .order_by(_o.given_at, _o.code_key)
    )
    return connection.execute(query).all()


def read_pools(connection: Connection, *, at: datetime) -> list[Pool]:
    """The pool of each offer that has codes, or messages that wait for one."""
    has_ended = and_(_o.ends_at.is_not(None), _o.ends_at <= at)
    is_free = _o.enrollment_id.is_(None)
    query = select(
        _o.offer_id,
        _count(is_free, ~has_ended).label("left"),
        _count(is_free, has_ended).label("ended"),
        _count(~is_free).label("given"),
        _count(_o.given_at > at - _WEEK, _o.given_at <= at).label("lately"),
    ).group_by(_o.offer_id)
    waiting = _waiting(connection, since=at - _WEEK)
    pools = {
        row.offer_id: Pool(
            offer_id=row.offer_id,
            left=row.left,
            given=row.given,
            ended=row.ended,
            needed=row.lately + waiting.get(row.offer_id, 0),
            waiting=waiting.get(row.offer_id, 0),
        )
        for row in connection.execute(query)
    }
    for offer_id, count in waiting.items():
        pools.setdefault(offer_id, Pool(offer_id, needed=count, waiting=count))
    return [pools[offer_id] for offer_id in sorted(pools)]


def _count(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(and_(*conditions))


def _waiting(connection: Connection, *, since: datetime) -> dict[str, int]:
    """Enrollments that wait for a code, by offer; after a week their step is over."""
    u, m = t.unwritten.c, t.messages.c
    query = (
        select(u.rule, func.count(u.enrollment_id.distinct()).label("enrollments"))
        .outerjoin(t.messages, u.message_id == m.message_id)
        .where(u.found_at > since)
        .where(u.rule.startswith(f"{NO_CODE}:", autoescape=True), m.message_id.is_(None))
        .group_by(u.rule)
    )
    return {row.rule.partition(":")[2]: row.enrollments for row in connection.execute(query)}
