"""What a source's tables would hold: counts, what is missing and what that costs, masked rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow.parquet as pq

from winback.base.duck import connect, rows_of
from winback.base.settings import Settings
from winback.landing.schema import INPUT_TABLES

_SAMPLES: Final = 3
# What nobody may read in a log.
_NAMES: Final = frozenset({"first_name", "last_name", "postal_code", "proof"})
_PHONE: Final = re.compile(r"\+?[\d\s()./-]{7,}")
# Sold, seen and said: what each table is for.
COSTS: Final[Mapping[str, str]] = {
    "order_items": "no products in messages, no favorite category and no product tags",
    "products": "no names, prices and pictures of products in messages",
    "consents": "nobody may be contacted",
    "web_events": "no browse segments (abandoned_cart, repeat_browser, price_drop), and engagement "
    "by messages alone",
    "price_changes": "no price_drop segment",
    "reviews": "no message shows what other customers say",
    "stock": "nothing is known to be sold out, so messages may show what is",
    "loyalty": "no message tells somebody's points",
    "past_enrollments": "no verdicts on another tool's tests",
    "past_messages": "no messages of another tool in engagement, caps and verdicts",
}
COLUMN_COSTS: Final[Mapping[str, Mapping[str, str]]] = {
    "customers": {
        "email": "no email to anybody",
        "phone": "no texts to anybody",
        "first_name": 'messages say "there" instead of a name',
        "country": "the rules of consent for everywhere hold, and a number without a calling code "
        "can't be read unless WINBACK_SHOP_COUNTRY is set",
        "region": "states with laws of their own are told by numbers and postal codes alone",
    },
    "orders": {
        "refunded_amount": "revenue is before refunds",
        "discount_amount": "nobody is known to buy at a discount",
        "currency": "all amounts count as one currency",
    },
    "order_items": {"unit_price": "no prices of what was bought"},
    "products": {
        "category": "no favorite category",
        "url": "no links to products",
        "image_url": "no pictures of products",
        "tags": "nobody is known to like a tag",
    },
}


@dataclass(frozen=True)
class Missing:
    """A table, or a column of one, that has no value, and what that costs."""

    what: str
    costs: str


@dataclass(frozen=True)
class TableLook:
    """A table as it would stand: its rows, the columns with values, and masked samples."""

    table: str
    rows: int
    columns: tuple[str, ...]
    samples: tuple[Mapping[str, str], ...]


def look_at_tables(settings: Settings) -> tuple[TableLook, ...]:
    """Every table of the input format, also those without a row."""
    return tuple(map(_look, [settings] * len(INPUT_TABLES), INPUT_TABLES))


def missing(tables: tuple[TableLook, ...]) -> Iterator[Missing]:
    """What the shop has not, and what that costs."""
    for it in tables:
        if not it.rows:
            yield Missing(it.table, COSTS.get(it.table, "nothing can be found"))
            continue
        for column, costs in COLUMN_COSTS.get(it.table, {}).items():
            if column not in it.columns:
                yield Missing(f"{it.table}.{column}", costs)


def _look(settings: Settings, table: str) -> TableLook:
    path = settings.shop_dir / f"{table}.parquet"
    if not path.exists() or not (rows := pq.read_metadata(path).num_rows):
        return TableLook(table, 0, (), ())
    names = INPUT_TABLES[table].input_names
    with connect() as connection:
        counts = ", ".join(f"count({name})" for name in names)
        found = connection.execute(f"select {counts} from read_parquet(?)", [str(path)]).fetchone()
        filled = [name for name, count in zip(names, found or (), strict=True) if count]
        samples = rows_of(
            connection.execute(
                f"select {', '.join(filled)} from read_parquet(?) limit {_SAMPLES}", [str(path)]
            )
        )
    return TableLook(table, rows, tuple(filled), tuple(map(_masked, samples)))


def _masked(row: Mapping[str, Any]) -> Mapping[str, str]:
    return {name: mask(name, str(value)) for name, value in row.items() if value is not None}


def mask(column: str, text: str) -> str:
    """A value of a sample with enough left to see its kind, and not whose it is."""
    if "@" in text:
        return f"{text.strip()[:1]}…@….{text.rpartition('.')[2]}"
    if column == "phone" or (text.startswith("+") and _PHONE.fullmatch(text)):
        return f"{text[:3]}…{text[-2:]}"
    return f"{text[:1]}…" if column in _NAMES else text
