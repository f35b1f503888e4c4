"""Old callbacks, decisions, reports and set-aside rows under WINBACK_HOME."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from winback.base.cells import read_cells
from winback.base.settings import Settings
from winback.inbound import ERASED, copy_again, read_log_part
from winback.people.erasure._files import replace_file, replace_rows
from winback.people.places import event_parts, letters, rejected
from winback.providers import Record

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}-")
# The moment of the load by which a file of rejected rows is called.
_LOADED: Final = re.compile(r"-(\d{8}T\d{6})Z")


def forget_callbacks(settings: Settings, before: datetime, *, write: bool) -> int:
    """Take old callbacks out of the log; the place of each stays, so that its line keeps its
    number. All are in the ledger: a run collects before it forgets."""
    count = 0
    for path in event_parts(settings):
        records = list(read_log_part(path))
        old = [_is_old(record, before) for record in records]
        count += sum(old)
        if write and any(old):
            lines = [
                (_emptied(record) if is_old else record).to_line()
                for record, is_old in zip(records, old, strict=True)
            ]
            with replace_file(path) as target:
                target.write_text("".join(lines), encoding="ascii")
            copy_again(settings, path)
    return count


def _is_old(record: Record, before: datetime) -> bool:
    # A broken line has no time, and its words can't be read: it stays for a person to look at.
    return record.received_at < before and record.endpoint not in {ERASED, "broken"}


def _emptied(record: Record) -> Record:
    return replace(record, endpoint=ERASED, query="", headers={}, body=b"")


def forget_rejected(settings: Settings, before: datetime, *, write: bool) -> int:
    """What was in old rows that landing could not hold; line and reason stay."""
    count = 0
    for path in rejected(settings):
        if _loaded(path) >= before:
            continue
        rows = read_cells(path)
        full = [row for row in rows[1:] if len(row) == 4 and row[3]]
        count += len(full)
        for row in full:
            row[3] = ""
        if write and full:
            replace_rows(path, rows)
    return count


def forget_decisions(settings: Settings, before: datetime, *, write: bool) -> int:
    """The files of days that are over and old; a day is one file."""
    folder = settings.ledger_landing_dir / "decisions"
    day = f"{before:%Y%m%d}"
    old = [path for path in sorted(folder.glob("????????*.parquet")) if path.name[:8] < day]
    return _unlink(old, write=write)


def forget_letters(settings: Settings, before: datetime, *, write: bool) -> int:
    """Files for the print shop that were handed over, by the day in their name.

    The channel removes old ones when it writes a new one, and not once a shop sends no more cards.
    """
    handed = [path for path in letters(settings) if _DAY.match(path.name)]
    return _unlink([it for it in handed if it.name[:10] < f"{before:%Y-%m-%d}"], write=write)


def forget_reports(settings: Settings, before: datetime, *, write: bool) -> int:
    """Reports that nothing has written anew since, and exports of persons."""
    old = [
        path
        for folder in (settings.reports_dir, settings.people_dir)
        for path in _files(folder)
        if _changed(path) < before
    ]
    return _unlink(old, write=write)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def _unlink(paths: list[Path], *, write: bool) -> int:
    for path in paths if write else ():
        path.unlink(missing_ok=True)
    return len(paths)


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _loaded(path: Path) -> datetime:
    found = _LOADED.search(path.stem)
    if found is None:
        return _changed(path)
    return datetime.strptime(f"{found[1]}Z", "%Y%m%dT%H%M%S%z")
