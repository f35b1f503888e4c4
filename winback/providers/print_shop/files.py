"""The files for the print shop: one a hand-over, whole from the moment it can be seen.

A file is written under a hidden name, and its rename is the hand-over. Taking it back is another
rename of the same hidden file, so that of the two only one can happen.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from winback.base.cells import CellWriter, plain
from winback.base.private import open_private

# The lines of an address, in the order in which the ledger keeps them.
LINES: Final = (
    "name", "address_line1", "address_line2", "postal_code", "city", "region", "country",
)  # fmt: skip
COLUMNS: Final = (
    "message_id", *LINES, "design", "language", "headline", "body", "code", "code_until", "link",
    "opt_out", "sender",
)  # fmt: skip


class PrintFile:
    """The file of one attempt, in whichever of its three states it is."""

    def __init__(self, folder: Path, attempt_id: str, day: date | None = None) -> None:
        self._folder, self._attempt_id, self._day = folder, attempt_id, day

    @property
    def _ready(self) -> Path:
        return self._named("ready")

    @property
    def _handed_over(self) -> Path | None:
        return next(self._folder.glob(f"????-??-??-{self._attempt_id}.csv"), None)

    @property
    def _taken_back(self) -> Path:
        return self._named("taken-back")

    def _named(self, state: str) -> Path:
        return self._folder / f".{self._attempt_id}.{state}"

    def write(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Write it under its hidden name, to the disk."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open_private(self._ready) as file:
            writer = CellWriter(file)
            writer.writerow(COLUMNS)
            writer.writerows([row[name] for name in COLUMNS] for row in rows)
            file.flush()
            os.fsync(file.fileno())

    def hand_over(self) -> None:
        """Show it. Raises FileNotFoundError where it was taken back."""
        day = self._day or date.min
        self._ready.rename(self._folder / f"{day.isoformat()}-{self._attempt_id}.csv")

    def keep(self) -> None:
        """Let what was shown outlast a power cut."""
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def take_back(self) -> bool:
        """Make sure that it is never shown; False where it was, or where nobody can tell."""
        with suppress(FileNotFoundError):
            self._ready.rename(self._taken_back)
            # That it was taken back is all that has to be known of it.
            os.truncate(self._taken_back, 0)
        return self._handed_over is None and self._taken_back.exists()

    def shown_at(self, message_id: str) -> datetime | None:
        """When it was written, if it was shown with this message in it."""
        path = self._handed_over
        if path is None or all(it["message_id"] != message_id for it in read_rows(path)):
            return None
        return _written_at(path)


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a file, each cell as it was meant."""
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield {name: plain(cell or "") for name, cell in row.items()}


def handed_over(folder: Path) -> list[Path]:
    """The files that a print shop may take, the oldest first."""
    return sorted(folder.glob("????-??-??-*.csv"))


def forget_old(folder: Path, *, today: date, days: int) -> None:
    """Remove what was handed over longer ago, and what no run came back for."""
    first = today - timedelta(days=days)
    for path in handed_over(folder):
        if path.name[:10] < first.isoformat():
            path.unlink(missing_ok=True)
    for path in (*folder.glob(".*.ready"), *folder.glob(".*.taken-back")):
        if _written_at(path).date() < first:
            path.unlink(missing_ok=True)


def _written_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
