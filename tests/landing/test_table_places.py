"""Tables in a DuckDB file and in a PostgreSQL schema: they land as the same files would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import psycopg
import pytest
from landing_shop import Shop

from winback.base.errors import UsageError, WinbackError
from winback.landing import Source, load

TABLES = """
create table {0}.customers (
    customer_id bigint, email text, phone text, created_at timestamp with time zone, notes {1}
);
insert into {0}.customers values
    (1, 'ada@example.com', '+447700900123', '2024-05-01 10:00:00+02', null),
    (2, null, null, null, '{{"a": [1, 2]}}');
create table {0}.orders (
    order_id bigint, customer_id bigint, ordered_at timestamp with time zone,
    total_amount numeric(12, 3), status text
);
insert into {0}.orders values
    (1234567890123456789, 1, '2025-03-01 00:30:00+01', 1.234, 'completed'),
    (11, 2, '2025-03-02 10:00:00Z', 1234.5, null);
create table {0}.web_orders (order_id bigint);
"""
LANDED = [
    ("1", "ada@example.com", "+447700900123", datetime(2024, 5, 1, 8, tzinfo=UTC)),
    ("2", None, None, None),
]
ORDERS = [
    ("11", "2", datetime(2025, 3, 2, 10, tzinfo=UTC), Decimal("1234.5000"), "completed"),
    (
        "1234567890123456789", "1", datetime(2025, 2, 28, 23, 30, tzinfo=UTC),
        Decimal("1.2340"), "completed",
    ),
]  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema shop;" + TABLES.format("shop", "json"))
    return path


@pytest.fixture
def schema(make_schema: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> str:
    url = make_schema()
    name = url.rpartition("%3D")[2]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLES.format(name, "jsonb").encode())
    monkeypatch.setenv("WAREHOUSE_URL", url)
    return name


def landed(shop: Shop) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    return (
        shop.landed("customers", "customer_id, email, phone, created_at"),
        shop.landed("orders", "order_id, customer_id, ordered_at, total_amount, status"),
    )


def test_a_duckdb_file_is_read_and_not_changed(shop: Shop, file: Path) -> None:
    before = file.read_bytes(), file.stat().st_mtime_ns, sorted(file.parent.glob("warehouse*"))
    source = Source("w", "generic", duckdb=file, schema="shop")
    report = load(source, shop.settings, shop.clock)
    assert landed(shop) == (LANDED, ORDERS)
    assert (report.source, report.format) == ("w", "generic")
    assert before == (
        file.read_bytes(), file.stat().st_mtime_ns, sorted(file.parent.glob("warehouse*")),
    )  # fmt: skip
    assert not list(shop.settings.landing_dir.glob(".loading-*"))


def test_views_count_as_tables_and_other_tables_are_left(shop: Shop, file: Path) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute("create view main.Customers as from shop.customers where email <> ''")
        connection.execute("create table orders as from shop.orders")
    load(Source("w", "generic", duckdb=file), shop.settings, shop.clock)
    assert landed(shop) == (LANDED[:1], ORDERS)


def test_a_postgresql_schema_is_read(shop: Shop, schema: str) -> None:
    source = Source("w", "generic", postgres="WAREHOUSE_URL", schema=schema)
    load(source, shop.settings, shop.clock)
    assert landed(shop) == (LANDED, ORDERS)


def test_a_table_of_more_rows_than_are_fetched_at_once_is_whole(
    shop: Shop, schema: str, postgresql: str
) -> None:
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(
            f"insert into {schema}.orders select n, n % 7, '2025-03-03Z', 1.5, null "
            "from generate_series(100, 25099) as n".encode()
        )
    load(Source("w", "generic", postgres="WAREHOUSE_URL", schema=schema), shop.settings, shop.clock)
    assert shop.landed("orders", "count(*), count(distinct order_id)") == [(25_002, 25_002)]


def test_a_file_that_another_process_writes_to_is_one_line(shop: Shop, file: Path) -> None:
    holder = subprocess.Popen(
        [
            sys.executable, "-c",
            f"import duckdb; c = duckdb.connect({str(file)!r}); print('open', flush=True); input()",
        ],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with holder:
        assert holder.stdout
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(WinbackError, match="is locked by another process") as refused:
            load(Source("w", "generic", duckdb=file, schema="shop"), shop.settings, shop.clock)
        holder.communicate("\n")
    assert "\n" not in str(refused.value)
    assert not shop.settings.shop_dir.exists()


def test_what_is_no_place_is_one_line(shop: Shop, tmp_path: Path, file: Path) -> None:
    (tmp_path / "other.duckdb").write_text("customer_id,email\nc1,ada@example.com\n")
    for source, told in (
        (Source("w", "generic", duckdb=tmp_path / "none.duckdb"), "there is no file"),
        (Source("w", "generic", duckdb=tmp_path / "other.duckdb"), "can't be read as a DuckDB"),
        (Source("w", "generic", duckdb=file, schema="sales"), "has none of the tables customers"),
        (Source("w", "generic", duckdb=file, schema="no;such"), "has none of the tables customers"),
    ):
        with pytest.raises(WinbackError, match=told) as refused:
            load(source, shop.settings, shop.clock)
        assert "\n" not in str(refused.value)
        assert "ada@" not in str(refused.value)
    with pytest.raises(UsageError, match="klaviyo is files: give the folder"):
        load(Source("w", "klaviyo", duckdb=file), shop.settings, shop.clock)
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table gone (x int); create view customers as from gone")
        connection.execute("drop table gone")
    with pytest.raises(WinbackError, match=r"customers of .* is a view of what is not there"):
        load(Source("w", "generic", duckdb=file), shop.settings, shop.clock)
    assert not shop.settings.shop_dir.exists()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://winback:hunter2@127.0.0.1:1/shop", "can't be reached"),
        ("postgresql://winback:hunter2@[bad/shop", "holds no PostgreSQL URL"),
        ("hunter2", "holds no PostgreSQL URL"),
        ("postgresql://x?hunter2=1", "holds no PostgreSQL URL"),
    ],
)
def test_a_server_that_does_not_answer_is_one_line_without_the_password(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, url: str, told: str
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", url)
    with pytest.raises(WinbackError, match=told) as refused:
        load(Source("w", "generic", postgres="WAREHOUSE_URL"), shop.settings, shop.clock)
    assert "hunter2" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_user_who_may_not_read_is_told_which_grant_lacks(
    shop: Shop, schema: str, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("drop role if exists reader_b; create role reader_b login")
        connection.execute(f"grant usage on schema {schema} to reader_b".encode())
    source = Source("w", "generic", postgres="WAREHOUSE_URL", schema=schema)
    monkeypatch.setenv("WAREHOUSE_URL", postgresql.replace("postgres:", "reader_b:", 1))
    with pytest.raises(WinbackError, match="may not read all tables"):
        load(source, shop.settings, shop.clock)
    monkeypatch.setenv("WAREHOUSE_URL", postgresql.replace("postgres:", "nobody_b:", 1))
    with pytest.raises(WinbackError, match="refuses the user or the password"):
        load(source, shop.settings, shop.clock)
