"""Tables that Spark wrote, and those that it reads, by the catalog that DuckDB keeps.

A table of Spark's is a folder of Parquet files, and in DuckDB's file a view of them with the
types that DuckDB has for the same query. So whoever reads the warehouse reads either engine's.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb
from sqlglot import exp

from winback.base.duck import literal
from winback.warehouse.spark._regexes import Untranslatable
from winback.warehouse.spark._session import Engine, spark_session
from winback.warehouse.spark._translate import Relation, translate

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# DuckDB's type of a column, and Spark's. A sum of integers is a HUGEINT in DuckDB; Spark stops
# where it leaves a BIGINT.
_SPARK_TYPES: Final = {
    "VARCHAR": "string",
    "BIGINT": "bigint",
    "HUGEINT": "bigint",
    "INTEGER": "int",
    "DOUBLE": "double",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "TIMESTAMP": "timestamp_ntz",
}
# What Spark's query may give for a column of a type: anything else would be another value.
_GIVEN: Final = {
    "bigint": {"bigint", "int", "smallint", "tinyint", "void"},
    "int": {"int", "smallint", "tinyint", "void"},
    "double": {"double", "void"},
    "string": {"string", "void"},
    "boolean": {"boolean", "void"},
    "date": {"date", "void"},
    "timestamp": {"timestamp", "void"},
    "timestamp_ntz": {"timestamp_ntz", "void"},
}
# What a view's comment begins with: the folder of a table of Spark's, or dbt's own SQL of a view.
# DuckDB writes a view's text anew, in words that only it reads.
_MARK: Final = "spark:"
_VIEW: Final = "sql:"


@dataclass(frozen=True)
class Column:
    """A column of a table: DuckDB's type, and whether each row must have a value."""

    name: str
    type: str
    not_null: bool = False


def spark_type(duckdb_type: str) -> str:
    """Raises Untranslatable for a type that no table of ours has."""
    if not _has_spark_type(duckdb_type):
        raise Untranslatable(f"a column of the type {duckdb_type} is not for Spark")
    return _SPARK_TYPES.get(duckdb_type, duckdb_type.lower())


def _has_spark_type(duckdb_type: str) -> bool:
    return duckdb_type in _SPARK_TYPES or duckdb_type.startswith("DECIMAL(")


class Tables:
    """What Spark reads and writes of one warehouse. Threads share it."""

    def __init__(self, connection: Any, folder: Path, engine: Engine) -> None:
        self._duck = connection
        self._folder = folder
        self._engine = engine
        self._lock = threading.RLock()
        self._known: dict[str, Relation] = {}
        self._files: dict[str, Relation] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._forget_unfinished()

    # -- the catalog that a translation asks

    def table(self, schema: str, name: str) -> Relation:
        """A table, seed or view of the warehouse, as Spark can read it."""
        key = f"{schema}.{name}".lower()
        with self._lock:
            if key not in self._known:
                self._known[key] = self._registered(schema, name)
            return self._known[key]

    def files(self, pattern: str) -> Relation:
        """Parquet files of landing. They are as they were when the build began."""
        with self._lock:
            if pattern not in self._files:
                digest = hashlib.sha256(pattern.encode()).hexdigest()[:16]
                query = f"select * from read_parquet({literal(pattern)}, union_by_name = true)"
                columns = [it for it in self.described(query) if _has_spark_type(it.type)]
                name = f"wb_files_{digest}"
                self._read(pattern, columns).createOrReplaceTempView(name)
                self._files[pattern] = Relation(name, {it.name: it.type for it in columns})
            return self._files[pattern]

    # -- what dbt asks for

    @property
    def spark(self) -> SparkSession:
        return spark_session(self._folder, self._engine)

    def rows(self, query: exp.Expr) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The names and the rows of a query."""
        frame = self.spark.sql(translate(query, self))
        return frame.columns, [tuple(row) for row in frame.collect()]

    def held(self, query: str) -> tuple[Any, ...] | str:
        """The only row of a query whose tables DuckDB holds, or what stopped it."""
        with self._lock:
            try:
                row: tuple[Any, ...] = self._duck.execute(query).fetchone()
            except duckdb.Error as error:
                return str(error)
        return row

    def described(self, query: str) -> list[Column]:
        """The columns that DuckDB gives a query; no row is read."""
        with self._lock:
            found = self._duck.execute(f"describe {query}").fetchall()
        return [Column(name, kind) for name, kind, *_ in found]

    def written(self, schema: str, name: str, query: exp.Expr, columns: Sequence[Column]) -> str:
        """Let Spark write a query's rows; the statement that makes a view of them in DuckDB.

        Nobody sees the rows before that statement was run.
        """
        frame = self._typed(self.spark.sql(translate(query, self)), columns, f"{schema}.{name}")
        path = self._folder / f"{schema}.{name}.{uuid.uuid4().hex[:12]}"
        frame.write.parquet(str(path))
        casts = ", ".join(f'cast("{it.name}" as {it.type}) as "{it.name}"' for it in columns)
        return f"select {casts} from read_parquet({literal(path / '*.parquet')})"

    def forget(self, schema: str | None = None, name: str | None = None) -> None:
        """Read a table anew, or all of them: it was changed. Views of it are read anew too."""
        with self._lock:
            if name is None:
                self._known.clear()
            else:
                self._known.pop(f"{schema}.{name}".lower(), None)

    def place_of(self, schema: str, name: str) -> Path | None:
        """The folder of a table of Spark's; None for any other."""
        comment = self._comment(schema, name)
        return Path(comment.removeprefix(_MARK)) if comment.startswith(_MARK) else None

    def _comment(self, schema: str, name: str) -> str:
        with self._lock:
            found = self._duck.execute(
                "select comment from duckdb_views() where schema_name = "
                f"{literal(schema)} and view_name = {literal(name)}"
            ).fetchone()
        return (found[0] if found else None) or ""

    def are_duckdbs(self, query: exp.Expr) -> bool:
        """Whether all that a query reads are tables that DuckDB holds, such as seeds."""
        read = [
            it
            for it in query.find_all(exp.Table)
            if it.db or "/" in it.name or not isinstance(it.this, exp.Identifier)
        ]
        return bool(read) and all(it.db and not self._comment(it.db, it.name) for it in read)

    def discard(self, folder: Path | None) -> None:
        """Delete the files of a table that another has replaced."""
        if folder is not None and folder.parent == self._folder:
            shutil.rmtree(folder, ignore_errors=True)

    def _registered(self, schema: str, name: str) -> Relation:
        columns = self.described(f'select * from "{schema}"."{name}"')
        relation = Relation(f"wb_{schema}_{name}", {it.name: it.type for it in columns})
        comment = self._comment(schema, name)
        if comment.startswith(_MARK):
            frame = self._read(comment.removeprefix(_MARK), columns)
            frame.createOrReplaceTempView(relation.name)
            return relation
        if comment.startswith(_VIEW):
            query = translate(comment.removeprefix(_VIEW), self)
            self.spark.sql(f"create or replace temporary view {relation.name} as {query}")
            return relation
        path = self._exported(schema, name, columns)
        self._read(str(path), columns).createOrReplaceTempView(relation.name)
        return relation

    def _read(self, files: str, columns: Sequence[Column]) -> DataFrame:
        """Files with the types that DuckDB has for their columns.

        Spark looks into no file before it reads the rows: one that has another type then stops it.
        """
        types = ", ".join(f"`{it.name}` {spark_type(it.type)}" for it in columns)
        frame = self.spark.read.schema(types).parquet(files)
        return frame.coalesce(1) if self._engine.is_small else frame

    def _exported(self, schema: str, name: str, columns: Sequence[Column]) -> Path:
        """What only DuckDB holds (a seed, a Python model) as a file that Spark reads."""
        path = self._folder / f"{schema}.{name}.{uuid.uuid4().hex[:12]}.parquet"
        casts = ", ".join(
            f'cast("{it.name}" as {"BIGINT" if it.type == "HUGEINT" else it.type}) as "{it.name}"'
            for it in columns
        )
        self._duck.execute(
            f'copy (select {casts} from "{schema}"."{name}") to {literal(path)} (format parquet)'
        )
        return path

    def _typed(self, frame: DataFrame, columns: Sequence[Column], name: str) -> DataFrame:
        """The same rows, typed. Raises Untranslatable where a value would be another."""
        if len(frame.columns) != len(columns):
            raise Untranslatable(
                f"Spark has {len(frame.columns)} columns of {len(columns)}: {name}"
            )
        selected = []
        as_it_is = True
        for (given_name, given), column in zip(frame.dtypes, columns, strict=True):
            wanted = spark_type(column.type)
            fits = given in _GIVEN.get(wanted, ()) or (
                wanted.startswith("decimal(")
                and given.startswith(("decimal(", "int", "bigint", "void"))
            )
            if given_name.lower() != column.name.lower() or not fits:
                raise Untranslatable(
                    f"Spark has {given_name} as {given} where DuckDB has {column.name} as "
                    f"{column.type}: {name}"
                )
            as_it_is &= given == wanted and given_name == column.name and not column.not_null
            value = f"cast(`{given_name}` as {wanted})"
            if column.not_null:
                told = f"NOT NULL constraint failed: {name}.{column.name}"
                value = f"coalesce({value}, cast(raise_error('{told}') as {wanted}))"
            selected.append(f"{value} as `{column.name}`")
        return frame if as_it_is else frame.selectExpr(*selected)

    def _forget_unfinished(self) -> None:
        """Delete what a build that was killed left: no table names it."""
        named = {
            comment.removeprefix(_MARK)
            for (comment,) in self._duck.execute(
                "select comment from duckdb_views() where starts_with(comment, 'spark:')"
            ).fetchall()
        }
        for path in self._folder.iterdir():
            if path.is_dir() and "." in path.name and str(path) not in named:
                shutil.rmtree(path, ignore_errors=True)
            elif path.suffix == ".parquet":
                path.unlink(missing_ok=True)
