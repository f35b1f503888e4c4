"""Merge a load's staged rows with what is landed, into a new file beside the old one."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from winback.landing._batch import LINE, ROW, Rejected
from winback.landing._report import TableReport
from winback.landing._sql import ident, literal, parquet
from winback.landing._stage import Staged, Work
from winback.landing.schema import DUCKDB_TYPES, Table

_CHUNK = 10_000


def reject_repeats(work: Work, table: Table, staged: Staged) -> None:
    """Set aside every row whose key an earlier line of the same file has; the first stays."""
    key = _names(table.key)
    work.connection.execute(
        f"""
        create or replace temp table repeats as
        with repeated as (
            select {key} from read_parquet($staged) group by {key} having count(*) > 1
        ),
        numbered as (
            select {LINE}, {ROW}, row_number() over (partition by {key} order by {LINE}) as nth
            from read_parquet($staged) semi join repeated using ({key})
        )
        select {LINE}, {ROW} from numbered where nth > 1
        """,
        {"staged": str(staged.path)},
    )
    reason = f"second row with this {', '.join(table.key)}"
    found = work.connection.execute(f"select {LINE}, {ROW} from repeats order by {LINE}")
    while rows := found.fetchmany(_CHUNK):
        staged.rejections.add(Rejected(line, reason, row) for line, row in rows)
        staged.rows -= len(rows)
    if not staged.rejections.reasons[reason]:
        return
    firsts = work.folder / f"{table.name}.firsts.parquet"
    copy(work, f"select * from {parquet(staged.path)} anti join repeats using ({LINE})", firsts)
    firsts.replace(staged.path)


def merge(work: Work, table: Table, staged: Path | None, landed: Path | None) -> TableReport:
    """Write the table as it will stand, `<table>.parquet` in the workshop.

    Declared columns keep their declared type; an unknown column that changed its type
    becomes text. A row of an append-only table that equals a landed one is not added
    again, but equal rows of one load are all kept.
    """
    target = work.folder / f"{table.name}.parquet"
    new, old = _columns(work, staged), _columns(work, landed)
    types = _merged_types(table, new, old)
    added, kept = _select(staged, new, types), _select(landed, old, types)
    if staged and landed:
        replaced_by = table.key or ((table.replaced_by,) if table.replaced_by else ())
        if replaced_by:
            kept = _without(kept, added, replaced_by)
        else:
            added = _without(added, kept, tuple(types))
    copy(work, f"{kept} union all {added}", target)
    accepted = pq.read_metadata(staged).num_rows if staged else 0
    return TableReport(table.name, accepted, pq.read_metadata(target).num_rows)


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
    same = " and ".join(
        f"r.{ident(name)} is not distinct from o.{ident(name)}" for name in identity
    )
    return f"select r.* from ({rows}) as r anti join ({others}) as o on {same}"


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(ident(column) for column in columns)
