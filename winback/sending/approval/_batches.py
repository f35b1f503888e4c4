"""What waits to leave, by step: how many messages, saying what, for how much."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from sqlalchemy import Connection, Numeric, func, select

from winback.ledger import CAMPAIGN, WAITING, Approval, tables
from winback.sending._due import Part

_m = tables.messages.c
# Whoever wrote to us, or asked to join, waits for nobody: only what we begin is asked for.
_WAITS: Final = (
    _m.state.in_((*WAITING, "claimed")),
    _m.purpose == CAMPAIGN,
    _m.not_before.is_not(None),
)


class Figures(NamedTuple):
    """How much."""

    messages: int
    cost_cents: Decimal


class Slice(NamedTuple):
    """The messages of a batch that say the same and were planned together."""

    content: str
    planned_at: datetime
    messages: int
    cost_cents: Decimal


@dataclass(frozen=True)
class Batch:
    """All messages of one step that a plan confirms and that have not left, whenever they may."""

    part: Part
    slices: tuple[Slice, ...]

    @property
    def contents(self) -> frozenset[str]:
        return frozenset(it.content for it in self.slices)

    @property
    def planned_until(self) -> datetime:
        return max(it.planned_at for it in self.slices)

    @property
    def figures(self) -> Figures:
        return _total(iter(self.slices))

    def beyond(self, asked: Approval) -> Figures:
        """How much of it a request does not speak of: what was planned since, or at least by how
        much it is larger."""
        since = _total(it for it in self.slices if it.planned_at > asked.planned_until)
        now = self.figures
        return Figures(
            max(since.messages, now.messages - asked.messages),
            max(since.cost_cents, now.cost_cents - asked.cost_cents),
        )

    def is_within(self, asked: Approval) -> bool:
        """Whether a request speaks of all of it."""
        more = self.beyond(asked)
        return self.contents <= asked.contents and more.messages <= 0 and more.cost_cents <= 0

    def holds_of(self, asked: Approval) -> bool:
        """Whether a message that a request speaks of still waits."""
        return any(
            it.content in asked.contents and it.planned_at <= asked.planned_until
            for it in self.slices
        )


def read_batches(connection: Connection) -> list[Batch]:
    """What waits, step by step."""
    content = func.coalesce(_m.content_sha256, "")
    keys = (_m.playbook_id, _m.step, content, _m.planned_at)
    cost = func.sum(_m.cost_cents, type_=Numeric(asdecimal=False))
    query = select(*keys, func.count(), cost).where(*_WAITS).group_by(*keys)
    slices: dict[Part, list[Slice]] = defaultdict(list)
    for playbook_id, step, said, planned_at, count, cents in connection.execute(query):
        cost_cents = Decimal(cents or 0).quantize(Decimal("0.0001"))
        slices[Part(playbook_id, step)].append(Slice(said, planned_at, count, cost_cents))
    return [
        Batch(part, tuple(found))
        for part, found in sorted(slices.items(), key=lambda it: str(it[0]))
    ]


def digest(connection: Connection, batch: Batch) -> str:
    """A hash of audience, content and cost: the same people, words and price have the same."""
    query = select(_m.message_id, func.coalesce(_m.content_sha256, "")).where(
        *_WAITS, _m.playbook_id == batch.part.playbook_id, _m.step == batch.part.step
    )
    found = hashlib.sha256(f"{batch.part} {batch.figures.cost_cents}".encode())
    for message_id, said in connection.execute(query.order_by(_m.message_id)):
        found.update(f"\n{message_id} {said}".encode())
    return found.hexdigest()


def _total(slices: Iterator[Slice]) -> Figures:
    found = list(slices)
    return Figures(
        sum(it.messages for it in found), sum((it.cost_cents for it in found), Decimal(0))
    )
