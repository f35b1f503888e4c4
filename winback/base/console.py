"""What a person reads: results on stdout; how far a command has come on a terminal's stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from rich.progress import Progress

    from winback.base.duck import Rows

# Elsewhere nothing says how wide a line may be; 120 columns hold every table of ours.
console = Console(highlight=False, width=None if Console().is_terminal else 120)


class Teller:
    """Hears which stage of a long piece of work began, and how far it has come; says nothing."""

    def stage(self, name: str) -> None:
        """A stage began."""

    def step(self, done: int, total: int, detail: str = "") -> None:
        """So much of it is done."""


class _Bar(Teller):
    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None, detail="")

    def stage(self, name: str) -> None:
        self._bar.update(self._task, description=name, completed=0, total=None, detail="")

    def step(self, done: int, total: int, detail: str = "") -> None:
        self._bar.update(self._task, completed=done, total=total, detail=detail)


_teller: ContextVar[Teller | None] = ContextVar("winback_teller", default=None)


@contextmanager
def telling() -> Iterator[Teller]:
    """Tell of the work inside by a bar on a terminal; a log or a pipe hears nothing of it."""
    progress = Console(stderr=True, highlight=False)
    if not progress.is_terminal:
        yield from _as_teller(Teller())
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[detail]}"),
    )
    with Progress(*columns, console=progress, transient=True) as bar:
        yield from _as_teller(_Bar(bar))


def _as_teller(teller: Teller) -> Iterator[Teller]:
    token = _teller.set(teller)
    try:
        yield teller
    finally:
        _teller.reset(token)


def tell_stage(name: str) -> None:
    """A stage began; nobody hears it where nobody asked (`telling`)."""
    if (teller := _teller.get()) is not None:
        teller.stage(name)


def tell_step(done: int, total: int, detail: str = "") -> None:
    if (teller := _teller.get()) is not None:
        teller.step(done, total, detail)


def say(line: str) -> None:
    """Print a line as it is, however long."""
    console.print(line, soft_wrap=True, markup=False)


def warn(line: str) -> None:
    """Print a line beside the results, for a person or a log."""
    Console(stderr=True, highlight=False).print(f"warning: {line}", soft_wrap=True, markup=False)


def print_json(facts: Mapping[str, object]) -> None:
    """Print one JSON object, for a program: instants are ISO 8601 in UTC."""
    sys.stdout.write(json.dumps(facts, default=_plain, ensure_ascii=False, indent=2) + "\n")


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    return sorted(value) if isinstance(value, set | frozenset) else str(value)


def print_rows(title: str, rows: Rows, *, limit: int = 40) -> None:
    """Print rows as a table; a long one says how many rows it left out."""
    from rich.table import Table

    if not rows:
        say(f"{title}: none")
        return
    table = Table(title=title, title_justify="left")
    for name, value in rows[0].items():
        is_number = isinstance(value, int | float)
        table.add_column(name.replace("_", " "), justify="right" if is_number else "left")
    for row in rows[:limit]:
        table.add_row(*(_cell(value) for value in row.values()))
    console.print(table)
    if len(rows) > limit:
        say(f"… and {len(rows) - limit} rows more")


def _cell(value: object) -> str:
    """A value as people read it; instants are UTC, as every published one is."""
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}Z"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
