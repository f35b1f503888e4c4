"""The records as the texts of Shopify's exports, so that both forms go one way from there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from winback.landing._batch import LINE
from winback.landing._merge import copy
from winback.landing._stage import Work
from winback.landing.sources._exports import Export
from winback.landing.sources._texts import FILE, Texts
from winback.landing.sources.shopify._columns import CUSTOMERS, ORDERS

# An order is called by its number here, which is the only one of its kind.
_ORDERS: Final = f"""
    select * replace (
            coalesce(created_at, made_at) as created_at,
            concat_ws(',', tags, if(is_test = 'true', 'test', null)) as tags
        ),
        id as name
    from orders_roots
    union all by name
    select parent as name, coalesce(product, sku) as sku, item, quantity, price, {LINE}, {FILE}
    from orders_children
"""
_CUSTOMERS: Final = "select * from customers_roots"


def write_orders(work: Work, path: Path) -> Texts:
    """The orders and their lines, with the account and the language of each beside."""
    return _write(work, path, ORDERS, _ORDERS, "account", "language")


def write_customers(work: Work, path: Path) -> Texts:
    """The customers; what they said to marketing is read elsewhere."""
    return _write(work, path, CUSTOMERS, _CUSTOMERS, "language")


def _write(work: Work, path: Path, export: Export, rows: str, *more: str) -> Texts:
    names = [*dict.fromkeys(export.columns.values()), *more]
    nothing = ", ".join(f"null::varchar as {name}" for name in names)
    texts = Texts(export, work.folder / f"{export.name}.texts", [path], {1: []})
    copy(
        work,
        f"select {', '.join(names)}, {FILE}, {LINE} from "
        f"(select {nothing} where false union all by name {rows})",
        texts.path,
    )
    return texts
