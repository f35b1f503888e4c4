"""Other files under WINBACK_HOME: rows set aside, the sandbox, reports, leftovers."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from winback.base.cells import read_cells
from winback.base.settings import Settings
from winback.people.erasure._files import replace_file, replace_rows
from winback.people.erasure._person import Person
from winback.people.places import rejected
from winback.warehouse import MEMORIES

_DATABASE: Final = b"SQLite format 3\0"
# Their own modules know these, or they hold nothing but numbers and models.
_ELSEWHERE: Final = (".parquet", ".jsonl", ".duckdb", ".wal", ".lock", "-wal", "-shm")
# Leftovers of dead runs and loads, what a pull has fetched, which the next one fetches anew, and
# pages of messages: the next dry run makes them anew.
_LEFTOVERS: Final = (
    "replay-*", ".replay-*", "landing/.loading-*", "landing/.empty-*",
    "landing/.backup-held", "backup-copy", "published/.unfinished-*",
    "reports/preview", "landing/pulls/*/files",
)  # fmt: skip


def erase_in_rejected(settings: Settings, person: Person, *, write: bool) -> dict[str, int]:
    """Rows that landing could not hold: what was sent goes, its line and reason stay."""
    changed = 0
    for path in rejected(settings):
        rows = read_cells(path)
        theirs = [row for row in rows[1:] if len(row) == 4 and names_them(row[3], person)]
        for row in theirs:
            row[3] = ""
        changed += len(theirs)
        if theirs and write:
            replace_rows(path, rows)
    return {"landing rejected": changed}


def names_them(text: str, person: Person) -> bool:
    fields = {field.strip() for row in csv.reader(io.StringIO(text)) for field in row}
    return person.customer_id in fields or person.is_in(text)


def erase_in_other_files(settings: Settings, person: Person, *, write: bool) -> dict[str, int]:
    """Addresses in databases and texts that are none of the above, such as the sandbox's."""
    databases = texts = 0
    for path in other_files(settings):
        if is_database(path):
            databases += _erase_in_database(path, person, write=write)
        else:
            texts += _erase_in_text(path, person, write=write)
    return {"sandbox": databases, "other files": texts}


def forget_leftovers(settings: Settings) -> None:
    """The warehouse, which the next build makes anew, and what was left by who died."""
    home = settings.home.resolve()
    for pattern in _LEFTOVERS:
        for folder in home.glob(pattern):
            shutil.rmtree(folder, ignore_errors=True)
    warehouse = settings.warehouse_path
    # Also what builds remember of it.
    for path in (*warehouse.parent.glob(f"{warehouse.name}*"), *map(warehouse.with_name, MEMORIES)):
        path.unlink(missing_ok=True)
    for name in ("spill", "spark"):
        shutil.rmtree(warehouse.parent / name, ignore_errors=True)


def forget_exports(settings: Settings, person: Person) -> None:
    """What was exported of them before, under this id or another one of theirs."""
    for path in settings.people_dir.glob("*/person.json"):
        try:
            ids = json.loads(path.read_text(encoding="utf-8")).get("ids", [])
        except (ValueError, AttributeError):  # nobody knows whose it is: made anew, if need be
            ids = [person.customer_id]
        if person.customer_id in ids:
            shutil.rmtree(path.parent)


def other_files(settings: Settings) -> Iterator[Path]:
    home = settings.home.resolve()
    known = {
        settings.rejected_dir,
        settings.landing_dir / "erased",
        home / "dbt",
        settings.people_dir,
    }
    ledger = make_url(settings.effective_ledger_url).database or ""
    for path in sorted(home.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.name.endswith(_ELSEWHERE):
            continue
        if not known & set(path.parents) and not str(path).startswith(ledger or "\0"):
            yield path


def is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_DATABASE)) == _DATABASE


def _erase_in_text(path: Path, person: Person, *, write: bool) -> int:
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    if not person.is_in(text):
        return 0
    if write:
        with replace_file(path) as target:
            target.write_text(
                person.redacted(text), encoding="utf-8", errors="surrogateescape", newline=""
            )
    return 1


def _erase_in_database(path: Path, person: Person, *, write: bool) -> int:
    """The hash in the place of each address in any text of any table."""
    changed = 0
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        connection.execute("pragma secure_delete = on")
        connection.execute("begin immediate")
        tables = connection.execute("select name from sqlite_master where type = 'table'")
        for (table,) in tables.fetchall():
            changed += _erase_in_table(connection, table, person)
        connection.execute("commit" if write else "rollback")
        if changed and write:
            connection.execute("vacuum")
            connection.execute("pragma wal_checkpoint(truncate)")
    return changed


def _erase_in_table(connection: sqlite3.Connection, table: str, person: Person) -> int:
    described = connection.execute(f'pragma table_info("{table}")').fetchall()
    columns = [name for _, name, kind, *_ in described if kind.lower() == "text"]
    keys = [name for _, name, _, _, _, place in described if place] or ["rowid"]
    if not columns:
        return 0
    changed = 0
    names = ", ".join(f'"{name}"' for name in columns)
    key = ", ".join(f'"{name}"' for name in keys)
    where = " and ".join(f'"{name}" = ?' for name in keys)
    for row in connection.execute(f'select {key}, {names} from "{table}"').fetchall():
        old = dict(zip(columns, row[len(keys) :], strict=True))
        new = {n: person.redacted(v) for n, v in old.items() if v and person.is_in(v)}
        if new:
            values = ", ".join(f'"{name}" = ?' for name in new)
            statement = f'update "{table}" set {values} where {where}'
            connection.execute(statement, [*new.values(), *row[: len(keys)]])
            changed += 1
    return changed
