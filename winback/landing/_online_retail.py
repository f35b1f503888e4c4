"""UCI "Online Retail" (data sets 352 and 502): one line per invoice and stock code.

- An invoice is an order; its total is the sum of all its lines, postage included, equal
  lines kept; its time is the earliest of its lines. Amounts are exact decimals, in pounds.
- An invoice that starts with C is a return: `_returns` says which orders it reduces. It
  is matched within one file only.
- A line without a customer, a line of another customer than the invoice's first, and all
  lines of an invoice with a negative total are set aside.
- Stock codes are products, but for postage, fees and corrections (`_NOT_PRODUCTS`), which
  stay items of their order so that items add up to totals. A product's name is its most
  frequent description, its price the last one above zero.
- A customer's country is that of the latest line.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from winback.landing._batch import LINE, ROW, Batch, Reader, Rejected
from winback.landing._casts import Rule, Spec
from winback.landing._countries import ISO_CODES
from winback.landing._csv import CsvReader, is_utf8
from winback.landing._files import one_file, require_columns
from winback.landing._formats import Parsed
from winback.landing._limits import Limits
from winback.landing._merge import copy
from winback.landing._parquet import ParquetReader
from winback.landing._returns import Invoice, Matched, match_returns
from winback.landing._sql import parquet
from winback.landing._stage import Staged, Work, stage
from winback.landing._xlsx import XlsxReader
from winback.landing.schema import Column, Table

_LINES = Table(
    "online_retail",
    (
        Column("invoice_no", required=True),
        Column("stock_code", required=True),
        Column("description"),
        Column("quantity", "integer", required=True),
        Column("invoice_date", "timestamp", required=True),
        Column("unit_price", "decimal", required=True),
        Column("customer_id"),
        Column("country"),
    ),
)
# Both data sets' headers, without spaces and case.
_ALIASES = {
    "invoiceno": "invoice_no",
    "invoice": "invoice_no",
    "stockcode": "stock_code",
    "invoicedate": "invoice_date",
    "unitprice": "unit_price",
    "price": "unit_price",
    "customerid": "customer_id",
}
_NOT_PRODUCTS = (
    "POST", "DOT", "M", "D", "S", "B", "C2", "BANK CHARGES", "AMAZONFEE", "CRUK", "PADS",
    "ADJUST", "ADJUST2",
)  # fmt: skip
# `12/1/10 8:26` or `12/1/2010 8:26`, month first; ISO passes through.
_US_DATE = (
    "coalesce(strftime(coalesce(try_strptime({}, '%m/%d/%y %H:%M'), "
    "try_strptime({}, '%m/%d/%Y %H:%M')), '%Y-%m-%dT%H:%M:%S'), {})"
)
_SPEC = Spec(
    _LINES,
    prepare={
        "invoice_date": _US_DATE,
        "customer_id": "regexp_replace({}, '\\.0+$', '')",
    },
    rules=(
        Rule(
            '"invoice_no__typed" ilike \'C%\' and "quantity__typed" * "unit_price__typed" > 0',
            "a return with a positive amount",
        ),
    ),
    # Without a key: a return never lands under its number.
    holds=("orders", None),
)


class _Renamed:
    """A reader whose columns bear our names."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.columns = [_our_name(name) for name in reader.columns]

    def batches(self) -> Iterator[Batch]:
        for batch in self._reader.batches():
            rows = batch.rows.rename_columns([_our_name(name) for name in batch.rows.column_names])
            yield Batch(rows, batch.read_bytes, batch.rejected)


def _our_name(name: str) -> str:
    plain = name.replace(" ", "").lower()
    return _ALIASES.get(plain, plain)


def files(source: Path) -> list[Path]:
    return [one_file(source, (".csv", ".parquet", ".xlsx"))]


def parse(work: Work, source: Path) -> Parsed:
    """Lines become customers, orders, order items and products."""
    [path] = files(source)
    reader = _Renamed(_open(path, work.limits))
    needed = {column.name: column.name != "description" for column in _LINES.columns}
    require_columns(path, reader.columns, needed)
    staged = stage(work, reader, _SPEC, path, keep=(LINE, ROW))
    cancellations = _cancellation_note(work, staged)
    _reject_lines(work, staged)
    matched = _match(work)
    return Parsed(
        [staged],
        {name: _write(work, name, query) for name, query in _TABLE_QUERIES.items()},
        [cancellations, _return_note(matched)],
    )


def _open(path: Path, limits: Limits) -> Reader:
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        return XlsxReader(path, limits=limits)
    if suffix == ".parquet":
        names = ParquetReader(path, as_text={}, limits=limits).columns
        return ParquetReader(path, as_text=dict.fromkeys(names, True), limits=limits)
    return CsvReader(path, encoding="utf-8" if is_utf8(path) else "cp1252", limits=limits)


def _reject_lines(work: Work, staged: Staged) -> None:
    """Set aside what only the whole invoice tells; the rest is the temp table `lines`."""
    work.connection.execute(
        f"""
        create or replace temp table lines as
        with sent as (
            select *, invoice_no ilike 'C%' as is_return
            from {parquet(staged.path)}
        ),
        owned as (
            select *, arg_min(customer_id, {LINE}) over (partition by invoice_no) as owner_id
            from sent
        ),
        summed as (
            select *,
                sum(case when customer_id = owner_id then quantity * unit_price end)
                    over (partition by invoice_no) as invoice_total
            from owned
        )
        select * exclude (owner_id, invoice_total), case
            when customer_id is null then 'no customer'
            when customer_id <> owner_id then 'another customer than the invoice''s first line'
            when not is_return and invoice_total < 0 then 'the invoice''s total is negative'
        end as fault
        from summed
        """
    )
    found = work.connection.execute(
        f"select {LINE}, fault, {ROW}, customer_id from lines "
        f"where fault is not null order by {LINE}"
    )
    while rows := found.fetchmany(10_000):
        staged.rejections.add(Rejected(line, fault, row) for line, fault, row, _ in rows)
        for reason in {fault for _, fault, _, customer in rows if customer}:
            held = ((customer, None) for _, fault, _, customer in rows if fault == reason)
            staged.aside.add_keys(held, reason)
        staged.rows -= len(rows)
    work.connection.execute("delete from lines where fault is not null")


def _match(work: Work) -> Matched:
    """Match returns to orders; leaves the temp tables `invoices` and `refunds`."""
    work.connection.execute(
        """
        create or replace temp table invoices as
        select
            customer_id,
            min(invoice_date) as ordered_at,
            invoice_no,
            cast(sum(quantity * unit_price) as decimal(18, 4)) as amount,
            is_return,
        from lines
        group by customer_id, invoice_no, is_return
        """
    )
    found = work.connection.execute(
        "select * exclude (is_return) from invoices where amount <> 0 or not is_return "
        "order by customer_id, ordered_at, is_return, invoice_no"
    )
    matched = match_returns(Invoice(*row) for row in found.fetchall())
    refunds = pa.table(
        {
            "invoice_no": pa.array(matched.refunds.keys(), pa.string()),
            "refunded": pa.array(matched.refunds.values(), pa.decimal128(18, 4)),
        }
    )
    work.connection.register("refunds", refunds)
    return matched


def _write(work: Work, name: str, query: str) -> Path:
    path = work.folder / f"{name}.lines.parquet"
    copy(work, query, path)
    return path


_SERVICES = ", ".join(f"'{code}'" for code in _NOT_PRODUCTS)
_CODES = ", ".join(f"('{name}', '{code}')" for name, code in ISO_CODES.items())
_TABLE_QUERIES = {
    "customers": f"""
        with latest as (
            select customer_id, arg_max(lower(country), (invoice_date, {LINE})) as name
            from lines group by customer_id
        )
        select customer_id, code as country
        from latest left join (values {_CODES}) as codes (name, code) using (name)
    """,
    "orders": """
        select
            invoice_no as order_id, customer_id, ordered_at, amount as total_amount,
            coalesce(refunded, 0) as refunded_amount, 'GBP' as currency,
            case when refunded = amount then 'refunded' else 'completed' end as status
        from invoices left join refunds using (invoice_no)
        where not is_return
    """,
    "order_items": """
        select invoice_no as order_id, stock_code as product_id, quantity, unit_price
        from lines where not is_return
    """,
    "products": f"""
        with described as (
            select stock_code, description, count(*) as uses from lines
            where description is not null group by stock_code, description
        ),
        named as (
            select stock_code, arg_max(description, (uses, description)) as name
            from described group by stock_code
        )
        select stock_code as product_id, any_value(name) as name,
            arg_max(unit_price, (invoice_date, {LINE})) filter (unit_price > 0) as price
        from lines left join named using (stock_code)
        where upper(stock_code) not in ({_SERVICES})
        group by stock_code
    """,
}


def _cancellation_note(work: Work, staged: Staged) -> str:
    found = work.connection.execute(
        "select count(*), count(customer_id) "
        f"from {parquet(staged.path)} where invoice_no ilike 'C%'"
    ).fetchone()
    lines, with_customer = found or (0, 0)
    return (
        f"{lines:,} cancellation lines: {with_customer:,} are returns, "
        f"{lines - with_customer:,} have no customer"
    )


def _return_note(matched: Matched) -> str:
    return (
        f"returns refund {matched.refunded:,.2f} of {len(matched.refunds):,} orders; "
        f"{matched.unmatched_amount:,.2f} of {matched.unmatched_returns:,} returns matches "
        "no earlier order in the file"
    )
