"""What one run may not send for want of a yes; looked at again before every call."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row

from winback.base.clock import WallClock
from winback.base.settings import Settings
from winback.ledger import CAMPAIGN, last_decided
from winback.sending._due import Part
from winback.sending.approval._ask import approvals_by_step, held_steps, needs_approval
from winback.sending.approval._judge import approved_by_step

# Real seconds between two counts of what waits; a decision is seen at once.
COUNTED_EVERY: Final = 5.0


class Approvals:
    """The steps that a run leaves alone until a person has approved them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._is_needed: bool | None = None
        self._counted_at = float("-inf")
        self._decided: object = None
        self._approved: dict[Part, frozenset[str]] = {}
        self._held: dict[Part, str] = {}

    def held(self, connection: Connection) -> dict[Part, str]:
        """The steps that may not leave now, each with the line for the operator."""
        if self._is_needed is None:
            self._is_needed = needs_approval(connection, self._settings)
        if not self._is_needed:
            return {}
        decided = last_decided(connection)
        if decided != self._decided or time.monotonic() - self._counted_at >= COUNTED_EVERY:
            self._decided, self._counted_at = decided, time.monotonic()
            self._count(connection)
        return self._held

    def unapproved(self, messages: Sequence[Row[Any]]) -> dict[Part, str]:
        """The steps of messages in hand that say what nobody approved: they were planned since the
        last count."""
        if not self._is_needed:
            return {}
        parts = {
            part
            for message in messages
            if message.purpose == CAMPAIGN
            and (message.content_sha256 or "")
            not in self._approved.get(part := Part(message.playbook_id, message.step), frozenset())
        }
        return {part: f"{part} waits for approval. Next: winback approvals" for part in parts}

    def _count(self, connection: Connection) -> None:
        history = approvals_by_step(connection)
        self._approved = approved_by_step(history)
        held = held_steps(connection, history, self._settings, now=WallClock().now())
        self._held = {it.part: str(it) for it in held}
