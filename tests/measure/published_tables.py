"""Published tables of a test, from rows by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from winback.base.duck import connect, literal

Rows = list[tuple[object, ...]]


def write_tables(folder: Path, columns: Mapping[str, str], rows: Mapping[str, Rows]) -> Path:
    """A set in `folder` with a file for each table, empty where it has no rows."""
    folder.mkdir(parents=True, exist_ok=True)
    with connect() as connection:
        for table, declared in columns.items():
            connection.execute(f"create table {table} ({declared})")
            if found := rows.get(table):
                marks = ", ".join("?" * len(found[0]))
                connection.executemany(f"insert into {table} values ({marks})", found)
            path = literal(folder / f"{table}.parquet")
            connection.execute(f"copy {table} to {path} (format parquet)")
    return folder
