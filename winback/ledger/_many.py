"""Many rows by one statement.

PostgreSQL takes them as one JSON text: a statement for every row costs a worker, and the server, as
much as all else about the row. SQLite, in the same process, takes row after row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    JSON,
    Connection,
    Insert,
    Table,
    TableValuedAlias,
    Text,
    Update,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    update,
)

Values = Sequence[Mapping[str, object]]


def insert_all(connection: Connection, table: Table, rows: Values) -> None:
    """Insert rows, all of the same columns, of which no column has a default."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(insert(table), rows)
    else:
        connection.execute(_insert_given(table, tuple(rows[0])), given(table, rows))


def update_all(connection: Connection, table: Table, key: str, rows: Values) -> None:
    """Set the other columns of the rows of the table whose `key` is theirs."""
    if not rows:
        return
    names = tuple(name for name in rows[0] if name != key)
    if connection.dialect.name == "sqlite":
        connection.execute(_update_each(table, key, names), [_renamed(row) for row in rows])
    else:
        connection.execute(_update_given(table, key, names), given(table, rows))


@dataclass(frozen=True)
class Also:
    """Rows to write together with others, which takes PostgreSQL no statement more: inserted or,
    where there is a `key`, changed."""

    table: Table
    rows: Values
    key: str = ""

    def write(self, connection: Connection) -> None:
        """Write them by a statement of their own."""
        if self.key:
            update_all(connection, self.table, self.key, self.rows)
        else:
            insert_all(connection, self.table, self.rows)

    @property
    def shape(self) -> tuple[Table, str, tuple[str, ...]]:
        """What a statement must know of them: the parameter that it takes is `given`."""
        return self.table, self.key, tuple(name for name in self.rows[0] if name != self.key)


def part_of_statement(table: Table, key: str, names: tuple[str, ...]) -> CTE:
    """Rows of this shape as a part of a statement of PostgreSQL."""
    write = _update_given(table, key, names) if key else _insert_given(table, names)
    return write.cte(f"write_{table.name}")


def rows_of(table: Table, names: tuple[str, ...]) -> TableValuedAlias:
    """The `given` rows, for a statement of PostgreSQL to read."""
    rows = cast(bindparam(f"new_{table.name}", type_=Text()), JSON())
    # Of these columns alone: to read rows of the whole table costs more than to write them.
    columns = (column(name, table.c[name].type) for name in names)
    read = func.json_to_recordset(rows).table_valued(*columns, name=f"new_{table.name}")
    return read.render_derived(with_types=True)


def given(table: Table, rows: Values) -> dict[str, object]:
    """The parameter of a statement of PostgreSQL that reads rows of a table."""
    written = json.dumps(rows, ensure_ascii=False, separators=(",", ":"), default=_written)
    return {f"new_{table.name}": written}


def _written(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a ledger has no {type(value).__name__}")


@cache
def _insert_given(table: Table, names: tuple[str, ...]) -> Insert:
    new = rows_of(table, names)
    return insert(table).from_select(names, select(*(new.c[name] for name in names)))


@cache
def _update_given(table: Table, key: str, names: tuple[str, ...]) -> Update:
    new = rows_of(table, (key, *names))
    values = {name: new.c[name] for name in names}
    return update(table).where(table.c[key] == new.c[key]).values(values)


@cache
def _update_each(table: Table, key: str, names: tuple[str, ...]) -> Update:
    new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    return update(table).where(table.c[key] == bindparam(f"new_{key}")).values(new)


def _renamed(row: Mapping[str, object]) -> dict[str, object]:
    """SQLAlchemy keeps the names of columns for itself."""
    return {f"new_{name}": value for name, value in row.items()}
