"""dbt's adapter of the target spark: dbt-duckdb's, whose rows Spark makes.

dbt writes the same SQL for both. Rows are made and read by Spark; the catalog, with the columns
of every table and their types, stays in DuckDB's file. Seeds and Python models are read and
computed by the process of the build, as on DuckDB.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dbt.adapters.base import AdapterPlugin
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.environments.local import DuckDBConnectionWrapper, LocalEnvironment
from dbt.adapters.duckdb.impl import DuckDBAdapter
from dbt_common.exceptions import DbtRuntimeError
from sqlglot import exp

from winback.base.duck import literal
from winback.base.errors import WinbackError
from winback.warehouse.spark import _statements as statements
from winback.warehouse.spark._questions import is_data_test, told
from winback.warehouse.spark._session import engine_for
from winback.warehouse.spark._tables import Column, Tables

TYPE: Final = "winbackspark"


class SparkCursor:
    """A cursor of DuckDB's that hands rows to Spark."""

    def __init__(self, duck: Any, tables: Tables) -> None:
        self._duck = duck
        self._tables = tables
        self._found: tuple[list[str], list[tuple[Any, ...]]] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._duck, name)

    @property
    def description(self) -> Any:
        if self._found is None:
            return self._duck.description
        return [(name, None, None, None, None, None, None) for name in self._found[0]]

    def fetchall(self) -> Any:
        return self._duck.fetchall() if self._found is None else self._found[1]

    def fetchmany(self, size: int = 1) -> Any:
        return self._duck.fetchmany(size) if self._found is None else self._found[1][:size]

    def execute(self, sql: str, bindings: Any = None) -> SparkCursor:
        """Run a statement where it belongs."""
        self._found = None
        try:
            self._run(sql, bindings)
        except WinbackError as error:
            raise DbtRuntimeError(str(error)) from error
        except Exception as error:
            if type(error).__module__.startswith("pyspark"):
                raise DbtRuntimeError(told(error)) from None
            raise
        return self

    def _run(self, sql: str, bindings: Any) -> None:
        asked = statements.read_statement(sql)
        if isinstance(asked, statements.Rows):
            if is_data_test(asked.query) and self._tables.are_duckdbs(asked.query):
                self._duck.execute(sql)
            else:
                self._found = self._tables.rows(asked.query)
        elif isinstance(asked, statements.MakeTable) and asked.table.db:
            self._make_table(asked)
        elif isinstance(asked, statements.MakeView) and asked.table.db:
            text = literal("sql:" + asked.query.sql("duckdb"))
            named = f'"{asked.table.db}"."{asked.table.name}"'
            self._replace(asked.table, f"{sql}; comment on view {named} is {text}")
        elif isinstance(asked, statements.Drop) and asked.table.db:
            self._drop(asked.table, sql)
        else:
            self._duck.execute(*([sql] if bindings is None else [sql, bindings]))
            if not isinstance(asked, statements.OfDuckDB) or asked.changes:
                self._tables.forget()

    def _make_table(self, asked: statements.MakeTable) -> None:
        schema, name = asked.table.db, asked.table.name
        columns = self._tables.described(asked.query.sql("duckdb"))
        if asked.declared:
            columns = _as_declared(columns, asked.declared, name)
        query = self._tables.written(schema, name, asked.query, columns)
        place = query.rpartition("read_parquet('")[2].partition("/*.parquet")[0]
        self._replace(
            asked.table,
            f'create or replace view "{schema}"."{name}" as {query}; '
            f'comment on view "{schema}"."{name}" is {literal("spark:" + place)}',
        )

    def _replace(self, table: exp.Table, sql: str) -> None:
        """Put a view where a view or a table of DuckDB's stands, in one step."""
        old = self._tables.place_of(table.db, table.name)
        is_table = self._duck.execute(
            "select 1 from duckdb_tables() where schema_name = "
            f"{literal(table.db)} and table_name = {literal(table.name)}"
        ).fetchone()
        if is_table:
            sql = f'drop table "{table.db}"."{table.name}"; {sql}'
        self._duck.execute(sql)
        self._tables.forget(table.db, table.name)
        self._tables.discard(old)

    def _drop(self, table: exp.Table, sql: str) -> None:
        old = self._tables.place_of(table.db, table.name)
        if old is None:
            self._duck.execute(sql)
        else:
            self._duck.execute(f'drop view if exists "{table.db}"."{table.name}"')
            self._tables.discard(old)
        self._tables.forget(table.db, table.name)


def _as_declared(
    columns: list[Column], declared: tuple[exp.ColumnDef, ...], name: str
) -> list[Column]:
    """A contract's columns; dbt has compared names and types before."""
    not_null = {
        it.name.lower() for it in declared if it.find(exp.NotNullColumnConstraint) is not None
    }
    others = {it.name for it in declared if _other_constraints(it)}
    if others:
        raise WinbackError(f"Spark keeps no such constraint on {name}: {', '.join(sorted(others))}")
    if [it.name.lower() for it in columns] != [it.name.lower() for it in declared]:
        raise WinbackError(f"the columns of {name} are not those of its contract")
    return [Column(it.name, it.type, it.name.lower() in not_null) for it in columns]


def _other_constraints(column: exp.ColumnDef) -> bool:
    return any(
        not isinstance(it.kind, exp.NotNullColumnConstraint)
        for it in column.find_all(exp.ColumnConstraint)
    )


class SparkHandle(DuckDBConnectionWrapper):
    """A connection whose cursor hands rows to Spark; `duck` is DuckDB's own."""

    def __init__(self, cursor: Any, env: SparkEnvironment) -> None:
        super().__init__(cursor, env)
        self.duck = DuckDBConnectionWrapper(cursor, env)
        self._cursor = SparkCursor(self._cursor, env.tables)


class SparkEnvironment(LocalEnvironment):
    """DuckDB's file as the catalog, Spark for the rows."""

    def handle(self) -> SparkHandle:
        with self.lock:
            if self.conn is None:
                self.conn = self.initialize_db(self.creds, self._plugins)
                folder = Path(self.creds.path).parent / "spark"
                own = self.initialize_cursor(self.creds, self.conn.cursor(), self._plugins)
                engine = engine_for(
                    Path(os.environ["WINBACK_LANDING"]), os.environ["WINBACK_SPARK_MASTER"]
                )
                self.tables = Tables(own, folder.resolve(), engine)
            self.handle_count += 1
            cursor = self.initialize_cursor(
                self.creds, self.conn.cursor(), self._plugins, self._REGISTERED_DF
            )
        return SparkHandle(cursor, self)

    def submit_python_job(self, handle: Any, parsed_model: dict[str, Any], code: str) -> Any:
        done = super().submit_python_job(handle.duck, parsed_model, code)
        self.tables.forget()
        return done


@dataclass
class SparkCredentials(DuckDBCredentials):
    """As DuckDB's: where the catalog is, and how it is opened."""

    @property
    def type(self) -> str:
        return TYPE


class SparkConnectionManager(DuckDBConnectionManager):
    """Opens connections whose cursors hand rows to Spark."""

    TYPE = TYPE

    @classmethod
    def open(cls, connection: Any) -> Any:
        with cls._LOCK:
            known = DuckDBConnectionManager._ENV  # noqa: SLF001 - the adapter asks for it there
            if not isinstance(known, SparkEnvironment) or known.creds != connection.credentials:
                if known is not None:
                    known.close()
                ours = SparkEnvironment(connection.credentials)
                DuckDBConnectionManager._ENV = ours  # noqa: SLF001
        return super().open(connection)


class WinbackSparkAdapter(DuckDBAdapter):
    """dbt-duckdb's adapter on such connections."""

    ConnectionManager = SparkConnectionManager


Plugin: Final = AdapterPlugin(
    adapter=WinbackSparkAdapter,  # type: ignore[arg-type]
    credentials=SparkCredentials,
    include_path=str(Path(__file__).parent),
    dependencies=["duckdb"],
)
