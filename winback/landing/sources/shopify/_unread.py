"""Rows of an export that can't be held, and the people whom they are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from winback.base import phones
from winback.base.errors import WinbackError
from winback.landing._aside import fields_of
from winback.landing._batch import LINE, Rejected
from winback.landing._stage import Staged, Work
from winback.landing.sources._addresses import email_key
from winback.landing.sources._people import People
from winback.landing.sources._texts import FILE
from winback.landing.sources._typed import as_row
from winback.landing.sources.shopify._people import PEOPLE

_CHUNK: Final = 10_000


def refuse_rounded_ids(
    work: Work, rows: str, file: str, *, again: str = "export it again, and load the file"
) -> None:
    """Raise WinbackError where a spreadsheet has rounded the ids: two people would be one."""
    found = work.connection.execute(
        f"select count(*) from {rows} where regexp_matches(id, '^[0-9][0-9.,]*[eE][+]?[0-9]+$')"
    ).fetchone()
    [count] = found or (0,)
    if count:
        raise WinbackError(
            f"{file}: a spreadsheet has rounded {count:,} ids (7.1E+12): nothing was loaded. "
            f"Next: {again} as it comes"
        )


def set_aside_orders(work: Work, staged: Staged, number: int) -> None:
    """Set aside orders of nobody, second rows of an order, and rows without an order."""
    own = "name, order_id, ordered_at, total_amount, status"
    repeated = "second row with this order_id"
    found = work.connection.execute(
        f"""
        select {LINE}, {as_row(own)}, customer_id, order_id, differs, nth
        from heads
        where {FILE} = {number} and is_none is null
            and (case when nth = 1 then customer_id is null else differs or {FILE} <> home end)
        order by {LINE}
        """
    )
    # A shop with a till may have a million orders of nobody.
    while rows := found.fetchmany(_CHUNK):
        staged.reject(
            (line, "no customer" if nth == 1 else repeated, row) for line, row, _, _, _, nth in rows
        )
        staged.aside.add_keys(((c, o) for _, _, c, o, differs, _ in rows if differs), repeated)
    joins, owner = PEOPLE.owner_of("lost.email_key", "null::varchar")
    orphans = work.connection.execute(
        f"""
        with lost as (
            select *, {email_key("email")} as email_key from lines
            where order_id is null and {FILE} = {number}
        )
        select {LINE}, {as_row("name, product_id, quantity, unit_price")}, {owner}, name is null
        from lost {joins} order by {LINE}
        """
    ).fetchall()
    for is_nameless, reason in ((True, "Name is missing"), (False, "its order has no row")):
        lost = [row for row in orphans if row[3] == is_nameless]
        staged.reject((line, reason, row) for line, row, *_ in lost)
        staged.aside.add_keys(((c, None) for _, _, c, _ in lost if c), reason)


def set_aside_unread(
    work: Work, staged: Staged, unread: Sequence[Rejected], people: People = PEOPLE
) -> None:
    """Set aside rows that can't be split, and hold everybody with an address in one of them."""
    staged.reject(unread)
    found = [
        (reason, field, phones.canonical(field))
        for _, reason, row in unread
        for field in fields_of(row)
        if "@" in field or field.lstrip("'").startswith("+")
    ]
    if not found:
        return
    named = pa.table(
        dict(zip(("reason", "text", "number"), map(list, zip(*found, strict=True)), strict=True)),
        pa.schema([(name, pa.string()) for name in ("reason", "text", "number")]),
    )
    work.connection.register("named", named)
    joins, owner = people.owner_of("keyed.email_key", "keyed.number")
    owners = work.connection.execute(
        f"""
        with keyed as (select *, {email_key("text")} as email_key from named)
        select distinct keyed.reason, {owner} from keyed {joins}
        """
    ).fetchall()
    for reason in {reason for reason, _ in owners}:
        staged.aside.add_keys(((c, None) for told, c in owners if told == reason and c), reason)
