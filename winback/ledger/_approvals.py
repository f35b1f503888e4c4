"""Requests for a person's yes, and what they are about: the rows, without any rule.

`sending/approval` has the rules: when to ask, and what a yes covers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, func, select, update

from winback.ledger import _tables as t
from winback.ledger._among import among
from winback.ledger._insert import insert_new

Decision = Literal["yes", "no"]
_a, _s = t.approvals.c, t.content_samples.c
_LAST: Final = select(func.count(), func.max(_a.decided_at, type_=t.UtcDateTime))


@dataclass(frozen=True)
class Approval:
    """One request: for which step, of how much, and what somebody decided."""

    approval_id: str
    playbook_id: str
    step: int
    reasons: tuple[str, ...]
    # What its messages say, by hash; of a request that can't be read nothing, so that its yes
    # covers nothing.
    contents: frozenset[str]
    messages: int
    cost_cents: Decimal
    planned_until: datetime
    asked_at: datetime
    expires_at: datetime
    decision: str | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    note: str | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether it waits for a decision, and still may get one."""
        return self.decision is None and now < self.expires_at


def keep_approval(connection: Connection, request: Approval, *, sha256: str) -> None:
    """Keep a new request."""
    row = {
        "approval_id": request.approval_id,
        "playbook_id": request.playbook_id,
        "step": request.step,
        "request_sha256": sha256,
        "reasons": ",".join(request.reasons),
        "contents_json": json.dumps(sorted(request.contents)),
        "n_messages": request.messages,
        "cost_cents": request.cost_cents,
        "planned_until": request.planned_until,
        "asked_at": request.asked_at,
        "expires_at": request.expires_at,
    }
    insert_new(connection, t.approvals, [row])


def read_approvals(connection: Connection) -> list[Approval]:
    """Every request there was, oldest first."""
    rows = connection.execute(select(t.approvals).order_by(_a.asked_at, _a.approval_id))
    return [_approval(row) for row in rows]


def last_decided(connection: Connection) -> tuple[int, datetime | None]:
    """What tells whether anything was asked or decided since somebody looked: one cheap row."""
    count, at = connection.execute(_LAST).one()
    return count, at


def decide(
    connection: Connection,
    approval_id: str,
    decision: Decision,
    *,
    by: str,
    note: str,
    at: datetime,
) -> None:
    """Write down what somebody decided; the last decision is the one that counts."""
    connection.execute(
        update(t.approvals)
        .where(_a.approval_id == approval_id)
        .values(decision=decision, decided_at=at, decided_by=by, note=note)
    )


def known_contents(connection: Connection, contents: Iterable[str]) -> set[str]:
    """Those of these contents of which there is a sample."""
    query = select(_s.content_sha256).distinct().where(among(_s.content_sha256, contents))
    return set(connection.scalars(query))


def keep_samples(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what contents read like for invented people."""
    insert_new(connection, t.content_samples, rows)


def read_samples(connection: Connection, contents: Iterable[str]) -> list[Row[Any]]:
    """What these contents read like: first each for a person of whom all facts are known."""
    query = select(t.content_samples).where(among(_s.content_sha256, contents))
    return list(connection.execute(query.order_by(_s.pos, _s.variant, _s.content_sha256)))


def _approval(row: Row[Any]) -> Approval:
    return Approval(
        row.approval_id,
        row.playbook_id,
        row.step,
        tuple(row.reasons.split(",")),
        _contents(row.contents_json),
        row.n_messages,
        row.cost_cents,
        row.planned_until,
        row.asked_at,
        row.expires_at,
        row.decision,
        row.decided_at,
        row.decided_by,
        row.note,
    )


def _contents(text: str) -> frozenset[str]:
    try:
        read = json.loads(text)
    except ValueError:
        return frozenset()
    named = read if isinstance(read, list) else []
    return frozenset(it for it in named if isinstance(it, str))
