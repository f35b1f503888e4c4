"""Customers who are not at the shop any more: erased there, merged into another, or deleted."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from winback.landing._merge import copy
from winback.landing._sql import parquet
from winback.landing._stage import Work
from winback.landing.sources._guests import COLUMNS
from winback.landing.sources._languages import landed_people
from winback.landing.sources.shopify_api._read import About


def write_gone(work: Work, about: About, *, has_orders: bool) -> tuple[Path | None, Path | None]:
    """Who is deleted, and who was merged; None for nobody.

    Shopify gives a merged customer's orders to the one who stays, and does not tell it otherwise.
    """
    work.connection.register(
        "gone_ids", pa.table({"customer_id": pa.array(about.gone, pa.string())})
    )
    orders = work.landed("orders")
    heirs = "select '' as customer_id, '' as heir_id where false"
    if orders and has_orders:
        heirs = f"""
            select before.customer_id, max_by(heads.customer_id, heads.ordered_at) as heir_id
            from {parquet(orders)} as before
            inner join gone_ids on before.customer_id = gone_ids.customer_id
            inner join heads on before.order_id = heads.order_id
            where heads.account is not null and heads.account <> before.customer_id
            group by before.customer_id
        """
    work.connection.execute(f"create or replace temp table heirs as {heirs}")
    deleted = work.folder / "deleted.parquet"
    copy(
        work,
        """
        select customer_id from said where becomes = 'erased'
        union
        select customer_id from gone_ids anti join heirs using (customer_id)
        """,
        deleted,
    )
    landed = work.landed("customers")
    merged = None
    if landed:
        merged = work.folder / "merged_accounts.parquet"
        columns = ", ".join(f"landed.{name}" for name in COLUMNS.split(", "))
        copy(
            work,
            f"select {columns}, heirs.heir_id as merged_into "
            f"from {landed_people(landed)} as landed inner join heirs using (customer_id)",
            merged,
        )
    return _unless_empty(deleted), _unless_empty(merged)


def _unless_empty(path: Path | None) -> Path | None:
    return path if path and pq.read_metadata(path).num_rows else None
