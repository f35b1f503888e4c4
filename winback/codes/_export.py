"""Codes given out, for the shop's system or a till."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from winback.base.cells import CellWriter
from winback.base.errors import UsageError
from winback.base.private import open_private
from winback.base.whole import written_whole
from winback.ledger import Ledger, given_codes

COLUMNS: Final = ("code", "offer_id", "customer_id", "given_at", "ends_at")


def export_codes(ledger: Ledger, file: Path) -> int:
    """Write the codes that were given as CSV, for the owner's eyes, in one piece; how many.

    `ends_at` is the end that the message tells: the one at the shop, or where the shop told none
    the offer's. Raises UsageError without a folder.
    """
    if not file.parent.is_dir():
        raise UsageError(f"{file.parent} is no folder to write a list to.")
    with ledger.read() as connection:
        rows = given_codes(connection)
    with written_whole(file) as beside, open_private(beside) as stream:
        writer = CellWriter(stream)
        writer.writerow(COLUMNS)
        for row in rows:
            ends_at = row.ends_at.isoformat() if row.ends_at else None
            given_at = row.given_at.isoformat()
            writer.writerow((row.code, row.offer_id, row.customer_id, given_at, ends_at))
    return len(rows)
