"""What a person reads: a progress bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from winback.report import Rows

console = Console(soft_wrap=False, highlight=False)


class Steps(Protocol):
    """Hears how far a long piece of work has come."""

    def __call__(self, done: int, total: int, name: str) -> None: ...


@contextmanager
def progress(description: str) -> Iterator[Steps]:
    """A bar on a terminal; elsewhere one line when the work starts."""
    if not console.is_terminal:
        console.print(f"{description} …")
        yield lambda _done, _total, _name: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[name]}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(description, total=None, name="")
        yield lambda done, total, name: bar.update(task, completed=done, total=total, name=name)


def print_rows(title: str, rows: Rows, *, limit: int = 40) -> None:
    """Print rows as a table; a long one says how many rows it left out."""
    if not rows:
        console.print(f"{title}: none")
        return
    table = Table(title=title, title_justify="left")
    for name, value in rows[0].items():
        is_number = isinstance(value, int | float)
        table.add_column(name.replace("_", " "), justify="right" if is_number else "left")
    for row in rows[:limit]:
        table.add_row(*(_cell(value) for value in row.values()))
    console.print(table)
    if len(rows) > limit:
        console.print(f"… and {len(rows) - limit} rows more")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
