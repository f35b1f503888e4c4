"""Batch ids of SendGrid, with the holds on their mail."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final, Literal

from winback.rehearsal.sandbox._database import Database

Status = Literal["cancel", "pause"]

# "At most 10 batches cancelled or paused at a time": those whose status nobody deleted.
MAX_HELD: Final = 10
# A cancellation that comes later than this before send_at may come too late. Here it does.
NOTICE_SECONDS: Final = 600


@dataclass(frozen=True)
class Hold:
    """The cancellation or pause of a batch since `held_at` (Unix seconds)."""

    batch_id: str
    status: Status
    held_at: float

    def stops(self, send_at: float) -> bool:
        return self.held_at <= send_at - NOTICE_SECONDS


class Batches:
    """The batch ids that were handed out, with their holds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self) -> str:
        batch_id = secrets.token_hex(24)
        with self._database.transaction() as db:
            db.execute("insert into batches (batch_id) values (?)", (batch_id,))
        return batch_id

    def exists(self, batch_id: str) -> bool:
        rows = self._database.query("select 1 from batches where batch_id = ?", [batch_id])
        return bool(rows)

    def holds(self, batch_id: str | None = None) -> list[Hold]:
        """Return the holds of all batches, or of one."""
        rows = self._database.query(
            "select batch_id, hold as status, held_at from batches"
            " where hold is not null and coalesce(?, batch_id) = batch_id order by held_at",
            [batch_id],
        )
        return [Hold(**dict(row)) for row in rows]

    def hold(self, batch_id: str, status: Status, at: float) -> bool:
        """Hold a batch that nothing holds yet; False when too many are held."""
        with self._database.transaction() as db:
            (held,) = db.execute("select count(*) from batches where hold is not null").fetchone()
            if held >= MAX_HELD:
                return False
            db.execute(
                "update batches set hold = ?, held_at = ? where batch_id = ?",
                (status, at, batch_id),
            )
            return True

    def change(self, batch_id: str, status: Status) -> None:
        """Turn a pause into a cancellation, or the other way round; the batch is held all along."""
        with self._database.transaction() as db:
            db.execute("update batches set hold = ? where batch_id = ?", (status, batch_id))

    def release(self, batch_id: str) -> None:
        with self._database.transaction() as db:
            db.execute(
                "update batches set hold = null, held_at = null where batch_id = ?", (batch_id,)
            )
