"""Tables of a PostgreSQL schema, copied as texts: some rows at a time, in bounded memory."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from winback.base.errors import WinbackError
from winback.landing._sources_file import Source
from winback.landing._sql import ident
from winback.landing._stage import Work

if TYPE_CHECKING:
    import psycopg

_CHUNK_ROWS: Final = 10_000
_CONNECT_SECONDS: Final = 10


def copy_postgresql(
    work: Work, source: Source, wanted: Mapping[str, Collection[str]], folder: Path
) -> None:
    """Copy the tables of a schema, all as they stood at one instant.

    Raises WinbackError for a server that refuses or is not there.
    """
    schema = source.schema or "public"
    with _postgresql(source) as connection:
        found = connection.execute(
            "select c.relname, a.attname, format_type(a.atttypid, null) "
            "from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
            "join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 "
            "and not a.attisdropped "
            "where n.nspname = %s and c.relkind in ('r', 'p', 'v', 'm', 'f') "
            "order by c.relname, a.attnum",
            [schema],
        ).fetchall()
        tables: dict[str, list[tuple[str, str]]] = {}
        for table, column, kind in found:
            read = wanted.get(table.lower(), {""})
            if not read or column.lower() in read:
                tables.setdefault(table, []).append((column, kind))
        for table, columns in tables.items():
            work.progress(f"{table}: fetching", work.done_bytes, work.total_bytes)
            _copy_rows(connection, schema, table, columns, folder)


@contextmanager
def _postgresql(source: Source) -> Iterator[psycopg.Connection[Any]]:
    """A connection that sees one instant and can't write.

    No error repeats what the server or the driver says: it may hold the URL with its password.
    """
    import psycopg

    where = f"{source.file}: [{source.name}]"
    url = source.read_secret("postgres")
    try:
        connection = psycopg.connect(
            url, connect_timeout=_CONNECT_SECONDS, application_name="winback load"
        )
    except psycopg.OperationalError as error:
        why = "can't be reached"
        if re.search("password|authentication|role .* does not exist", str(error)):
            why = "refuses the user or the password"
        elif re.search("database .* does not exist", str(error)):
            why = "has no such database"
        raise WinbackError(
            f"{where} the PostgreSQL server of {source.postgres} {why}: nothing was loaded"
        ) from None
    except psycopg.Error:
        raise WinbackError(
            f"{where} {source.postgres} holds no PostgreSQL URL, like postgresql://user@host/name"
        ) from None
    with connection:
        try:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            connection.execute("set time zone 'UTC'; set datestyle = 'ISO'")
            yield connection
        except psycopg.errors.InsufficientPrivilege:
            raise WinbackError(
                f"{where} the user of {source.postgres} may not read all tables of "
                f"{source.schema or 'public'}: nothing was loaded. Next: grant it select on them"
            ) from None
        except psycopg.Error:
            raise WinbackError(
                f"{where} the PostgreSQL server of {source.postgres} ended the reading: nothing "
                "was loaded. Next: the same command again"
            ) from None


def _copy_rows(
    connection: psycopg.Connection[Any],
    schema: str,
    table: str,
    columns: Sequence[tuple[str, str]],
    folder: Path,
) -> None:
    """A table's rows as texts, some at a time."""
    said = ", ".join(_as_text(name, kind) for name, kind in columns)
    form = pa.schema([(name, pa.string()) for name, _ in columns])
    path = folder / f"{table.lower()}.parquet"
    with connection.cursor("winback_load") as cursor, pq.ParquetWriter(path, form) as writer:
        cursor.itersize = _CHUNK_ROWS
        cursor.execute(f"select {said} from {ident(schema)}.{ident(table)}".encode())
        while rows := cursor.fetchmany(_CHUNK_ROWS):
            arrays = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
            writer.write_table(pa.table(arrays, form))


def _as_text(name: str, kind: str) -> str:
    """SQL that writes a column as a CSV would hold it; an instant says that it is in UTC."""
    column = ident(name)
    if kind == "timestamp with time zone":
        return f"""to_char({column}, 'YYYY-MM-DD HH24:MI:SS.US"Z"')"""
    text = f"{column}::text"
    if kind in {"numeric", "double precision", "real"}:
        # 1.234 could be a thousand in a text; here it is a number.
        return rf"regexp_replace({text}, '^(-?[0-9]+\.[0-9]{{3}})$', '\10')"
    return text
