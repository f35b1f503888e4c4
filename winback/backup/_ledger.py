"""The ledger in a backup: an SQLite file, whichever database it is of.

Of SQLite it is what the online backup makes. Of PostgreSQL it is the rows of one snapshot, in the
tables of the same revision: so a backup of either can be restored into either.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, func, select
from sqlalchemy.engine import make_url

from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.ledger import Ledger, open_ledger, tables

_ROWS: Final = 2_000


def copy_out(ledger: Ledger, settings: Settings, target: Path) -> None:
    """Write the ledger as of one moment to an SQLite file, while others write to it."""
    if ledger.engine.dialect.name == "sqlite":
        _copy_file(Path(str(ledger.engine.url.database)), target)
        return
    target.unlink(missing_ok=True)
    with as_ledger(settings, target) as copy, ledger.read() as rows, copy.write() as connection:
        copy_rows(rows, connection)
    with closing(sqlite3.connect(target)) as whole:
        whole.execute("pragma wal_checkpoint(truncate)")
        whole.execute("pragma journal_mode = delete")


def copy_older(settings: Settings, target: Path) -> bool:
    """Write a ledger of an earlier release to an SQLite file as it is, before this one changes its
    tables; whether it is an adopted one. Raises WinbackError for one in PostgreSQL."""
    if settings.ledger_url and make_url(settings.ledger_url).get_backend_name() != "sqlite":
        raise WinbackError(
            "the ledger is of an earlier winback, and this one can copy it only after it has "
            "changed its tables. Next: back up with that winback, or with pg_dump; then "
            "winback upgrade --accept"
        )
    _copy_file(Path(str(make_url(settings.effective_ledger_url).database)), target)
    with closing(sqlite3.connect(target)) as copy:
        row = copy.execute("select 1 from meta where key = 'restored'").fetchone()
    return row is None


def _copy_file(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as from_, closing(sqlite3.connect(target)) as to:
        # All pages in one step: a step between writers would begin again after each.
        from_.backup(to)
        to.execute("pragma journal_mode = delete")


@contextmanager
def as_ledger(settings: Settings, file: Path) -> Iterator[Ledger]:
    """An SQLite file as a ledger of this winback's revision."""
    url = f"sqlite:///{file}"
    with open_ledger(settings.model_copy(update={"ledger_url": url, "adopt_ledger": "new"})) as it:
        yield it


def copy_rows(source: Connection, target: Connection) -> None:
    """All rows of one ledger in the place of those of another, in the target's transaction."""
    for table in tables.metadata.sorted_tables:
        target.execute(table.delete())
        rows = source.execute(select(table), execution_options={"yield_per": _ROWS})
        for portion in rows.mappings().partitions(_ROWS):
            target.execute(table.insert(), [dict(row) for row in portion])


def is_empty(connection: Connection) -> bool:
    """Whether a ledger has nothing but what a new one draws."""
    drawn = {tables.meta.name, tables.address_keys.name}
    return not any(
        connection.scalar(select(func.count()).select_from(table))
        for table in tables.metadata.sorted_tables
        if table.name not in drawn
    )


def check(file: Path) -> None:
    """Raise WinbackError for a file that SQLite finds broken."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            row: Any = connection.execute("pragma quick_check").fetchone()
    except sqlite3.DatabaseError as error:
        row = [str(error)]
    if row is None or row[0] != "ok":
        raise WinbackError("the ledger in the backup is damaged. Next: an earlier one by --at")
