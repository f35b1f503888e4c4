"""Shopify's GraphQL Admin API: the files of its bulk operations, as `winback pull` keeps them.

The records become the texts of Shopify's exports, and go their way from there. What the API says
beside is read here: accounts by their id, consents with their dates, the catalog, and who is
deleted.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from winback.landing._batch import LINE
from winback.landing._formats import Parsed
from winback.landing._generic import late_notes
from winback.landing._merge import copy
from winback.landing._sql import parquet
from winback.landing._stage import Staged, Work
from winback.landing.sources._guests import write_guests, write_merged
from winback.landing.sources._languages import know_languages
from winback.landing.sources._texts import Texts
from winback.landing.sources._typed import stage_all, stage_rows, together
from winback.landing.sources.shopify._customers import account_rows, set_aside_repeats
from winback.landing.sources.shopify._heads import read_heads
from winback.landing.sources.shopify._lines import (
    line_rows,
    order_rows,
    read_lines,
    write_products,
)
from winback.landing.sources.shopify._notes import order_notes
from winback.landing.sources.shopify._people import PEOPLE, read_accounts
from winback.landing.sources.shopify._unread import set_aside_orders
from winback.landing.sources.shopify_api._consents import (
    SOURCE,
    consent_rows,
    read_states,
    state_notes,
    write_invalid,
)
from winback.landing.sources.shopify_api._fields import CUSTOMERS, KINDS, ORDERS, PRODUCTS, Kind
from winback.landing.sources.shopify_api._gone import write_gone
from winback.landing.sources.shopify_api._products import product_rows, write_others
from winback.landing.sources.shopify_api._read import (
    ABOUT,
    About,
    find_files,
    read_about,
    read_records,
)
from winback.landing.sources.shopify_api._texts import write_customers, write_orders

__all__ = ["ABOUT", "KINDS", "Kind", "files", "parse"]

# What an order tells of a guest.
_OF_AN_ORDER = "email, phone, country, region, postal_code, language"


def files(source: Path) -> list[Path]:
    """The files of the bulk operations."""
    return list(find_files(source).values())


def parse(work: Work, source: Path) -> Parsed:
    """Read the files, find out who is who, and write the tables."""
    found, about = find_files(source), read_about(source)
    texts: dict[str, Texts] = {}
    for kind, write in ((ORDERS, write_orders), (CUSTOMERS, write_customers)):
        if kind.name in found:
            read_records(work, kind, found[kind.name], about)
            texts[kind.name] = write(work, found[kind.name])
    customers, orders = texts.get("customers"), texts.get("orders")
    read_accounts(work, customers, orders)
    parsed = Parsed()
    sold = _parse_orders(work, orders, parsed) if orders else None
    if customers:
        read_states(work, about.pulled_at)
    _parse_customers(work, customers, orders, about, parsed)
    if customers:
        _parse_consents(work, customers, parsed)
    _parse_products(work, found, about, sold, parsed)
    return parsed


def _parse_orders(work: Work, texts: Texts, parsed: Parsed) -> Path:
    """The orders and their lines; the file of the products that these name."""
    read_heads(work, texts)
    read_lines(work, texts)
    [staged] = stage_all(work, "orders", texts, order_rows)
    set_aside_orders(work, staged, 1)
    staged.notes += late_notes(work, staged)
    work.connection.execute(
        f"create or replace temp view orders_staged as from {parquet(staged.path)}"
    )
    [lines] = stage_all(work, "order_items", texts, line_rows)
    parsed.sources += [staged, lines]
    parsed.tables |= {"orders": staged.path, "order_items": lines.path}
    parsed.notes += order_notes(work)
    return write_products(work)


def _parse_customers(
    work: Work, texts: Texts | None, orders: Texts | None, about: About, parsed: Parsed
) -> None:
    """The accounts, those that only orders name, the guests, and who is not there any more."""
    know_languages(work, has_orders=orders is not None)
    paths: list[Path] = []
    if texts:
        [staged] = stage_all(work, "customers", texts, account_rows)
        set_aside_repeats(work, staged, 1)
        parsed.sources.insert(0, staged)
        paths.append(staged.path)
    if orders:
        parsed.absent = _write_buyers(work)
        paths += [write_guests(work, PEOPLE, _OF_AN_ORDER)]
        paths += [parsed.absent] if parsed.absent else []
    if merged := write_merged(work, PEOPLE):
        paths.append(merged)
    if texts:
        parsed.deleted, heirs = write_gone(work, about, has_orders=orders is not None)
        paths += [heirs] if heirs else []
    parsed.tables["customers"] = together(work, "customers", paths)


def _write_buyers(work: Work) -> Path | None:
    """Accounts that are in no file yet, as their newest order has them; None without any."""
    path = work.folder / "buyers.parquet"
    landed = work.landed("customers")
    newest = ", ".join(
        f"max_by({name}, (ordered_at, {LINE})) as {name}" for name in _OF_AN_ORDER.split(", ")
    )
    known = f"anti join {parquet(landed)} as landed using (customer_id)" if landed else ""
    copy(
        work,
        f"select customer_id, {newest} from heads anti join accounts using (customer_id) {known} "
        "where nth = 1 and is_none is null and account is not null group by customer_id",
        path,
    )
    return path if pq.read_metadata(path).num_rows else None


def _parse_consents(work: Work, texts: Texts, parsed: Parsed) -> None:
    staged: Staged = stage_rows(
        work, "consents", "consents", texts.files[0], consent_rows(1), label=texts.files[0].name
    )
    parsed.sources.append(staged)
    parsed.tables["consents"] = staged.path
    parsed.refused, parsed.refused_by = write_invalid(work), SOURCE
    parsed.refused_note = "addresses that do not work, as Shopify says, are suppressed"
    parsed.notes += state_notes(work)


def _parse_products(
    work: Work, found: dict[str, Path], about: About, sold: Path | None, parsed: Parsed
) -> None:
    paths: list[Path] = []
    if PRODUCTS.name in found:
        read_records(work, PRODUCTS, found[PRODUCTS.name], about)
        staged = stage_rows(work, "products", "products", found[PRODUCTS.name], product_rows(1))
        parsed.sources.append(staged)
        paths.append(staged.path)
    if sold:
        paths.append(write_others(work, sold, paths[0] if paths else None))
    if paths:
        parsed.tables["products"] = together(work, "products", paths)
