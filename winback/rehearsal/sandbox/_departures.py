"""Departures: a waiting message moves on when the sandbox's clock reaches its time.

A clock that stands still lets nothing leave: scheduled mail stays on disk until the clock is
moved, or until a sandbox on the same home runs at a later time.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from winback.rehearsal.sandbox import _sendgrid, _texts
from winback.rehearsal.sandbox._records import Message, Move, Webhook
from winback.rehearsal.sandbox._state import State
from winback.rehearsal.sandbox._store import PAUSE_SECONDS

# How soon a clock that runs, or was moved by somebody else, is looked at again.
LOOK_SECONDS: Final = 0.05


def expect(state: State, due_at: float | None) -> None:
    """Note that an accepted message moves on at `due_at`; None if it has left already."""
    if due_at is not None:
        with state.departing:
            state.next_due = due_at if state.next_due is None else min(state.next_due, due_at)


def look_again(state: State) -> None:
    """Find the next departure, and what is late already, after holds or messages changed."""
    with state.departing:
        state.next_due = state.store.next_due()
        catch_up(state)


def catch_up(state: State) -> None:
    """Let every message leave whose time has come."""
    now = state.clock.now().timestamp()
    if state.next_due is None or state.next_due > now:
        return
    with state.departing:
        moves: list[Move] = []
        webhooks: list[Webhook] = []
        bodies: dict[str, dict[str, Any]] = {}
        for message in state.store.waiting_until(now):
            if message.request_id not in bodies:
                bodies[message.request_id] = state.store.request_body(message.request_id)
            left = _depart(state, message, bodies[message.request_id], now)
            if left is not None:
                moves.append(left[0])
                webhooks += left[1]
        if moves:
            state.outbox.move(moves, webhooks)
        state.next_due = state.store.next_due()


def _depart(
    state: State, message: Message, body: dict[str, Any], now: float
) -> tuple[Move, list[Webhook]] | None:
    """Return what becomes of one message now; None while a pause keeps it."""
    at = datetime.fromtimestamp(message.due_at or now, UTC)
    if message.kind != "mail":
        return _texts.depart(state, message, body, at)
    hold = next(iter(state.batches.holds(message.batch_id)), None) if message.batch_id else None
    if hold is None or not hold.stops(at.timestamp()):
        return _sendgrid.depart(state, body, message, at)
    if hold.status == "cancel":
        return _sendgrid.discard(body, message, at, reason="Cancelled")
    if now >= at.timestamp() + PAUSE_SECONDS:
        return _sendgrid.discard(body, message, at, reason="Expired")
    return None


@contextlib.contextmanager
def keep_up(state: State) -> Iterator[None]:
    """Keep up with the clock in the background."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(LOOK_SECONDS):
            catch_up(state)

    look_again(state)
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
