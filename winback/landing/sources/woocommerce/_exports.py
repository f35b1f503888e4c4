"""Exports of plugins: CSV (or Parquet) with a row an order or a row a line, as records of the API.

Each plugin has names of its own. A column is found by the usual spellings, or as `columns` of the
sources file states it. An export has local times, as the shop shows them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from winback.base.duck import literal
from winback.base.errors import UsageError, WinbackError
from winback.landing._batch import LINE
from winback.landing._csv import CsvReader
from winback.landing._merge import copy
from winback.landing._sql import parquet
from winback.landing._stage import Work
from winback.landing.sources._tables import Landed, Table, read_table
from winback.landing.sources._texts import FILE
from winback.landing.sources.woocommerce._fields import ORDERS, Kind
from winback.landing.sources.woocommerce._pages import NTH, PAGE, Pages
from winback.landing.sources.woocommerce._spellings import SPELLINGS

_NEEDS: Final = {
    "orders": ("order_id", "ordered_at", "status", "total_amount"),
    "customers": ("customer_id", "email"),
}
# All lines of an order in its one row: `line_item_1` holds `name:Tea|product_id:11|quantity:2|…`.
_ITEM: Final = re.compile(r"line_item_\d+")
# A language as the API would show it. No other field of a plugin is read from an export.
_META: Final = """
    case when language is null then '[]'::json
        else to_json([struct_pack(key := 'locale', value := language)]) end
"""
_OF_ITEM: Final = {
    "product_id": ("product_id",),
    "sku": ("sku",),
    "name": ("name",),
    "quantity": ("quantity", "qty"),
    "line_total": ("sub_total", "subtotal", "total"),
}


def read_export(work: Work, kind: Kind, files: Sequence[Path]) -> tuple[Pages, Landed]:
    """The files of one kind as records, and what of them can't be split.

    Raises WinbackError where a column that is needed is not found.
    """
    header = list(dict.fromkeys(name for file in files for name in _header(work, file)))
    found = _find(kind.name, header, work.columns)
    items = [name for name in header if _ITEM.fullmatch(_plain(name))]
    table = Table(
        kind.name,
        (kind.name,),
        {ours: (theirs,) for ours, theirs in found.items()}
        | {f"item_{n}": (name,) for n, name in enumerate(items)},
    )
    _require(kind.name, found, files[0].name)
    landed = read_table(work, table, files)
    known = {name: f"null::varchar as {name}" for name in SPELLINGS[kind.name] if name not in found}
    extra = "".join(f", {sql}" for sql in known.values())
    names = ", ".join(f"({n}, {literal(it.name)})" for n, it in enumerate(files, start=1))
    rows = (
        f"(select told.*{extra}, files.name as {PAGE} from {landed.rows} as told "
        f"left join (values {names}) as files (number, name) on told.{FILE} = files.number)"
    )
    path = work.folder / f"{kind.name}.records"
    query = _orders(rows, len(items)) if kind is ORDERS else _customers(rows)
    copy(work, f"select *, row_number() over (order by {FILE}, {LINE}) as {NTH} from ({query})",
         path)  # fmt: skip
    return Pages(kind, files, f"(from {parquet(path)})"), landed


def _header(work: Work, file: Path) -> list[str]:
    if file.suffix.lower() == ".parquet":
        try:
            return [name.strip().lower() for name in pq.read_schema(file).names]
        except (OSError, ValueError):
            raise WinbackError(f"{file.name} is not a readable Parquet file") from None
    return CsvReader(file, limits=work.limits).columns


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _find(kind: str, header: Sequence[str], stated: Mapping[str, str]) -> dict[str, str]:
    """The column of each of our names. Raises UsageError for a statement that can't be."""
    unknown = sorted(set(stated) - {name for names in SPELLINGS.values() for name in names})
    if unknown:
        raise UsageError(
            f"columns names {unknown[0]}, which is none of {', '.join(SPELLINGS['orders'])}"
        )
    by_plain = {_plain(name): name for name in reversed(header)}
    found = {}
    for ours, spellings in SPELLINGS[kind].items():
        usual = [by_plain[it] for it in spellings if it in by_plain]
        if ours in stated and _plain(stated[ours]) in by_plain:
            found[ours] = by_plain[_plain(stated[ours])]
        elif ours in stated and kind == "orders":
            raise WinbackError(
                f"columns says that {ours} is {stated[ours]!r}, and no file of orders has that "
                "column: nothing was loaded"
            )
        elif usual:
            found[ours] = usual[0]
    return found


def _require(kind: str, found: Mapping[str, str], file: str) -> None:
    lacking = [name for name in _NEEDS[kind] if name not in found]
    if kind == "orders" and not {"customer_id", "email", "phone"} & set(found):
        lacking.append("email")
    if lacking:
        example = f'columns = {{ {lacking[0]} = "…" }}'
        raise WinbackError(
            f"{file}: no column is known to be {', '.join(lacking)}: nothing was loaded. Next: "
            f"say in sources.toml which it is, as {example}"
        )


def _orders(rows: str, items: int) -> str:
    """SQL for a record an order. A row without an order's id is of the order before it.

    Where an order's rows disagree about a figure, what they say stands side by side and can't be
    read, so that its customer is held.
    """
    one = "first({0} order by {1}) filter ({0} is not null) as {2}"
    fields = {
        "customer_id": "account", "email": "billing_email", "phone": "phone",
        "first_name": "billing_first_name", "last_name": "billing_last_name",
        "country": "country", "region": "region", "postal_code": "postal_code",
        "language": "language",
        "currency": "currency", "coupon_code": "coupon_code", "modified_at": "modified_at",
    }  # fmt: skip
    told = ", ".join(one.format(theirs, LINE, ours) for theirs, ours in fields.items())
    said = ", ".join(
        f"string_agg(distinct {theirs}, ' or ' order by {theirs}) as {ours}"
        for theirs, ours in (
            ("status", "status"), ("total_amount", "total"), ("discount_amount", "discount"),
            ("refunded_amount", "refunded"), ("ordered_at", "created_at"),
        )
    )  # fmt: skip
    return f"""
        with rows as (
            select * replace (coalesce(order_id, last_value(order_id ignore nulls) over (
                partition by {FILE} order by {LINE} rows unbounded preceding
            )) as order_id)
            from {rows}
        ),
        items as ({_items(items)}),
        lists as (
            select {FILE}, order_id, to_json(list(struct_pack(
                product_id := product_id, sku := sku, name := name, quantity := quantity,
                subtotal := coalesce(cast(try_cast(unit_price as decimal(18, 4))
                    * try_cast(quantity as decimal(18, 4)) as varchar), line_total),
                subtotal_tax := '0'
            ) order by {LINE}, place)) as line_items
            from items where coalesce(product_id, sku, name) is not null
            group by {FILE}, order_id
        ),
        orders as (
            select order_id as id, {FILE}, min({LINE}) as {LINE}, min({PAGE}) as {PAGE},
                {told}, {said}
            from rows group by {FILE}, order_id, if(order_id is null, {LINE}, null)
        )
        select orders.* exclude (refunded, language) replace (
                replace(orders.status, ' ', '-') as status, {_local("created_at")} as created_at
            ),
            '0' as discount_tax, 'false' as with_tax, {_META} as meta_data,
            case when refunded is null then '[]'::json
                else to_json([struct_pack(total := refunded)]) end as refunds,
            coalesce(lists.line_items, '[]'::json) as line_items
        from orders left join lists
            on orders.id = lists.order_id and orders.{FILE} = lists.{FILE}
    """


def _items(count: int) -> str:
    """SQL for the lines: a row each, or all in the columns of an order's one row."""
    names = ("product_id", "sku", "name", "quantity")
    own = f"""
        select {FILE}, order_id, {LINE}, 0 as place, {", ".join(names)}, unit_price, line_total
        from rows
    """
    packed = []
    for number in range(count):
        parts = ", ".join(
            "coalesce(" + ", ".join(
                f"nullif(trim(regexp_extract('|' || item_{number}, '[|]{key}:([^|]*)', 1)), '')"
                for key in keys
            ) + f") as {ours}"
            for ours, keys in _OF_ITEM.items()
        )  # fmt: skip
        packed.append(
            f"select {FILE}, order_id, {LINE}, {number + 1} as place, "
            f"{parts.replace(' as line_total', ' as line_total, null::varchar as unit_price')} "
            f"from rows where item_{number} is not null"
        )
    return " union all by name ".join([own, *packed])


def _local(column: str) -> str:
    """SQL for an instant in the shop's zone: one of 19 signs would be taken for the API's UTC."""
    return f"case when length({column}) = 19 then {column} || '.000' else {column} end"


def _customers(rows: str) -> str:
    """SQL for a record a customer."""
    return f"""
        select customer_id as id, email, first_name, last_name,
            {_local("created_at")} as created_at, modified_at, email as billing_email, phone,
            first_name as billing_first_name, last_name as billing_last_name, country, region,
            postal_code, {_META} as meta_data, {PAGE}, {LINE}, {FILE}
        from {rows}
    """


def export_notes(orders: Landed | None) -> list[str]:
    """What a column that was not found costs."""
    if orders is None:
        return []
    costs = {
        "refunded_amount": "an order that was given back in part counts whole",
        "quantity": "what was bought is not known",
        "currency": "all amounts count as one currency",
    }
    items = any(name.startswith("item_") for name in orders.columns)
    return [
        f"{orders.label} has no column that is known to be {name}: {cost}"
        for name, cost in costs.items()
        if name not in orders.columns and not (name == "quantity" and items)
    ]
