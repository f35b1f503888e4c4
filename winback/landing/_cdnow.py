"""CDNOW: the purchase log of a music shop, 1997-01 to 1998-06, as whitespace-separated text.

Columns: customer, [customer in the 1/10 sample,] date YYYYMMDD, CDs bought, dollars. The
log has no order ids: an order is `cdnow-<line>`. Source: Fader and Hardie; the
`lifetimes` wheel ships both files, the master with a header line, the sample without.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

import pyarrow as pa

from winback.landing._batch import LINE, ROW, Batch, Rejected, printable
from winback.landing._casts import Rule, Spec
from winback.landing._files import one_file
from winback.landing._formats import Parsed
from winback.landing._limits import Limits
from winback.landing._merge import copy
from winback.landing._sql import parquet
from winback.landing._stage import Work, stage
from winback.landing.schema import Column, Table

_LOG = Table(
    "cdnow",
    (
        Column("customer_id", required=True),
        Column("ordered_at", "timestamp", required=True),
        Column("quantity", "integer", required=True),
        Column("total_amount", "decimal", required=True),
    ),
)
_SPEC = Spec(
    _LOG,
    rules=(Rule('try_cast("total_amount__text" as double) < 0', "total_amount is negative"),),
    holds=("orders", None),
)
_BATCH_LINES = 100_000


class LogReader:
    """The log's lines; those without four (in the sample: five) fields are set aside."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.columns = list(_LOG.column_names)
        self._path, self._limits = path, limits

    def batches(self) -> Iterator[Batch]:
        yield _batch([], [], 0)
        with self._path.open(encoding="utf-8", errors="surrogateescape") as file:
            numbered = self._numbered(file)
            done = 0
            while lines := list(islice(numbered, _BATCH_LINES)):
                done += sum(len(line) for _, line in lines)
                good, rejected = _split(lines)
                yield _batch(good, rejected, done)

    def _numbered(self, file: TextIO) -> Iterator[tuple[int, str]]:
        number = 0
        while line := file.readline(self._limits.line_bytes + 1):
            number += 1
            self._limits.check_line(self._path.name, len(line), number)
            yield number, line


def _split(
    lines: list[tuple[int, str]],
) -> tuple[list[tuple[int, str, list[str]]], list[Rejected]]:
    good, rejected = [], []
    for line, row in lines:
        fields = row.split()
        if not fields or (line == 1 and not fields[0].isdigit()):
            continue  # a blank line, the header
        if len(fields) in {4, 5} and row.isascii():
            good.append((line, row.strip(), [fields[0], *fields[-3:]]))
        else:
            reason = "4 or 5 plain fields were expected"
            rejected.append(Rejected(line, reason, printable(row)))
    return good, rejected


def _batch(
    good: list[tuple[int, str, list[str]]], rejected: list[Rejected], read_bytes: int
) -> Batch:
    columns = {
        name: pa.array([fields[index] for _, _, fields in good], pa.string())
        for index, name in enumerate(_LOG.column_names)
    }
    columns[LINE] = pa.array([line for line, _, _ in good], pa.int64())
    columns[ROW] = pa.array([row for _, row, _ in good], pa.string())
    return Batch(pa.table(columns), read_bytes, rejected)


def files(source: Path) -> list[Path]:
    """The master log where a directory holds several, as the wheel's does."""
    return [one_file(source, (".txt",), prefer="CDNOW_master.txt")]


def parse(work: Work, source: Path) -> Parsed:
    """The log becomes orders and the customers who placed them."""
    [path] = files(source)
    staged = stage(work, LogReader(path, work.limits), _SPEC, path, keep=(LINE,))
    log = parquet(staged.path)
    orders, customers = work.folder / "orders.log.parquet", work.folder / "customers.log.parquet"
    copy(
        work,
        f"select 'cdnow-' || {LINE} as order_id, customer_id, ordered_at, total_amount, "
        f"'USD' as currency, 'completed' as status from {log}",
        orders,
    )
    copy(work, f"select distinct customer_id from {log}", customers)
    return Parsed([staged], {"customers": customers, "orders": orders})
