"""Rows that name one thing twice and differently, and orders of nobody: both are set aside."""

from __future__ import annotations

from typing import Final

from winback.landing._batch import LINE
from winback.landing._stage import Staged, Work
from winback.landing.sources._typed import as_row

_CHUNK: Final = 10_000


def set_aside_copies(
    work: Work, staged: Staged, table: str, shown: str, key: str, *, reason: str, order: str
) -> None:
    """Hold whom two rows with one key are about that differ and were changed at one time."""
    rows = work.connection.execute(
        f"select {LINE}, {as_row(shown)}, customer_id, {key} from {table} "
        f"where nth > 1 and differs order by {order}"
    ).fetchall()
    staged.reject((line, reason, row) for line, row, *_ in rows)
    staged.aside.add_keys(((c, k) for *_, c, k in rows if c), reason)


def set_aside_ownerless(work: Work, staged: Staged, shown: str, where: str, *, order: str) -> None:
    """Set aside the `heads` that are nobody's; a shop with a till may have a million of them."""
    found = work.connection.execute(
        f"select {LINE}, 'no customer', {as_row(shown)} from heads "
        f"where nth = 1 and customer_id is null and {where} order by {order}"
    )
    while rows := found.fetchmany(_CHUNK):
        staged.reject(rows)
