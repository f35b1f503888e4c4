"""WooCommerce's own files: the pages of its REST API (wc/v3), as a shop saves them, or what a
plugin has exported.

The records become the tables of the input format, and go the way of the generic format from
there: what can't be read is set aside with its page and place, and holds its customer.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from winback.landing._files import open_table
from winback.landing._formats import Parsed
from winback.landing._generic import late_notes, stage_file
from winback.landing._sql import parquet
from winback.landing._stage import Staged, Work
from winback.landing.schema import INPUT_TABLES, numbered
from winback.landing.sources._guests import write_guests, write_merged
from winback.landing.sources._languages import know_languages
from winback.landing.sources._tables import Landed
from winback.landing.sources._typed import stage_rows, together
from winback.landing.sources.shopify._unread import set_aside_unread
from winback.landing.sources.woocommerce._exports import export_notes, read_export
from winback.landing.sources.woocommerce._fields import KINDS
from winback.landing.sources.woocommerce._meta import read_wishes, wish_notes, wish_rows
from winback.landing.sources.woocommerce._orders import (
    line_rows,
    order_rows,
    read_heads,
    read_lines,
    set_aside_orders,
)
from winback.landing.sources.woocommerce._pages import (
    CONSENTS,
    Pages,
    find_pages,
    is_export,
    not_read_note,
    read_pages,
)
from winback.landing.sources.woocommerce._people import (
    OF_AN_ORDER,
    PEOPLE,
    account_rows,
    read_accounts,
    set_aside_accounts,
    write_buyers,
)
from winback.landing.sources.woocommerce._products import product_rows, read_products, write_sold


def files(source: Path) -> list[Path]:
    """The pages of all kinds, and the consents beside them."""
    return [path for paths in find_pages(source).values() for path in paths]


def parse(work: Work, source: Path) -> Parsed:
    """Read the pages, find out who is who, and write the tables."""
    found = find_pages(source)
    pages: dict[str, Pages] = {}
    exports: dict[str, Landed] = {}
    for kind in (it for it in KINDS if it.name in found):
        if is_export(found[kind.name][0]):
            pages[kind.name], exports[kind.name] = read_export(work, kind, found[kind.name])
        else:
            pages[kind.name] = read_pages(work, kind, found[kind.name])
    customers, orders = pages.get("customers"), pages.get("orders")
    read_accounts(work, customers, orders)
    parsed = Parsed()
    if orders:
        read_heads(work, orders)
    _parse_customers(work, customers, orders, parsed)
    if orders:
        _parse_orders(work, orders, parsed)
    _parse_products(work, pages.get("products"), parsed)
    _parse_consents(work, list(pages.values()), found.get(CONSENTS, []), parsed)
    for staged in parsed.sources:
        if staged.name in exports:
            set_aside_unread(work, staged, exports[staged.name].unread, PEOPLE)
    parsed.notes += export_notes(exports.get("orders"))
    parsed.notes += not_read_note(source, files(source))
    return parsed


def _parse_customers(
    work: Work, customers: Pages | None, orders: Pages | None, parsed: Parsed
) -> None:
    """The accounts of the pages, those that only orders name, and the guests."""
    know_languages(work, has_orders=orders is not None)
    paths = [write_buyers(work)]
    if customers:
        staged = _stage(work, "customers", customers)
        set_aside_accounts(work, staged)
        paths.insert(0, staged.path)
        parsed.sources.append(staged)
    if orders:
        paths.append(write_guests(work, PEOPLE, OF_AN_ORDER))
    if merged := write_merged(work, PEOPLE):
        paths.append(merged)
    parsed.tables["customers"] = together(work, "customers", paths)


def _parse_orders(work: Work, orders: Pages, parsed: Parsed) -> None:
    staged = _stage(work, "orders", orders)
    set_aside_orders(work, staged)
    staged.notes += late_notes(work, staged)
    work.connection.execute(
        f"create or replace temp view orders_staged as from {parquet(staged.path)}"
    )
    read_lines(work)
    lines = _stage(work, "order_items", orders)
    parsed.sources += [staged, lines]
    parsed.tables["orders"], parsed.tables["order_items"] = staged.path, lines.path


def _parse_products(work: Work, products: Pages | None, parsed: Parsed) -> None:
    paths = []
    if products:
        read_products(work, products)
        staged = _stage(work, "products", products)
        parsed.sources.append(staged)
        paths.append(staged.path)
    if "orders" in parsed.tables:
        paths.append(write_sold(work, paths[0] if paths else None))
    if paths:
        parsed.tables["products"] = together(work, "products", paths)


def _parse_consents(
    work: Work, pages: Sequence[Pages], beside: Sequence[Path], parsed: Parsed
) -> None:
    """What plugins keep of consents, and the consents of a file beside the pages."""
    table = INPUT_TABLES[CONSENTS]
    staged = [stage_file(work, table, it, open_table(it, table, work.limits)) for it in beside]
    read_wishes(work, has_orders="orders" in parsed.tables)
    own = numbered(CONSENTS, 2)
    wishes = stage_rows(work, CONSENTS, own, pages[0].files[0], wish_rows(1), label="meta_data")
    if wishes.rows:
        staged.append(wishes)
    parsed.sources += staged
    if staged:
        parsed.tables[CONSENTS] = together(work, CONSENTS, [it.path for it in staged])
    if not beside:
        parsed.notes.append(
            "WooCommerce's files hold no consents: nobody may be contacted by them. Next: load the "
            "lists of your mail tool (docs/sources.md), or put a consents.csv beside these files"
        )
    parsed.notes += wish_notes(work)


_ROWS = {
    "customers": account_rows,
    "orders": order_rows,
    "order_items": line_rows,
    "products": product_rows,
}


def _stage(work: Work, name: str, pages: Pages) -> Staged:
    return stage_rows(work, name, name, pages.files[0], _ROWS[name](1), label=pages.label)
