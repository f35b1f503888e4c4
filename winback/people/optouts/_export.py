"""Lists of opt-outs out to another tool."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Row

from winback.base.cells import CellWriter
from winback.base.errors import UsageError
from winback.base.private import open_private
from winback.base.whole import written_whole
from winback.ledger import (
    HASH_PREFIX,
    ChannelGroup,
    Ledger,
    is_hashed,
    is_hidden,
    suppressions_in_force,
)

EXPORT_COLUMNS: Final = ("email", "phone", "reason", "source", "occurred_at")
LETTER_COLUMN: Final = "letter_address"


@dataclass
class ExportReport:
    """The rows that an export wrote, and those that it had to leave out."""

    written: int = 0
    holds: int = 0
    erased: int = 0


def export_list(ledger: Ledger, file: Path, *, group: ChannelGroup | None = None) -> ExportReport:
    """Write all addresses that get no messages as CSV, for the owner's eyes, in one piece.

    A row an address and reason. Holds are left out, since they wait for a person, and
    erased addresses, since nobody knows them any more. What a hashed list has named goes out
    by its hash, and who wants no letters by the lines of the address: each in a column that is
    there where it is needed. Raises UsageError without a folder.
    """
    if not file.parent.is_dir():
        raise UsageError(f"{file.parent} is no folder to write a list to.")
    with ledger.read() as connection:
        kept = suppressions_in_force(connection, group=group)
    rows = [row for row in kept if row.reason != "hold" and not is_hidden(row.address)]
    hashed = {(row.address, row.reason): row for row in rows if is_hashed(row.address)}
    plain = [row for row in rows if not is_hashed(row.address)]
    extra = (
        *(["sha256"] if hashed else []),
        *([LETTER_COLUMN] if any(row.channel_group == "post" for row in plain) else []),
    )
    report = ExportReport(
        written=len(plain) + len(hashed),
        holds=sum(row.reason == "hold" for row in kept),
        erased=sum(row.reason != "hold" and is_hidden(row.address) for row in kept),
    )
    with written_whole(file) as beside, open_private(beside) as stream:
        writer = CellWriter(stream)
        columns = (*EXPORT_COLUMNS, *extra)
        writer.writerow(columns)
        for row in (*plain, *hashed.values()):
            cells = _cells(row)
            writer.writerow(cells.get(name, "") for name in columns)
    return report


def _cells(row: Row[Any]) -> dict[str, str]:
    """The cells of a row by their columns; those that it doesn't fill are absent."""
    where = {"email": "email", "phone": "phone", "post": LETTER_COLUMN}[row.channel_group]
    told = {
        "reason": row.reason,
        "source": row.source,
        "occurred_at": row.occurred_at.isoformat(),
    }
    if is_hashed(row.address):
        return told | {"sha256": row.address.removeprefix(HASH_PREFIX)}
    return told | {where: row.address}
