"""The public tables in a database of the shop's own, for whoever reports from there.

Its readers see one whole set or the one before, as those of `published/current` do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import duckdb

from winback.base.duck import connect, literal
from winback.base.settings import Settings
from winback.warehouse._publish import PUBLIC_TABLES

if TYPE_CHECKING:
    import psycopg

SCHEMA: Final = "winback"
_CONNECT_SECONDS: Final = 10
_CHUNK_ROWS: Final = 20_000
_TYPES: Final = {
    "VARCHAR": "text", "BIGINT": "bigint", "DOUBLE": "double precision", "BOOLEAN": "boolean",
    "DATE": "date", "TIMESTAMP WITH TIME ZONE": "timestamptz",
}  # fmt: skip


def publish_elsewhere(settings: Settings, published: Path) -> Iterator[str]:
    """Copy the public tables to where `WINBACK_PUBLISH_TO` points; a warning if that failed.

    What is published here stands in any case. No warning repeats what a server or a driver says:
    it may hold the password.
    """
    target = settings.publish_to.get_secret_value()
    if not target:
        return
    if target.startswith(("postgresql://", "postgres://")):
        import psycopg

        try:
            _to_postgresql(target, published)
        except (psycopg.Error, duckdb.Error, OSError) as error:
            yield _failed("PostgreSQL", type(error).__name__)
        return
    path = Path(target).expanduser()
    try:
        _to_duckdb(path, published)
    except (duckdb.Error, OSError) as error:
        yield _failed(str(path), type(error).__name__)


def _failed(where: str, why: str) -> str:
    return (
        f"The tables could not be copied to {where} ({why}): it has those of before. Next: see "
        "that it can be written to (WINBACK_PUBLISH_TO), then winback build"
    )


def _to_duckdb(path: Path, published: Path) -> None:
    """A file is written beside the old one and takes its name; a reader keeps what it opened."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    try:
        with duckdb.connect(str(unfinished)) as connection:
            for table in PUBLIC_TABLES:
                source = literal(published / f"{table}.parquet")
                connection.execute(f"create table {SCHEMA}.{table} as from read_parquet({source})")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _to_postgresql(url: str, published: Path) -> None:
    """All tables in one transaction; rows are deleted and not truncated, so that nobody waits."""
    import psycopg

    with (
        psycopg.connect(
            url, connect_timeout=_CONNECT_SECONDS, application_name="winback build"
        ) as target,
        connect() as source,
    ):
        target.execute(f"create schema if not exists {SCHEMA}".encode())
        # Two builds at once would each wait for the other's rows.
        target.execute("select pg_advisory_xact_lock(hashtext('winback.publish'))")
        source.execute("set TimeZone = 'UTC'")
        for table in PUBLIC_TABLES:
            _copy_table(source, target, table, published / f"{table}.parquet")


def _copy_table(
    source: duckdb.DuckDBPyConnection,
    target: psycopg.Connection[tuple[object, ...]],
    table: str,
    path: Path,
) -> None:
    rows = source.execute(f"from read_parquet({literal(path)})")
    columns = [(name, _type_of(str(kind))) for name, kind, *_ in rows.description or ()]
    _make_ready(target, table, columns)
    names = ", ".join(f'"{name}"' for name, _ in columns)
    copied = f"copy {SCHEMA}.{table} ({names}) from stdin".encode()
    with target.cursor() as cursor, cursor.copy(copied) as copy:
        for batch in rows.to_arrow_reader(_CHUNK_ROWS):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                copy.write_row(row)


def _make_ready(
    target: psycopg.Connection[tuple[object, ...]], table: str, columns: list[tuple[str, str]]
) -> None:
    """An empty table with these columns: the one that is there, so that views on it live on, or
    a new one where its columns are others."""
    there = target.execute(
        "select attname, format_type(atttypid, atttypmod) from pg_attribute "
        "where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum",
        [f"{SCHEMA}.{table}"],
    ).fetchall()
    if [(name, _short(str(kind))) for name, kind in there] == columns:
        target.execute(f"delete from {SCHEMA}.{table}".encode())
        return
    declared = ", ".join(f'"{name}" {kind}' for name, kind in columns)
    target.execute(f"drop table if exists {SCHEMA}.{table}".encode())
    target.execute(f"create table {SCHEMA}.{table} ({declared})".encode())


def _type_of(kind: str) -> str:
    if found := re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", kind):
        return f"numeric({found[1]},{found[2]})"
    return _TYPES[kind]


def _short(kind: str) -> str:
    return "timestamptz" if kind == "timestamp with time zone" else kind
