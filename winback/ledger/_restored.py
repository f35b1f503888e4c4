"""The mark of a restored ledger: what it was made from forgot the last sends, so it sends nothing.

It is a row of the ledger, so every worker on every machine sees it. `winback adopt` takes it
away, once the providers were asked what happened since the backup.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, update

from winback.ledger import _tables as t
from winback.ledger._notes import keep_note, read_note

_MARK: Final = "restored"


@dataclass(frozen=True)
class Restored:
    """Which backup a ledger was made from, of which moment, and when it was put together.

    What came in after `heard_until` is in no backup and in no second copy.
    """

    backup_id: str
    made_at: datetime
    restored_at: datetime
    heard_until: datetime


def mark_restored(connection: Connection, mark: Restored) -> None:
    """Let nothing be sent from this ledger until it is adopted."""
    value = json.dumps(
        {
            "backup_id": mark.backup_id,
            "made_at": mark.made_at.isoformat(),
            "restored_at": mark.restored_at.isoformat(),
            "heard_until": mark.heard_until.isoformat(),
        }
    )
    keep_note(connection, _MARK, value)
    # Who held claims at that time is no process of this ledger.
    connection.execute(delete(t.claim_holders))


def read_restored(connection: Connection) -> Restored | None:
    """The mark of a restored ledger; None where there is none, or it was adopted."""
    kept = read_note(connection, _MARK)
    if kept is None:
        return None
    row = json.loads(kept)
    made_at, restored_at = (datetime.fromisoformat(row[n]) for n in ("made_at", "restored_at"))
    # A mark of an older winback knows of no second copy.
    heard_until = datetime.fromisoformat(row.get("heard_until", row["made_at"]))
    return Restored(row["backup_id"], made_at, restored_at, heard_until)


def why_not_adopted(connection: Connection) -> str:
    """Why a restored ledger must not send, in one line; empty for any other."""
    mark = read_restored(connection)
    if mark is None:
        return ""
    return (
        f"this is a restored copy (backup {mark.backup_id}), and what was sent since the backup is "
        "not known here, so nothing is sent. Next: winback adopt"
    )


def forget_exports(connection: Connection) -> None:
    """Have every row exported anew: what landing held of the ledger was not restored."""
    for table in t.metadata.sorted_tables:
        if "exported_version" in table.c:
            connection.execute(update(table).values(exported_version=0))


def forget_mark(connection: Connection) -> None:
    """Adopted: the ledger sends again."""
    connection.execute(delete(t.meta).where(t.meta.c.key == _MARK))
