"""Codes of customers' own: taken from the pool while their message is written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from winback.ledger import OfferCode, find_code, give_code


class CodesOf:
    """The codes of one message, in the transaction that writes it.

    A code is found when the message shows it, and given when the message is written: one that
    can't be written takes none. `Ledger.write` lets nobody else give meanwhile.
    """

    def __init__(self, connection: Connection, row: Mapping[str, Any]) -> None:
        self._connection, self._row = connection, row
        self._found: list[OfferCode] = []

    def __call__(self, offer_id: str, until: datetime | None) -> OfferCode | None:
        found = find_code(
            self._connection,
            enrollment_id=self._row["enrollment_id"],
            offer_id=offer_id,
            until=until,
        )
        if found is not None:
            self._found.append(found)
        return found

    def give(self, *, at: datetime) -> None:
        """Make what was shown theirs for good."""
        for it in self._found:
            give_code(
                self._connection,
                it.code,
                enrollment_id=self._row["enrollment_id"],
                customer_id=self._row["customer_id"],
                at=at,
            )
