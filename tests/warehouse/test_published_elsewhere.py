"""The public tables in a database of the shop's own: whole, one set at a time, and no password
in what is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import psycopg
import pytest

from winback.base.settings import Settings
from winback.warehouse import PUBLIC_TABLES
from winback.warehouse._elsewhere import publish_elsewhere

# One of each type that a public table has.
_ROWS = """
    select
        'c' || i as customer_id, i::bigint as order_count, i / 2.0::double as share,
        i % 2 = 0 as is_lapsed, date '2026-03-01' + i::integer as day,
        timestamptz '2026-03-01 12:00:00.5+00' + to_hours(i) as at_moment,
        (i * 1.25)::decimal(12, 4) as cost_cents,
        case when i = 1 then null else 'ü'',"\t\\N' end as words
    from range(3) as t(i)
"""


@pytest.fixture
def published(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    folder.mkdir()
    for table in PUBLIC_TABLES:
        duckdb.sql(f"copy ({_ROWS}) to '{folder / table}.parquet'")
    return folder


def publish(target: str, published: Path) -> list[str]:
    return list(publish_elsewhere(Settings.load(publish_to=target), published))


def test_a_postgresql_schema_has_the_same_rows_and_types(published: Path, postgresql: str) -> None:
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("drop schema if exists winback cascade")
        assert publish(postgresql, published) == []
        connection.execute("set time zone 'UTC'")
        found = connection.execute("select * from winback.customers order by 1").fetchall()
        source = duckdb.connect()
        source.execute("set TimeZone = 'UTC'")
        table = source.execute(f"from '{published}/customers.parquet' order by 1").to_arrow_table()
        assert [tuple(row.values()) for row in table.to_pylist()] == found
        tables = connection.execute(
            "select tablename from pg_tables where schemaname = 'winback'"
        ).fetchall()
        assert {name for (name,) in tables} == set(PUBLIC_TABLES)


def test_a_view_on_a_table_lives_on_and_sees_the_next_set(published: Path, postgresql: str) -> None:
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("drop schema if exists winback cascade")
        publish(postgresql, published)
        connection.execute("create view winback.mine as select count(*) from winback.messages")
        duckdb.sql(f"copy ({_ROWS} limit 1) to '{published}/messages.parquet'")
        assert publish(postgresql, published) == []
        assert connection.execute("select * from winback.mine").fetchall() == [(1,)]


def test_a_reader_sees_the_old_set_until_the_new_one_is_whole(
    published: Path, postgresql: str
) -> None:
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("drop schema if exists winback cascade")
        publish(postgresql, published)
        # The last table can't be read: nothing of the tables before it may show.
        duckdb.sql(f"copy ({_ROWS} limit 1) to '{published}/customers.parquet'")
        (published / f"{PUBLIC_TABLES[-1]}.parquet").write_text("no Parquet")
        (told,) = publish(postgresql, published)
        assert "could not be copied to PostgreSQL" in told
        assert connection.execute("select count(*) from winback.customers").fetchall() == [(3,)]


def test_a_table_whose_columns_changed_is_made_anew(published: Path, postgresql: str) -> None:
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("drop schema if exists winback cascade")
        publish(postgresql, published)
        duckdb.sql(f"copy (select 1::bigint as other) to '{published}/messages.parquet'")
        assert publish(postgresql, published) == []
        assert connection.execute("select other from winback.messages").fetchall() == [(1,)]


def test_a_duckdb_file_is_swapped_and_a_reader_keeps_what_it_opened(
    published: Path, tmp_path: Path
) -> None:
    path = tmp_path / "shared" / "winback.duckdb"
    assert publish(str(path), published) == []
    with duckdb.connect(str(path), read_only=True) as reader:
        duckdb.sql(f"copy ({_ROWS} limit 1) to '{published}/customers.parquet'")
        assert publish(str(path), published) == []
        assert reader.sql("select count(*) from customers").fetchall() == [(3,)]
    with duckdb.connect(str(path), read_only=True) as reader:
        assert reader.sql("select count(*) from customers").fetchall() == [(1,)]
    assert [it.name for it in path.parent.iterdir()] == [path.name]


def test_what_fails_is_a_warning_without_the_password(published: Path, tmp_path: Path) -> None:
    (told,) = publish("postgresql://me:s3cret@127.0.0.1:1/shop", published)
    assert told == (
        "The tables could not be copied to PostgreSQL (OperationalError): it has those of before. "
        "Next: see that it can be written to (WINBACK_PUBLISH_TO), then winback build"
    )
    (tmp_path / "file").write_text("")
    (told,) = publish(str(tmp_path / "file" / "x.duckdb"), published)
    assert "s3cret" not in told
    shutil.rmtree(published)
    target = tmp_path / "y.duckdb"
    (told,) = publish(str(target), published)
    assert str(target) in told
    assert not list(tmp_path.glob("*y.duckdb*"))


@pytest.mark.parametrize("target", ["mysql://shop", "tables", "https://shop.example/x.duckdb"])
def test_another_kind_of_target_is_refused(target: str) -> None:
    with pytest.raises(Exception, match="must be postgresql://"):
        Settings.load(publish_to=target)


def test_without_a_target_nothing_is_copied(published: Path) -> None:
    assert json.dumps(publish("", published)) == "[]"
