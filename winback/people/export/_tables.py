"""A person's rows in Parquet: the shop's files, what the ledger handed to SQL, what is
published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import duckdb

from winback.base.duck import connect, rows_of
from winback.base.settings import Settings
from winback.people.erasure._parquet import columns_of, quoted, theirs_by_address
from winback.people.export._section import Found, Section
from winback.people.export._who import Subject
from winback.people.places import NAMING, landed, ledger_parts, published, pulled

# What their row names another customer by.
_SOMEBODY: Final = "another customer"
_LINE: Final = "file_row_number"


def table_sections(settings: Settings, subject: Subject) -> Iterator[Section]:
    """The rows of every table in a file, each with its file and its row from 1."""
    with connect() as connection:
        reader = _Reader(connection, settings, subject)
        for name, path in landed(settings):
            section = Section(f"landing {name}", f"the shop's files: {name.replace('_', ' ')}")
            section.found = list(reader.landed(path))
            yield section
        pulls = Section("landing pulls", "customers whom a pull from the shop has seen")
        pulls.found = [row for path in pulled(settings) for row in reader.named(path)]
        yield pulls
        parts: dict[str, Section] = {}
        for table, path in ledger_parts(settings):
            holds = "every decision" if table == "decisions" else "copies of ledger rows, for SQL"
            section = parts.setdefault(table, Section(f"landing ledger/{table}", holds))
            section.found += reader.named(path)
            section.found += reader.by_address(path)
        yield from parts.values()
        sets: dict[str, Section] = {}
        for path in published(settings):
            holds = "what is computed of them, in the published tables"
            section = sets.setdefault(path.stem, Section(f"published {path.stem}", holds))
            section.found += reader.named(path)
        yield from sets.values()


class _Reader:
    def __init__(
        self, connection: duckdb.DuckDBPyConnection, settings: Settings, subject: Subject
    ) -> None:
        self._connection, self._subject = connection, subject
        self._home = settings.home.resolve()
        self._orders = settings.shop_dir / "orders.parquet"

    def landed(self, path: Path) -> Iterator[Found]:
        columns = columns_of(self._connection, path)
        if "customer_id" in columns:
            yield from self.named(path)
        elif "order_id" in columns and self._orders.exists():
            of_orders = (
                "order_id in (select order_id from read_parquet($orders) "
                "where list_contains($ids, customer_id))"
            )
            yield from self._rows(
                path, of_orders, {"ids": list(self._subject.ids), "orders": str(self._orders)}
            )

    def named(self, path: Path) -> Iterator[Found]:
        """Rows that name the person by an id."""
        columns = columns_of(self._connection, path)
        naming = [name for name in NAMING if name in columns]
        if not naming:
            return
        where = " or ".join(f"list_contains($ids, {name})" for name in naming)
        for found in self._rows(path, where, {"ids": list(self._subject.ids)}):
            for name in naming:
                if found.row[name] is not None and found.row[name] not in self._subject.names:
                    found.row[name] = _SOMEBODY
            yield found

    def by_address(self, path: Path) -> Iterator[Found]:
        """Rows of their addresses that name no customer."""
        columns = columns_of(self._connection, path)
        if "address" not in columns or "customer_id" in columns:
            return
        theirs, values = theirs_by_address(self._subject.person)
        yield from self._rows(path, f"{theirs} or list_contains($hidden, address)", values)

    def _rows(self, path: Path, where: str, values: Mapping[str, object]) -> Iterator[Found]:
        line = quoted(_LINE)
        query = (
            f"select * from read_parquet($path, file_row_number = true) where {where} "
            f"order by {line}"
        )
        result = self._connection.execute(query, {"path": str(path), **values})
        file = str(path.relative_to(self._home))
        for row in rows_of(result):
            line_number = int(row.pop(_LINE)) + 1
            yield Found(_without_empty(row), file, line_number)


def _without_empty(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}
