"""The meeting of the demo's shoppers with the sandbox: messages received, and reactions to them."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import requests
from sqlalchemy import select

from winback.ledger import Ledger, tables
from winback.rehearsal.demo._messages import Reaction, ReceivedMessage
from winback.rehearsal.demo._orders import Order
from winback.rehearsal.demo._shoppers import Shoppers

_TIMEOUT: Final = (5, 60)
# What the sandbox calls a reaction, by channel.
_ACTS: Final[dict[tuple[str, str], str]] = {
    ("email", "delivered"): "delivered",
    ("email", "bounced"): "bounce",
    ("email", "opened"): "open",
    ("email", "machine_opened"): "open",
    ("email", "clicked"): "click",
    ("email", "stop"): "unsubscribe",
    ("email", "spamreport"): "spamreport",
    ("sms", "delivered"): "delivered",
    ("sms", "bounced"): "undelivered",
    ("sms", "replied"): "reply",
    ("sms", "stop"): "reply",
}
_LANDLINE_OR_GONE: Final = 30006


@dataclass
class Street:
    """Carries messages from the sandbox to the shoppers and their acts back, in order of time."""

    sandbox_url: str
    shoppers: Shoppers
    ledger: Ledger
    shop_url: str
    # The code of everybody and the percentage, by offer id.
    coupons: Mapping[str, tuple[str, int]]
    has_leaked: bool = False
    _after: int = 0
    _pending: list[tuple[datetime, int, Reaction]] = field(default_factory=list)
    _order: int = 0

    def set_clock(self, now: datetime) -> None:
        self._post("clock", {"now": now.isoformat()})

    def take_post(self) -> int:
        """Hand the shoppers the messages accepted since the last call; return their number."""
        received = list(self._fetch_received())
        for message in sorted(received, key=lambda message: message.sent_at):
            for reaction in self.shoppers.react(message):
                self._order += 1
                heapq.heappush(self._pending, (reaction.at, self._order, reaction))
        return len(received)

    def leak(self, orders: list[Order]) -> list[Order]:
        """The orders, one of which somebody places with the first code that another was given."""
        c = tables.offer_codes.c
        query = select(c.code, c.customer_id).where(c.given_at.is_not(None))
        with self.ledger.read() as connection:
            given = connection.execute(query.order_by(c.given_at, c.code_key).limit(1)).first()
        for place, order in enumerate(orders):
            if self.has_leaked or given is None:
                break
            if order.is_valid and not order.coupon_code and order.customer_id != given.customer_id:
                taken_off = order.subtotal_cents // 5
                orders[place] = replace(order, coupon_code=given.code, discount_cents=taken_off)
                self.has_leaked = True
        return orders

    def act(self, until: datetime) -> int:
        """Perform everything that is due by `until`, and wait until it was reported."""
        acts = []
        while self._pending and self._pending[0][0] <= until:
            act = _act(heapq.heappop(self._pending)[2], self.shop_url)
            acts += [act] if act else []
        if acts:
            self._post("events", {"events": acts})
        self._post("flush", {"timeout_seconds": 60})
        return len(acts)

    def _fetch_received(self) -> Iterator[ReceivedMessage]:
        while True:
            response = requests.get(
                f"{self.sandbox_url}/_sandbox/messages",
                params={"after": self._after, "limit": 1000},
                timeout=_TIMEOUT,
            )
            response.raise_for_status()
            found = response.json()["messages"]
            if not found:
                return
            self._after = found[-1]["seq"]
            yield from self._known([entry["message_id"] for entry in found])

    def _known(self, message_ids: list[str]) -> Iterator[ReceivedMessage]:
        m, e, c = tables.messages.c, tables.enrollments.c, tables.offer_codes.c
        query = (
            select(m.message_id, m.customer_id, m.channel, m.playbook_id, m.step)
            .add_columns(m.accepted_at, e.offer_id, c.code)
            .join_from(tables.messages, tables.enrollments, m.enrollment_id == e.enrollment_id)
            .outerjoin(
                tables.offer_codes,
                (c.enrollment_id == e.enrollment_id) & (c.offer_id == e.offer_id),
            )
            .where(m.message_id.in_(message_ids), m.accepted_at.is_not(None))
        )
        with self.ledger.read() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            code, percent = self.coupons.get(row.offer_id, ("", 0))
            yield ReceivedMessage(
                message_id=row.message_id,
                customer_id=row.customer_id,
                channel=row.channel,
                playbook_id=row.playbook_id,
                step=row.step,
                sent_at=row.accepted_at,
                coupon_code=row.code or code,
                coupon_percent=percent,
            )

    def _post(self, control: str, body: dict[str, Any]) -> None:
        response = requests.post(
            f"{self.sandbox_url}/_sandbox/{control}", json=body, timeout=_TIMEOUT
        )
        response.raise_for_status()


def _act(reaction: Reaction, shop_url: str) -> dict[str, Any] | None:
    """Return the sandbox's act for a reaction; None for one that leaves no trace on its channel."""
    name = _ACTS.get((reaction.channel, reaction.kind))
    if name is None:
        return None
    act: dict[str, Any] = {
        "event": name,
        "message_id": reaction.message_id,
        "at": reaction.at.isoformat(),
    }
    if name == "reply":
        act["body"] = reaction.text
    if name == "click":
        act["url"] = shop_url
    if reaction.kind == "machine_opened":
        act["is_machine"] = True
    if name == "undelivered":
        act["error_code"] = _LANDLINE_OR_GONE
    return act
