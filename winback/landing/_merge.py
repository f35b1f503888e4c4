"""Merge a load's staged rows with what is landed, into a new file beside the old one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from winback.base.duck import literal
from winback.landing._batch import LINE, ROW, Rejected
from winback.landing._report import TableReport
from winback.landing._sql import ident, parquet
from winback.landing._stage import Staged, Work
from winback.landing.schema import DUCKDB_TYPES, Table

_CHUNK = 10_000


def reject_repeats(work: Work, table: Table, staged: Staged) -> None:
    """Set aside every row whose key an earlier line of the same file has; the first stays."""
    key = _names(table.key)
    present = _columns(work, staged.path)
    said = ", ".join(ident(name) for name in table.column_names if name in present)
    customer = "customer_id" if "customer_id" in present else "null"
    work.connection.execute(
        f"""
        create or replace temp table repeats as
        with repeated as (
            select {key} from read_parquet($staged) group by {key} having count(*) > 1
        ),
        numbered as (
            select
                {LINE}, {ROW}, {customer} as customer_id, {ident(table.key[0])} as row_key,
                row_number() over first_lines as nth,
                row({said}) is distinct from first_value(row({said})) over first_lines as differs
            from read_parquet($staged) semi join repeated using ({key})
            window first_lines as (partition by {key} order by {LINE})
        )
        select {LINE}, {ROW}, customer_id, row_key, differs from numbered where nth > 1
        """,
        {"staged": str(staged.path)},
    )
    reason = f"second row with this {', '.join(table.key)}"
    found = work.connection.execute(
        f"select {LINE}, {ROW}, customer_id, row_key, differs from repeats order by {LINE}"
    )
    while rows := found.fetchmany(_CHUNK):
        staged.rejections.add(Rejected(line, reason, row) for line, row, *_ in rows)
        # A row that says the same once more leaves nobody in doubt.
        staged.aside.add_keys(((c, k) for _, _, c, k, differs in rows if differs), reason)
        staged.rows -= len(rows)
    if not staged.rejections.reasons[reason]:
        return
    firsts = work.folder / f"{table.name}.firsts.parquet"
    copy(work, f"select * from {parquet(staged.path)} anti join repeats using ({LINE})", firsts)
    firsts.replace(staged.path)


def merge(
    work: Work, table: Table, staged: Path | None, landed: Path | None, *, before: str = ""
) -> Merged:
    """Write the table as it will stand, `<table>.parquet` in the workshop.

    Declared columns keep their declared type; an unknown column that changed its type
    becomes text. A column that the load lacks keeps its values in rows that are replaced. A
    row of an append-only table that equals a landed one is not added again, but equal rows of
    one load are all kept. `before` is the load before that brought this table.
    """
    target = work.folder / f"{table.name}.parquet"
    new, old = _columns(work, staged), _columns(work, landed)
    types = _merged_types(table, new, old)
    added, kept = _select(staged, new, types), _select(landed, old, types)
    stay: dict[str, int] = {}
    go: dict[str, int] = {}
    if staged and landed:
        if table.key:
            stay, go = _count_values(work, table, staged, landed)
            added = _carried(added, kept, table.key, list(stay))
        if "row_hash" in types:
            added, kept = _dated_as_before(added, kept, before)
        replaced_by = table.key or ((table.replaced_by,) if table.replaced_by else ())
        if replaced_by:
            kept = _without(kept, added, replaced_by)
        else:
            added = _without(added, kept, tuple(types))
    copy(work, f"{kept} union all {_with_defaults(added, table)}", target)
    accepted = pq.read_metadata(staged).num_rows if staged else 0
    rows = pq.read_metadata(target).num_rows
    return Merged(TableReport(table.name, accepted, rows), stay, go)


@dataclass(frozen=True)
class Merged:
    """A table's figures, and by column how many values of replaced rows stay and go.

    They stay where the load lacks the column, and go where it has no value in any row.
    """

    table: TableReport
    stay: Mapping[str, int]
    go: Mapping[str, int]


def _count_values(
    work: Work, table: Table, staged: Path, landed: Path
) -> tuple[dict[str, int], dict[str, int]]:
    new, old, defaults = _columns(work, staged), _columns(work, landed), _defaults(table)
    rows, nulls = pq.read_metadata(staged).num_rows, _null_counts(staged)
    lacking = [name for name in old if name not in new and name not in defaults]
    # An empty field of a column with a default is no news: what was landed stays.
    unsaid = [name for name in defaults if name in old and nulls.get(name, rows)]
    empty = [
        name for name in old if name in new and name not in defaults and nulls[name] == rows > 0
    ]
    counts = [f"count(r.{ident(name)})" for name in (*lacking, *empty)]
    for name in unsaid:
        is_said = f"o.{ident(name)} is not null" if name in new else "false"
        told = f"nullif(r.{ident(name)}, {defaults[name]})"
        counts.append(f"count(case when not {is_said} then {told} end)")
    if not counts:
        return {}, {}
    found = work.connection.execute(
        f"select {', '.join(counts)} from {parquet(landed)} as r "
        f"inner join {parquet(staged)} as o on {_same(table.key)}"
    ).fetchone()
    values = dict(zip((*lacking, *empty, *unsaid), found or (), strict=True))
    stay = {name: values[name] for name in (*lacking, *unsaid) if values[name]}
    return stay, {name: values[name] for name in empty if values[name]}


def _null_counts(path: Path) -> dict[str, int]:
    """How many rows of a staged file have no value, by column."""
    file = pq.read_metadata(path)
    counts = dict.fromkeys(file.schema.names, 0)
    for group in map(file.row_group, range(file.num_row_groups)):
        for column in map(group.column, range(group.num_columns)):
            told = column.statistics
            if told is not None and told.has_null_count:
                counts[column.path_in_schema] += told.null_count
    return counts


def _defaults(table: Table) -> dict[str, str]:
    return {column.name: literal(column.default) for column in table.columns if column.default}


def _carried(added: str, kept: str, key: tuple[str, ...], names: list[str]) -> str:
    """The rows of a load with what they lack as it is landed."""
    if not names:
        return added
    replaced = ", ".join(
        f"coalesce(r.{ident(name)}, o.{ident(name)}) as {ident(name)}" for name in names
    )
    return (
        f"select r.* replace ({replaced}) from ({added}) as r "
        f"left join ({kept}) as o on {_same(key)}"
    )


def _with_defaults(added: str, table: Table) -> str:
    defaults = _defaults(table)
    if not defaults:
        return added
    replaced = ", ".join(
        f"coalesce({ident(name)}, {text}) as {ident(name)}" for name, text in defaults.items()
    )
    return f"select * replace ({replaced}) from ({added})"


def _dated_as_before(added: str, kept: str, before: str) -> tuple[str, str]:
    """A row that counts from a load, and that the load before brought too, keeps its instant."""
    known = (
        f"select row_hash, min(occurred_at) as occurred_at from ({kept}) "
        f"where seen_in_load = {literal(before)} group by row_hash"
    )
    instants = "case when o.row_hash is null then r.occurred_at else o.occurred_at end"
    dated = (
        f"select r.* replace ({instants} as occurred_at) from ({added}) as r "
        f"left join ({known}) as o on r.row_hash = o.row_hash"
    )
    again = f"select row_hash, occurred_at from ({dated}) where row_hash is not null"
    return dated, _without(kept, again, ("row_hash", "occurred_at"))


def copy(work: Work, query: str, target: Path) -> None:
    """Write a query's rows to Parquet, instants labelled in UTC."""
    work.connection.execute(f"copy ({query}) to {literal(target)} (format parquet)")


def _columns(work: Work, path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    found = work.connection.execute(
        "select column_name, column_type from (describe select * from read_parquet(?))", [str(path)]
    ).fetchall()
    return {name: kind for name, kind in found if name not in {LINE, ROW}}


def _merged_types(table: Table, new: dict[str, str], old: dict[str, str]) -> dict[str, str]:
    declared = {column.name: DUCKDB_TYPES[column.type] for column in table.columns}
    unknown = {
        name: kind if old.get(name, kind) == new.get(name, kind) else "varchar"
        for name, kind in {**old, **new}.items()
        if name not in declared
    }
    return declared | unknown


def _select(path: Path | None, present: dict[str, str], types: dict[str, str]) -> str:
    columns = ", ".join(
        f"cast({ident(name) if name in present else 'null'} as {kind}) as {ident(name)}"
        for name, kind in types.items()
    )
    return f"select {columns} " + (f"from {parquet(path)}" if path else "where false")


def _without(rows: str, others: str, identity: tuple[str, ...]) -> str:
    return f"select r.* from ({rows}) as r anti join ({others}) as o on {_same(identity)}"


def _same(identity: tuple[str, ...]) -> str:
    return " and ".join(
        f"r.{ident(name)} is not distinct from o.{ident(name)}" for name in identity
    )


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(ident(column) for column in columns)
