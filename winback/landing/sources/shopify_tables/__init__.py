"""Shopify's data as another tool has landed it in tables: Fivetran's connectors, and Airbyte's.

Each tool's module writes customers, orders, lines and products as texts under the same names, and
these become the tables of the input format as Shopify's own exports do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Final

from winback.landing._batch import Rejected
from winback.landing._formats import Parsed
from winback.landing._generic import late_notes
from winback.landing._sql import parquet
from winback.landing._stage import Staged, Work
from winback.landing.schema import numbered
from winback.landing.sources._guests import write_guests, write_merged
from winback.landing.sources._languages import know_languages
from winback.landing.sources._tables import Landed, Table, any_file, find_tables, read_table
from winback.landing.sources._typed import stage_rows, together
from winback.landing.sources.shopify._notes import order_notes
from winback.landing.sources.shopify._unread import refuse_rounded_ids, set_aside_unread
from winback.landing.sources.shopify_tables import (
    _airbyte,
    _airbyte_columns,
    _fivetran,
    _fivetran_columns,
)
from winback.landing.sources.shopify_tables._consents import (
    read_states,
    state_notes,
    state_rows,
    write_invalid,
)
from winback.landing.sources.shopify_tables._orders import (
    line_rows,
    order_rows,
    read_heads,
    read_lines,
    set_aside_orders,
)
from winback.landing.sources.shopify_tables._people import (
    OF_AN_ORDER,
    PEOPLE,
    account_rows,
    read_accounts,
    set_aside_accounts,
    write_buyers,
    write_deleted,
)
from winback.landing.sources.shopify_tables._products import product_rows, read_products
from winback.landing.sources.woocommerce._products import write_sold

_TOOLS: Final[Mapping[str, tuple[ModuleType, Sequence[Table]]]] = {
    "Fivetran": (_fivetran, _fivetran_columns.TABLES),
    "Airbyte": (_airbyte, _airbyte_columns.TABLES),
}


class TablesFormat:
    """The tables of one tool, as a format of `winback load`."""

    def __init__(self, tool: str) -> None:
        self._tool = tool
        self._module, self._tables = _TOOLS[tool]
        self._source = f"shopify {tool.lower()}"

    @property
    def tables(self) -> Mapping[str, Sequence[str]]:
        """The names of all tables that are read, each with its columns."""
        return {name: it.theirs for it in self._tables for name in it.names}

    def files(self, source: Path) -> list[Path]:
        """The files of all tables."""
        return any_file(find_tables(source, self._tables, self._tool))

    def parse(self, work: Work, source: Path) -> Parsed:
        """Read the tables, find out who is who, and write the tables of the input format."""
        files = find_tables(source, self._tables, self._tool)
        found = {it.name: read_table(work, it, files.get(it.name, ())) for it in self._tables}
        for landed in (it for it in found.values() if "id" in it.columns):
            refuse_rounded_ids(work, landed.rows, landed.label, again="write it anew, and load it")
        orders = _view(work, "shop_orders", self._module.orders(found))
        customers = _view(work, "shop_customers", self._module.customers(found))
        read_accounts(work, customers, orders)
        read_states(work)
        read_heads(work, orders)
        parsed = Parsed()
        self._parse_customers(work, found, parsed)
        self._parse_orders(work, found, parsed)
        self._parse_products(work, found, parsed)
        self._parse_consents(work, found["customers"], parsed)
        parsed.deleted = write_deleted(work)
        parsed.refused, parsed.refused_by = write_invalid(work), self._source
        parsed.refused_note = "addresses that do not work, as Shopify says, are suppressed"
        parsed.notes += _absent_notes(found)
        return parsed

    def _parse_customers(self, work: Work, found: Mapping[str, Landed], parsed: Parsed) -> None:
        know_languages(work, has_orders=True)
        landed = found["customers"]
        staged = _stage(work, "customers", landed)
        set_aside_accounts(work, staged)
        set_aside_unread(work, staged, landed.unread)
        staged.reject(_unread(found, "addresses"))
        paths = [staged.path, write_buyers(work), write_guests(work, PEOPLE, OF_AN_ORDER)]
        if merged := write_merged(work, PEOPLE):
            paths.append(merged)
        parsed.sources.append(staged)
        parsed.tables["customers"] = together(work, "customers", paths)

    def _parse_orders(self, work: Work, found: Mapping[str, Landed], parsed: Parsed) -> None:
        staged = _stage(work, "orders", found["orders"])
        set_aside_orders(work, staged)
        set_aside_unread(work, staged, found["orders"].unread)
        staged.reject(_unread(found, "refunds", "line_refunds", "adjustments", "codes", "tags"))
        staged.notes += late_notes(work, staged)
        work.connection.execute(
            f"create or replace temp view orders_staged as from {parquet(staged.path)}"
        )
        read_lines(work, self._module.lines(found))
        of_lines = found.get("lines") or found["orders"]
        lines = _stage(work, "order_items", of_lines if of_lines.files else found["orders"])
        lines.reject(_unread(found, "lines"))
        parsed.sources += [staged, lines]
        parsed.tables["orders"], parsed.tables["order_items"] = staged.path, lines.path
        parsed.notes += order_notes(work)

    def _parse_products(self, work: Work, found: Mapping[str, Landed], parsed: Parsed) -> None:
        paths = []
        if found["products"].files:
            read_products(work, self._module.products(found))
            staged = _stage(work, "products", found["products"])
            staged.reject(_unread(found, "products", "variants", "images"))
            parsed.sources.append(staged)
            paths.append(staged.path)
        paths.append(write_sold(work, paths[0] if paths else None))
        parsed.tables["products"] = together(work, "products", paths)

    def _parse_consents(self, work: Work, landed: Landed, parsed: Parsed) -> None:
        staged = stage_rows(
            work, "consents", numbered("consents", 1), landed.files[0], state_rows(self._source),
            label=landed.label,
        )  # fmt: skip
        parsed.sources.append(staged)
        parsed.tables["consents"] = staged.path
        parsed.notes += state_notes(work)


_ROWS: Final = {
    "customers": account_rows,
    "orders": order_rows,
    "order_items": line_rows,
    "products": product_rows,
}


def _stage(work: Work, name: str, landed: Landed) -> Staged:
    return stage_rows(work, name, name, landed.files[0], _ROWS[name](1), label=landed.label)


def _view(work: Work, name: str, query: str) -> str:
    """A query's rows, which are read several times, and SQL for them."""
    work.connection.execute(f"create or replace temp table {name} as {query}")
    return f"select * from {name}"


def _unread(found: Mapping[str, Landed], *names: str) -> list[Rejected]:
    return [row for name in names if name in found for row in found[name].unread]


def _absent_notes(found: Mapping[str, Landed]) -> Iterator[str]:
    """What a table or a column that is not there costs."""
    absent = {name for name, landed in found.items() if not landed.files}
    if not {"email_state", "email_consent", "accepts"} & set(found["customers"].columns):
        yield (
            f"{found['customers'].label} has no column of consents: nobody may be contacted where "
            "a consent is needed"
        )
    if {"refunds", "line_refunds"} & absent and "refunds" not in found["orders"].columns:
        yield ("there is no table of refunds: an order that was given back in part counts whole")
    if "lines" in absent:
        yield "there is no table order_line: what was bought is not known"
    if "addresses" in absent:
        yield (
            "there is no table customer_address: a customer's country is that of the newest order"
        )
