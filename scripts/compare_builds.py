"""Whether two builds made the same rows: `python scripts/compare_builds.py OLD.duckdb NEW.duckdb`.

For who rewrites models: build one shop with each and compare. Tables are compared as bags of rows,
whatever their order, by the columns that both have; views are not, they stand on tables.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from winback.base.duck import literal


def differences(old: Path, new: Path) -> dict[str, str]:
    """What is different, by table; nothing where the two builds are alike."""
    found = {}
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, path in (("old", old), ("new", new)):
            connection.execute(f"attach {literal(path)} as {name} (read_only)")
        tables = {name: _columns(connection, name) for name in ("old", "new")}
        for table in sorted({*tables["old"], *tables["new"]}):
            sides = [name for name in ("old", "new") if table in tables[name]]
            if len(sides) == 1:
                found[table] = f"only in the {sides[0]} build"
            elif rows := _different_rows(connection, table, *(tables[it][table] for it in sides)):
                found[table] = rows
    return found


def _columns(connection: duckdb.DuckDBPyConnection, build: str) -> dict[str, list[str]]:
    rows = connection.execute(
        "select table_name, list(column_name order by column_index) from duckdb_columns() "
        "join duckdb_tables() using (database_name, schema_name, table_name) "
        "where database_name = ? and schema_name = 'main' group by table_name",
        [build],
    ).fetchall()
    return dict(rows)


def _different_rows(
    connection: duckdb.DuckDBPyConnection, table: str, old: list[str], new: list[str]
) -> str:
    shared = ", ".join(f'"{name}"' for name in old if name in new)
    counts = [
        connection.execute(
            f"select count(*) from (select {shared} from {left}.{table} "
            f"except all select {shared} from {right}.{table})"
        ).fetchall()[0][0]
        for left, right in (("old", "new"), ("new", "old"))
    ]
    columns = sorted(set(old) ^ set(new))
    told = [f"{counts[0]} rows only in the old build, {counts[1]} only in the new"] * any(counts)
    told += [f"columns of one build alone: {', '.join(columns)}"] * bool(columns)
    return "; ".join(told)


def main() -> None:
    found = differences(Path(sys.argv[1]), Path(sys.argv[2]))
    for table, what in found.items():
        sys.stdout.write(f"{table}: {what}\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
