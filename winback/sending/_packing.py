"""Packing: the messages that a run holds become requests, as many as can start at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from winback.content import payloads
from winback.ledger import CAMPAIGN
from winback.providers import Channel, NotPreparedError, Outcome, Outgoing, Request
from winback.sending._splitting import Splitting

# A request that has waited here for long would be let go too soon after its call to be
# cancelled: it is prepared again.
SHORTEST_HOLD = timedelta(minutes=20)


class UnpreparedError(Exception):
    """The provider gave no batch: these messages stay claimed, and in nobody's request."""

    def __init__(self, outcome: Outcome, message_ids: Sequence[str]) -> None:
        super().__init__(outcome.reason)
        self.outcome, self.message_ids = outcome, message_ids


class Packing:
    """The messages that one run has claimed and not settled."""

    def __init__(self, channel: Channel) -> None:
        self.rows: dict[str, Row[Any]] = {}
        self._channel = channel
        self._splitting = Splitting(channel.batch_size)
        self._claimed: list[Row[Any]] = []
        self._ready: list[Request] = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left here to send; calls may be under way."""
        return not self._claimed and not self._ready

    def take(self, rows: Sequence[Row[Any]]) -> None:
        """Take over claimed messages.

        A message may have a call under way still, if others called it unknown and let it go. The
        response to that call comes first, and must not be taken for that of another attempt.
        """
        new = [row for row in rows if row.message_id not in self.rows]
        self._claimed += new
        self.rows |= {row.message_id: row for row in new}

    def next(self, count: int, *, now: datetime, limit: int | None = None) -> list[Request]:
        """At most `count` requests, of at most `limit` messages where it is given.

        Call with no transaction open: it may ask the provider. Raises UnpreparedError where the
        provider refuses what a request needs first.
        """
        self._give_up_stale(now)
        while len(self._ready) < count and self._claimed:
            self._prepare(now, limit)
        requests, self._ready = self._ready[:count], self._ready[count:]
        return requests

    def put_back(self, request: Request, *, without: Collection[str]) -> None:
        """Take a request apart that did not go; its messages, except `without`, are packed anew."""
        self.forget(without)
        keys = [key for key in request.message_ids if key not in without]
        self._claimed = [self.rows[key] for key in keys] + self._claimed

    def settle(self, request: Request, outcome: Outcome) -> None:
        """Learn from a request, and let go of its messages: the ledger has them."""
        self._splitting.learn(request, outcome, self.rows)
        self.forget(request.message_ids)

    def drop(self, unwanted: Callable[[Row[Any]], bool]) -> list[str]:
        """Let go of the messages, in no call under way, that are unwanted; their ids."""
        for request in self._ready:
            self.put_back(request, without=())
        self._ready = []
        keys = [row.message_id for row in self._claimed if unwanted(row)]
        self._claimed = [row for row in self._claimed if not unwanted(row)]
        self.forget(keys)
        return keys

    def forget(self, message_ids: Collection[str]) -> None:
        """Let go of messages."""
        for key in message_ids:
            self.rows.pop(key, None)

    def _prepare(self, now: datetime, limit: int | None) -> None:
        rows, others = self._splitting.first(self._claimed)
        if limit is not None:
            rows, others = rows[:limit], rows[limit:] + others
        try:
            requests = self._channel.prepare([_outgoing(row) for row in rows], now=now)
        except NotPreparedError as failed:
            self._claimed = others
            keys = [row.message_id for row in rows]
            self.forget(keys)
            raise UnpreparedError(failed.outcome, keys) from None
        packed = {key for request in requests for key in request.message_ids}
        self._claimed = [row for row in rows if row.message_id not in packed] + others
        self._ready += requests

    def _give_up_stale(self, now: datetime) -> None:
        ready, self._ready = self._ready, []
        for request in ready:
            if request.send_at is not None and request.send_at < now + SHORTEST_HOLD:
                self.put_back(request, without=())
            else:
                self._ready.append(request)


def _outgoing(row: Row[Any]) -> Outgoing:
    return Outgoing(
        message_id=row.message_id,
        address=row.address,
        payload=payloads.from_json(row.channel, row.payload_json),
        leaves_by=min(row.window_closes_at, row.expires_at),
        # A person who wrote to us is not kept waiting because a response may get lost.
        may_wait=row.purpose == CAMPAIGN,
    )
