"""Shopify's own files: the customers export and the orders export, as Shopify writes them.

The exports become the tables of the input format, and go the way of the generic format from there:
what can't be read is set aside with its file and line, and holds its customer.
"""

from __future__ import annotations

from pathlib import Path

from winback.landing._formats import Parsed
from winback.landing._generic import late_notes
from winback.landing._sql import parquet
from winback.landing._stage import Staged, Work
from winback.landing.sources._guests import write_guests, write_merged
from winback.landing.sources._languages import know_languages
from winback.landing.sources._texts import Texts, find_files, read_texts
from winback.landing.sources._typed import stage_all, together
from winback.landing.sources.shopify._columns import EXPORTS
from winback.landing.sources.shopify._consents import read_wishes, write_consents
from winback.landing.sources.shopify._customers import (
    account_rows,
    set_aside_accounts,
)
from winback.landing.sources.shopify._heads import read_heads
from winback.landing.sources.shopify._lines import (
    line_rows,
    order_rows,
    read_lines,
    write_products,
)
from winback.landing.sources.shopify._notes import order_notes, totals_note
from winback.landing.sources.shopify._people import PEOPLE, read_accounts
from winback.landing.sources.shopify._unread import (
    refuse_rounded_ids,
    set_aside_orders,
    set_aside_unread,
)

_NO_ORDERS = (
    "select null::varchar as order_id, null::varchar as customer_id, null::timestamptz as "
    "ordered_at, null::decimal(18, 4) as total_amount, null::decimal(18, 4) as refunded_amount, "
    "null::varchar as status where false"
)
# What an order tells of a guest.
_OF_AN_ORDER = "email, phone, country, region, postal_code, language"
_TOTALED = "order_id, customer_id, ordered_at, total_amount, refunded_amount, status"


def files(source: Path) -> list[Path]:
    """Every CSV file of the folder: one that is no export of Shopify's is refused."""
    return find_files(source)


def parse(work: Work, source: Path) -> Parsed:
    """Read both exports, find out who is who, and write the tables."""
    found = read_texts(work, files(source), EXPORTS)
    customers, orders = found.get("customers"), found.get("orders")
    read_accounts(work, customers, orders)
    read_wishes(work)
    parsed = Parsed()
    if orders:
        _parse_orders(work, orders, parsed)
    _know_all_orders(work, parsed)
    _parse_customers(work, customers, orders, parsed)
    if customers:
        write_consents(work, parsed)
        parsed.notes += totals_note(work, customers)
    return parsed


def _parse_orders(work: Work, texts: Texts, parsed: Parsed) -> None:
    read_heads(work, texts)
    read_lines(work, texts)
    refuse_rounded_ids(work, "heads", texts.files[0].name)
    staged = stage_all(work, "orders", texts, order_rows)
    for number, of_file in enumerate(staged, start=1):
        set_aside_orders(work, of_file, number)
        set_aside_unread(work, of_file, texts.unread[number])
        of_file.notes += late_notes(work, of_file)
    parsed.sources += staged
    parsed.tables["orders"] = together(work, "orders", [it.path for it in staged])
    work.connection.execute(
        f"create or replace temp view orders_staged as from {parquet(parsed.tables['orders'])}"
    )
    lines = stage_all(work, "order_items", texts, line_rows)
    parsed.sources += lines
    parsed.tables["order_items"] = together(work, "order_items", [it.path for it in lines])
    parsed.tables["products"] = write_products(work)
    parsed.notes += order_notes(work)


def _parse_customers(work: Work, texts: Texts | None, orders: Texts | None, parsed: Parsed) -> None:
    """The accounts of the export, and the guests of the orders."""
    know_languages(work, has_orders=orders is not None)
    staged: list[Staged] = []
    if texts:
        refuse_rounded_ids(work, "accounts", texts.files[0].name)
        staged = stage_all(work, "customers", texts, account_rows)
        for number, of_file in enumerate(staged, start=1):
            set_aside_accounts(work, of_file, number)
            set_aside_unread(work, of_file, texts.unread[number])
    paths = [it.path for it in staged]
    if orders:
        paths.append(write_guests(work, PEOPLE, _OF_AN_ORDER))
    if merged := write_merged(work, PEOPLE):
        paths.append(merged)
    parsed.sources[:0] = staged
    parsed.tables["customers"] = together(work, "customers", paths)


def _know_all_orders(work: Work, parsed: Parsed) -> None:
    """The temp view `all_orders`: the orders as they will stand."""
    new = f"select {_TOTALED} from orders_staged" if "orders" in parsed.tables else _NO_ORDERS
    old = ""
    if landed := work.landed("orders"):
        old = f"union all select {_TOTALED} from {parquet(landed)} anti join new using (order_id)"
    work.connection.execute(
        f"create or replace temp view all_orders as with new as ({new}) from new {old}"
    )
