"""How fast Shopify's orders export loads: `python benchmarks/load_shopify.py [ROWS]`.

Makes an orders export with every column and that many rows (default 1 million), and loads it in a
process of its own. Plain DuckDB turns the same file into Parquet in the same run, with every column
as text, as the measure of what grouping, checks and the merge cost.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import duckdb
from load_lines import measure

from winback.base.clock import WallClock
from winback.base.settings import Settings
from winback.landing import load

# The columns of the current export; what is not told here is empty, as most of it is in real files.
_EMPTY = (
    "Paid at,Fulfilled at,Shipping Method,Lineitem compare at price,Billing Address2,"
    "Billing Company,Shipping Address2,Shipping Company,Note Attributes,Cancelled at,"
    "Payment Reference,Outstanding Balance,Employee,Location,Device ID,Tags,Risk Level,"
    "Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,"
    "Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,"
    "Shipping Province Name,Payment ID,Payment Terms Name,Next Payment Due At,Payment References"
)
_OWN = {
    "Financial Status": "'paid'",
    "Fulfillment Status": "'fulfilled'",
    "Accepts Marketing": "'yes'",
    "Currency": "'USD'",
    "Subtotal": "'49.90'",
    "Shipping": "'4.90'",
    "Taxes": "'3.99'",
    "Total": "cast(cast((n % 20000) / 100 + 5 as decimal(10, 2)) as varchar)",
    "Discount Code": "case when n % 7 = 0 then 'WELCOME10' end",
    "Discount Amount": "'0.00'",
    **{
        f"{kind} {name}": value
        for kind in ("Billing", "Shipping")
        for name, value in {
            "Name": "'Person ' || customer",
            "Street": "customer || ' Main Street, Apt. 4'",
            "Address1": "customer || ' Main Street'",
            "City": "'Springfield'",
            "Zip": "'''0' || (1000 + customer % 9000)",
            "Province": "'IL'",
            "Country": "'US'",
            "Phone": "'''+1217555' || lpad(cast(customer % 10000 as varchar), 4, '0')",
        }.items()
    },
    "Notes": "case when n % 10 = 0 then 'Please leave it at the \"back\" door,' || chr(10) || "
    "'and ring.' end",
    "Payment Method": "'Shopify Payments'",
    "Refunded Amount": "case when n % 20 = 0 then '5.25' else '0.00' end",
    "Id": "cast(5000000000000 + n as varchar)",
    "Source": "'web'",
}
_EVERY_ROW = {
    "Name": "'#' || (1000 + n)",
    "Email": "'customer' || customer || '@example.com'",
    "Created at": "strftime(timestamp '2022-01-01' + to_minutes(cast(n % 1500000 as int)), "
    "'%Y-%m-%d %H:%M:%S -0500')",
    "Vendor": "'Example'",
    "Lineitem quantity": "cast(1 + line % 3 as varchar)",
    "Lineitem name": "'Product, size ' || (hash(line) % 5000)",
    "Lineitem price": "'12.90'",
    "Lineitem sku": "'sku-' || (hash(line) % 5000)",
    "Lineitem requires shipping": "'true'",
    "Lineitem taxable": "'true'",
    "Lineitem fulfillment status": "'fulfilled'",
    "Lineitem discount": "'0.00'",
}


def make_export(path: Path, rows: int) -> None:
    """Two rows an order, five orders a customer; the order's own fields in its first row."""
    own = ", ".join(f'case when is_first then {sql} end as "{n}"' for n, sql in _OWN.items())
    every = ", ".join(f'{sql} as "{n}"' for n, sql in _EVERY_ROW.items())
    empty = ", ".join(f'null as "{name}"' for name in _EMPTY.split(","))
    duckdb.execute(
        f"""
        copy (
            with rows as (
                select i as line, i // 2 as n, i % 2 = 0 as is_first,
                    (i // 2) % {max(rows // 10, 1)} as customer
                from range({rows}) t(i)
            )
            select {every}, {own}, {empty} from rows
        ) to '{path}' (header)
        """
    )


def load_export(folder: Path) -> int:
    settings = Settings.load(home=folder / "home", shop_timezone="America/New_York")
    report = load(folder, settings, WallClock(), format="shopify")
    return sum(source.read for source in report.sources if source.name == "order_items")


def convert_with_duckdb(folder: Path) -> int:
    [path] = folder.glob("*.csv")
    copied = duckdb.execute(
        f"copy (from read_csv('{path}', all_varchar = true)) to '{folder / 'plain.parquet'}'"
    ).fetchone()
    return copied[0] if copied else 0


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_export(folder / "orders_export_1.csv", rows)
        megabytes = (folder / "orders_export_1.csv").stat().st_size >> 20
        ours, plain = measure(load_export, folder), measure(convert_with_duckdb, folder)
    figures = {
        "rows": rows,
        "megabytes": megabytes,
        "winback": ours,
        "duckdb": plain,
        "times_slower": round(ours["seconds"] / plain["seconds"], 1),
    }
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
