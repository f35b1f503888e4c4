"""The landed tables: one declared type for every column of the input format.

Landing holds one Parquet file a table, `landing/shop/<table>.parquet`, always with
exactly these columns (plus unknown columns that the shop sent), so that every dbt
source exists and has its types even where the shop sent no such file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["text", "decimal", "integer", "timestamp"]

DUCKDB_TYPES: dict[ColumnType, str] = {
    "text": "varchar",
    "decimal": "decimal(18, 4)",
    "integer": "bigint",
    "timestamp": "timestamptz",
}


@dataclass(frozen=True)
class Column:
    """One column; `required` means that a row without a value is set aside.

    A file `may_lack` a required column where landing says what the rows then mean. `default`
    is landed where there is no value. A column that `is_ours` is landing's own, never the shop's.
    """

    name: str
    type: ColumnType = "text"
    required: bool = False
    may_lack: bool = False
    default: str | None = None
    is_ours: bool = False


@dataclass(frozen=True)
class Table:
    """One landed table.

    `key` tells rows apart: a second row with the same key in a load is rejected and a
    later load replaces it. `replaced_by` is the coarser column by which a later load
    replaces rows of a table that has no id of its own (an order's lines). A table with
    neither is append-only: a later load adds the rows that are not there already. A table
    that `is_ours` is written by landing itself, never read from a shop's file.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    replaced_by: str | None = None
    required: bool = False
    is_ours: bool = False

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def input_names(self) -> tuple[str, ...]:
        """The columns that a shop's file may have."""
        return tuple(column.name for column in self.columns if not column.is_ours)


def _text(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


def _need(name: str, type_: ColumnType = "text") -> Column:
    return Column(name, type_, required=True)


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "customers",
            (
                _need("customer_id"),
                *_text(
                    "email",
                    "phone",
                    "first_name",
                    "last_name",
                    "country",
                    "region",
                    "postal_code",
                    "address_name",
                    "address_line1",
                    "address_line2",
                    "city",
                    "timezone",
                    "preferred_channel",
                    "language",
                    "merged_into",
                ),
                Column("created_at", "timestamp"),
            ),
            key=("customer_id",),
            required=True,
        ),
        Table(
            "orders",
            (
                _need("order_id"),
                _need("customer_id"),
                _need("ordered_at", "timestamp"),
                _need("total_amount", "decimal"),
                Column("discount_amount", "decimal"),
                Column("refunded_amount", "decimal"),
                Column("currency"),
                Column("status", default="completed"),
                Column("coupon_code"),
            ),
            key=("order_id",),
            required=True,
        ),
        Table(
            "order_items",
            (
                _need("order_id"),
                _need("product_id"),
                Column("quantity", "integer"),
                Column("unit_price", "decimal"),
            ),
            replaced_by="order_id",
        ),
        Table(
            "products",
            (
                _need("product_id"),
                *_text("name", "category"),
                Column("price", "decimal"),
                Column("compare_at_price", "decimal"),
                *_text("url", "image_url"),
                Column("first_available_at", "timestamp"),
                *_text("tags"),
            ),
            key=("product_id",),
        ),
        Table(
            "consents",
            (
                _need("customer_id"),
                Column("channel", required=True, may_lack=True),
                _need("status"),
                *_text("basis", "source", "proof"),
                Column("occurred_at", "timestamp", required=True, may_lack=True),
                # `load`: the row has no date that can be read, and `occurred_at` is the load's
                # moment, or its date is after that. Such a refusal counts whatever day is
                # replayed.
                Column("dated_by", is_ours=True),
                # Of a row without a date: the newest load in an unbroken line of loads that
                # brought it, and a hash of what it said.
                Column("seen_in_load", is_ours=True),
                Column("row_hash", is_ours=True),
            ),
        ),
        Table(
            "web_events",
            (
                _need("customer_id"),
                _need("event"),
                *_text("product_id", "cart_id"),
                _need("occurred_at", "timestamp"),
            ),
        ),
        Table(
            "price_changes",
            (_need("product_id"), _need("price", "decimal"), _need("changed_at", "timestamp")),
        ),
        Table(
            "reviews",
            (
                _need("product_id"),
                _need("rating", "decimal"),
                *_text("text"),
                _need("created_at", "timestamp"),
            ),
        ),
        Table(
            "stock",
            (
                _need("product_id"),
                Column("quantity", "integer"),
                *_text("is_available"),
                Column("known_at", "timestamp"),
            ),
            key=("product_id",),
        ),
        Table(
            "loyalty",
            (
                _need("customer_id"),
                Column("points", "integer"),
                *_text("tier"),
                Column("expires_at", "timestamp"),
                Column("known_at", "timestamp"),
            ),
            key=("customer_id",),
        ),
        Table(
            "past_enrollments",
            (
                _need("playbook_id"),
                _need("customer_id"),
                _need("arm"),
                *_text("variant"),
                Column("planned_share", "decimal"),
                _need("entered_at", "timestamp"),
            ),
        ),
        Table(
            "past_messages",
            (
                _need("message_id"),
                _need("playbook_id"),
                _need("step"),
                _need("customer_id"),
                _need("channel"),
                *_text("variant"),
                _need("sent_at", "timestamp"),
            ),
            key=("message_id",),
        ),
        # Rows that landing could not hold and whose customer is known: SQL holds that customer.
        Table(
            "set_aside",
            (
                *_text("customer_id", "table_name", "row_key", "reason", "load_id"),
                Column("set_aside_at", "timestamp"),
            ),
            is_ours=True,
        ),
    )
}
# The tables that a shop's files may be.
INPUT_TABLES = {name: table for name, table in TABLES.items() if not table.is_ours}


def numbered(table: str, number: int) -> str:
    """The name of what a table's file of this number brought: orders, orders_2, …"""
    return table if number == 1 else f"{table}_{number}"


def table_of(name: str) -> str:
    """The table that a numbered name is of."""
    return name.rstrip("_0123456789")
