"""Where tables are that no folder holds: a DuckDB file, a PostgreSQL schema, or a bucket.

They are copied into the workshop as Parquet before anything is read of them, so that a place that
changes meanwhile, or is gone, leaves nothing half landed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import duckdb

from winback.base.duck import literal
from winback.base.errors import UsageError, WinbackError
from winback.landing._bucket import copy_bucket
from winback.landing._merge import copy
from winback.landing._postgresql import copy_postgresql
from winback.landing._sources_file import Source
from winback.landing._sql import ident
from winback.landing._stage import Work

# The names of tables, each with the columns that are read; without columns, all are.
Tables = Mapping[str, Collection[str]]
# Parquet has no such types.
_NOT_IN_PARQUET: Final = ("HUGEINT", "UHUGEINT", "BIT", "UNION")


def bring_tables(work: Work, source: Source, tables: Tables) -> Path:
    """Copy the source's tables of these names into the workshop, one Parquet file a table.

    Of a table that names columns no other ones are copied.

    Raises UsageError where the source's form is no tables, WinbackError for a place that can't be
    read or that has none of them.
    """
    where = f"{source.file}: [{source.name}]"
    if not tables:
        raise UsageError(f"{where} {source.format} is files: give the folder that holds them")
    folder = work.folder / "place"
    folder.mkdir()
    if source.duckdb:
        _of_duckdb(work, source, source.duckdb, tables, folder)
    elif source.postgres:
        copy_postgresql(work, source, tables, folder)
    else:
        copy_bucket(work, source, tables, folder)
    if not any(folder.iterdir()):
        raise WinbackError(
            f"{where} {source.place} has none of the tables {', '.join(tables)}. "
            f"Next: say in {'url' if source.url else 'schema'} where they are"
        )
    return folder


def _of_duckdb(work: Work, source: Source, path: Path, tables: Tables, folder: Path) -> None:
    if not path.is_file():
        raise WinbackError(f"{source.file}: [{source.name}] there is no file {path}")
    try:
        work.connection.execute(f"attach {literal(path)} as place (type duckdb, read_only)")
    except duckdb.Error as error:
        raise WinbackError(
            f"{source.file}: [{source.name}] {path} {_why_not(error)}: nothing was loaded"
        ) from None
    try:
        found = work.connection.execute(
            "select table_name, list((column_name, data_type) order by column_index) "
            "from duckdb_columns() where database_name = 'place' and schema_name = ? "
            "group by table_name order by table_name",
            [source.schema or "main"],
        ).fetchall()
        for table, columns in found:
            if table.lower() not in tables:
                continue
            wanted = tables[table.lower()]
            work.progress(f"{table}: fetching", work.done_bytes, work.total_bytes)
            told = ", ".join(
                f"cast({ident(name)} as varchar) as {ident(name)}"
                if kind.startswith(_NOT_IN_PARQUET)
                else ident(name)
                for name, kind in columns
                if not wanted or name.lower() in wanted
            )
            place = f"place.{ident(source.schema or 'main')}.{ident(table)}"
            copy(work, f"select {told} from {place}", folder / f"{table.lower()}.parquet")
    except duckdb.Error as error:
        raise WinbackError(
            f"{source.file}: [{source.name}] {table} of {path} {_why_not(error)}: nothing was "
            "loaded"
        ) from None
    finally:
        work.connection.execute("detach place")


def _why_not(error: duckdb.Error) -> str:
    """What is wrong with a DuckDB file, without the values that an error may quote."""
    said = str(error)
    if "lock" in said:
        return (
            "is locked by another process, which may write to it. Next: the same command when "
            "that is done"
        )
    if "version number" in said or "newer" in said:
        return "was written by another version of DuckDB, which this one can't read"
    if isinstance(error, duckdb.CatalogException | duckdb.BinderException):
        return "is a view of what is not there"
    return "can't be read as a DuckDB file"
