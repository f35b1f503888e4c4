"""Customers whom the shop's system has deleted: nothing of them lands, and what is here is erased.

Landing can't erase somebody from the whole house. It names whom to erase as rows set aside, so
that SQL holds them, and tells the ledger, so that nothing that is planned goes to them. What calls
landing erases them afterwards (`winback.people.erasure.erase_deleted`), or the next load does.
Whom nobody here knows lands under the pseudonym at once, and so does who was erased before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, get_args

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import select

from winback.base.settings import Settings
from winback.landing._formats import Parsed
from winback.landing._merge import copy
from winback.landing._sql import parquet
from winback.landing._stage import Work
from winback.landing.schema import TABLES
from winback.ledger import (
    AddressKey,
    ChannelGroup,
    Revocation,
    among,
    has_ledger,
    keep_revocations,
    open_ledger,
    tables,
)

# Why a row that names somebody who has to be erased is set aside.
DELETED: Final = "deleted at its source"
# What stays of somebody without a name: the columns that an erasure leaves.
_BARE: Final = ("country", "created_at")


def settle_deleted(work: Work, parsed: Parsed, settings: Settings) -> None:
    """Take those named in `parsed.deleted` out of the staged tables; what stays in it is erased."""
    if parsed.deleted is None and parsed.absent is None:
        return
    _name(work, parsed, settings)
    for name in sorted(parsed.tables):
        if "customer_id" in TABLES[name].column_names and name != "customers":
            _rename(work, parsed, name)
    _write_customers(work, parsed, _landed(settings))
    parsed.deleted = work.folder / "deleted.known.parquet"
    copy(work, "select customer_id from gone where is_known", parsed.deleted)
    found = work.connection.execute(
        "select count(*) from gone where not is_known and not is_erased and is_told"
    ).fetchone()
    if found and found[0]:
        parsed.notes.append(
            f"{found[0]:,} customers are deleted at their source: nothing of them lands, and what "
            "they ordered counts without a name"
        )


def tell_deleted(work: Work, parsed: Parsed, settings: Settings) -> int:
    """Tell the ledger, where there is one, that nothing more goes to them; how many they are."""
    if parsed.deleted is None:
        return 0
    ids = pq.read_table(parsed.deleted)["customer_id"].to_pylist()
    if has_ledger(settings):
        groups: tuple[ChannelGroup, ...] = get_args(ChannelGroup)
        wishes = [Revocation(it, group, None, work.loaded_at) for it in ids for group in groups]
        with open_ledger(settings) as ledger, ledger.write() as connection:
            keep_revocations(connection, wishes, load_id=work.load_id)
    return len(ids)


def deleted_customers(settings: Settings) -> list[str]:
    """Those who wait to be erased."""
    path = settings.shop_dir / "set_aside.parquet"
    if not path.exists():
        return []
    rows = pq.read_table(path, columns=["customer_id"], filters=[("reason", "=", DELETED)])
    return sorted(set(rows["customer_id"].to_pylist()))


def _name(work: Work, parsed: Parsed, settings: Settings) -> None:
    """The temp table `gone`: each with the pseudonym, and what is known of them here."""
    said = [
        f"select customer_id, {is_deleted} as is_deleted from {parquet(path)}"
        for path, is_deleted in ((parsed.deleted, "true"), (parsed.absent, "false"))
        if path
    ]
    found = work.connection.execute(
        f"select customer_id, bool_or(is_deleted) from ({' union all '.join(said)}) "
        "where customer_id is not null group by customer_id"
    )
    told_of = dict(found.fetchall())
    ids = list(told_of)
    with open_ledger(settings) as ledger, ledger.read() as connection:
        key = AddressKey.of(connection)
        in_ledger = {
            customer_id
            for table in (tables.messages, tables.enrollments)
            for customer_id in connection.scalars(
                select(table.c.customer_id).where(among(table.c.customer_id, ids)).distinct()
            )
        }
    named = {
        "customer_id": pa.array(ids, pa.string()),
        "name": pa.array([key.pseudonym(it) for it in ids], pa.string()),
        "in_ledger": pa.array([it in in_ledger for it in ids], pa.bool_()),
        "is_deleted": pa.array(told_of.values(), pa.bool_()),
    }
    work.connection.register("named_ids", pa.table(named))
    told = [parsed.tables.get(name) for name in ("customers", "orders")]
    work.connection.execute(
        f"""
        create or replace temp table gone as
        with named as (
            select *, customer_id in ({_ids(_landed(settings))}) as is_landed,
                -- A load that starts over forgets the pseudonyms.
                name in ({_ids(work.landed("customers"))}) as is_erased,
                customer_id in ({" union all ".join(map(_ids, told))}) as is_told
            from named_ids
        )
        select *, is_landed or in_ledger as is_known from named where is_deleted or is_erased
        """
    )


def _landed(settings: Settings) -> Path | None:
    path = settings.shop_dir / "customers.parquet"
    return path if path.exists() else None


def _ids(path: Path | None) -> str:
    return f"select customer_id from {parquet(path)}" if path else "select '' where false"


def _write_customers(work: Work, parsed: Parsed, landed: Path | None) -> None:
    """The staged customers without them: one who is landed stays as landed until the erasure,
    which has to know the addresses; anybody else has a row without a name."""
    staged = parsed.tables.get("customers")
    rows = parquet(staged) if staged else "(select null::varchar as customer_id where false)"
    present = pq.read_schema(staged).names if staged else []
    bare = "".join(f", staged.{name}" for name in _BARE if name in present)
    query = f"""
        select staged.* from {rows} as staged anti join gone using (customer_id)
        union all by name
        select if(gone.is_known, gone.customer_id, gone.name) as customer_id {bare}
        from gone left join {rows} as staged using (customer_id)
        where gone.is_told and not gone.is_landed and not gone.is_erased
    """
    if landed and not work.landed("customers"):
        query += f"""
            union all by name select * from {parquet(landed)} semi join gone using (customer_id)
        """
    path = work.folder / "customers.without_deleted.parquet"
    copy(work, query, path)
    parsed.tables["customers"] = path


def _rename(work: Work, parsed: Parsed, name: str) -> None:
    """The staged rows of a table under the pseudonyms; the consents of the deleted go."""
    rows, path = parquet(parsed.tables[name]), work.folder / f"{name}.without_deleted.parquet"
    query = f"select * from {rows} anti join gone using (customer_id)"
    if name != "consents":
        query = f"""
            select staged.* replace (coalesce(gone.name, staged.customer_id) as customer_id)
            from {rows} as staged
            left join gone on staged.customer_id = gone.customer_id and not gone.is_known
        """
    copy(work, query, path)
    parsed.tables[name] = path
