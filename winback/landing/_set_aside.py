"""The landed table `set_aside`: rows that landing could not hold and that name a customer.

SQL holds these customers. A row leaves when it is mended: a later load lands a row with
its key, or, where it has no key, lands one of that customer's and sets none of them aside. One
that names a customer who has to be erased leaves with the erasure alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from winback.base.duck import literal
from winback.landing._deleted import DELETED
from winback.landing._formats import Parsed
from winback.landing._merge import copy
from winback.landing._sql import ident, parquet
from winback.landing._stage import Staged, Work
from winback.landing.schema import TABLES

# What holds while the tables are swapped in one by one: rows set aside before, and by this load.
MEANWHILE: Final = "set_aside.meanwhile.parquet"
# White space, what no screen shows, and marks that stand around an id; the quote stands twice.
_UNSEEN: Final = (
    r"[\s\x{00A0}\x{200B}-\x{200F}\x{202A}-\x{202F}\x{2060}\x{FEFF}"
    "\"''`\u00b4\u2018\u2019\u201c\u201d=#,]"
)
# The table whose columns name the key and the customer of each table's rows.
_KEYS: Final = {"customers": "customer_id", "orders": "order_id", "order_items": "order_id"} | {
    "past_messages": "message_id"
}


def keep_set_aside(
    work: Work, parsed: Parsed, shop_dir: Path, others: Sequence[str], *, replace: bool
) -> int:
    """Write the table as it will stand, where it changes; how many customers it holds.

    `others` are the loads of other sources.
    """
    earlier = shop_dir / "set_aside.parquet"
    work.connection.execute(
        "create or replace temp table aside "
        "(customer_id varchar, table_name varchar, row_key varchar, reason varchar)"
    )
    for staged in parsed.sources:
        staged.aside.close()
        if staged.aside.path.exists():
            work.connection.execute(f"insert into aside {_resolved(work, staged, shop_dir)}")
    if parsed.deleted:
        work.connection.execute(
            f"insert into aside select customer_id, 'customers', null, {literal(DELETED)} "
            f"from {parquet(parsed.deleted)}"
        )
    query = (
        "select distinct customer_id, table_name, row_key, reason, "
        "getvariable('load_id') as load_id, getvariable('loaded_at') as set_aside_at from aside"
    )
    if earlier.exists():
        of_all = f" union all {_waiting(parsed, earlier, others)}"
        query += f"{of_all} and earlier.reason = {literal(DELETED)}" if replace else of_all
    elif not work.connection.execute("select 1 from aside limit 1").fetchone():
        return 0
    target = work.folder / "set_aside.parquet"
    copy(work, query, target)
    if earlier.exists():
        meanwhile = f"from {parquet(target)} union by name from {parquet(earlier)}"
        copy(work, meanwhile, work.folder / MEANWHILE)
    found = work.connection.execute(
        f"select count(distinct customer_id) from {parquet(target)} where reason <> "
        f"{literal(DELETED)}"
    )
    [count] = found.fetchone() or (0,)
    return int(count)


def plain_id(column: str) -> str:
    """SQL for an id without what a person or a spreadsheet does to it: the macro folded_id."""
    bare = f"lower(regexp_replace({column}, '{_UNSEEN}', '', 'g'))"
    own = f"regexp_replace({bare}, '^(gid://[a-z]+/)?customers?/', '')"
    whole = f"regexp_replace({own}, '^([0-9]+)[.]0+$', '\\1')"
    return f"regexp_replace({whole}, '^0+([1-9][0-9]*)$', '\\1')"


def standing(work: Work, shop_dir: Path, table: str) -> Path:
    """A table as it will stand: merged by this load, or as it was landed."""
    merged = work.folder / f"{table}.parquet"
    return merged if merged.exists() else shop_dir / f"{table}.parquet"


def _resolved(work: Work, staged: Staged, shop_dir: Path) -> str:
    """The customer of each row: as it says, of its order, or the one known id in its fields."""
    table, rows = staged.aside.table, parquet(staged.aside.path)
    if table == "order_items":
        return f"""
            select orders.customer_id, 'order_items', orders.order_id, aside.reason
            from {rows} as aside
            inner join {parquet(standing(work, shop_dir, "orders"))} as orders
                on orders.order_id = coalesce(aside.row_key, aside.named)
        """
    return f"""
        with known as (
            select {plain_id("customer_id")} as plain_id, min(customer_id) as customer_id
            from {parquet(standing(work, shop_dir, "customers"))}
            group by all
        ),
        numbered as (select *, row_number() over () as nth from {rows}),
        split as (select nth, unnest(fields) as field from numbered where customer_id is null),
        recognized as (
            select split.nth, min(known.customer_id) as customer_id
            from split inner join known on {plain_id("split.field")} = known.plain_id
            group by split.nth
            having count(distinct known.customer_id) = 1
        ),
        named as (
            select
                coalesce(
                    numbered.customer_id,
                    known.customer_id,
                    case when numbered.is_whole then nullif(numbered.named, '') end,
                    recognized.customer_id
                ) as customer_id,
                numbered.row_key, numbered.reason
            from numbered
            left join known on {plain_id("numbered.named")} = known.plain_id
            left join recognized on numbered.nth = recognized.nth
        )
        select customer_id, {literal(table)}, row_key, reason
        from named where customer_id is not null
    """


def _waiting(parsed: Parsed, earlier: Path, others: Sequence[str]) -> str:
    """The rows of earlier loads that this one has not mended and not set aside again."""
    mended = [
        f"(earlier.table_name = {literal(name)} and {_is_mended(name, path, others)})"
        for name, path in parsed.tables.items()
        if name in TABLES
    ]
    return f"""
        select earlier.customer_id, earlier.table_name, earlier.row_key, earlier.reason,
            earlier.load_id, earlier.set_aside_at
        from {parquet(earlier)} as earlier
        where not exists (
            select 1 from aside
            where not {_is_of(others)}
                and aside.table_name = earlier.table_name
                and aside.customer_id = earlier.customer_id
                and aside.row_key is not distinct from earlier.row_key
        )
        -- A row without a key is in no list of keys, which SQL leaves unknown.
        and (earlier.reason = {literal(DELETED)}
            or not coalesce({" or ".join(mended) or "false"}, false))
    """


def _is_of(others: Sequence[str]) -> str:
    """SQL: another source's load set the row aside, so that this one does not mend it."""
    return f"(earlier.load_id in ({', '.join(map(literal, others))}))" if others else "(false)"


def _is_mended(name: str, landed: Path, others: Sequence[str]) -> str:
    """SQL: a row with this key has landed, or one of this customer's, of the same source."""
    rows, key, table = parquet(landed), _KEYS.get(name), TABLES[name]
    ways = []
    if key:
        ways.append(f"earlier.row_key in (select {ident(key)} from {rows})")
    if "customer_id" in table.column_names:
        ways.append(
            f"earlier.row_key is null and not {_is_of(others)} "
            f"and earlier.customer_id in (select customer_id from {rows}) "
            f"and earlier.customer_id not in (select customer_id from aside "
            f"where table_name = {literal(name)})"
        )
    return "(" + " or ".join(f"({way})" for way in ways or ["false"]) + ")"
