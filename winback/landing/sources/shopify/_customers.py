"""The customers of the customers export."""

from __future__ import annotations

from winback.landing._batch import LINE
from winback.landing._stage import Staged, Work
from winback.landing.sources._guests import COLUMNS
from winback.landing.sources._texts import FILE
from winback.landing.sources._typed import Rows, as_row


def account_rows(number: int) -> Rows:
    """One file's accounts; the first of those with one id."""
    return Rows(COLUMNS, COLUMNS, f"(select * from accounts where nth = 1 and {FILE} = {number})")


def set_aside_repeats(work: Work, staged: Staged, number: int) -> None:
    """Hold who has two rows that differ."""
    reason = "second row with this customer_id"
    rows = work.connection.execute(
        f"select {LINE}, {as_row(COLUMNS)}, customer_id, differs from accounts "
        f"where nth > 1 and {FILE} = {number} order by {LINE}"
    ).fetchall()
    staged.reject(((line, reason, row) for line, row, *_ in rows))
    staged.aside.add_keys(((c, c) for _, _, c, differs in rows if differs), reason)


def set_aside_accounts(work: Work, staged: Staged, number: int) -> None:
    """Hold who has two rows that differ, and whose consent can't be read."""
    set_aside_repeats(work, staged, number)
    unread = work.connection.execute(
        f"select distinct customer_id from accounts where {FILE} = {number} and wish = 'unread'"
    ).fetchall()
    staged.aside.add_keys(
        ((c, c) for [c] in unread), "Accepts Email Marketing is neither a yes nor a no"
    )
