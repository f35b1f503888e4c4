"""The event log: raw callbacks on disk, as append-only JSONL parts in landing/events.

One writer thread collects the callbacks of a few milliseconds into one part: written
under `open/`, fsynced, renamed into place, and the folder fsynced, before any of them is
acknowledged. Each writer numbers its own parts without a gap, so a reader finds the next
one by its name and several writers never wait for each other.
"""

from __future__ import annotations

import os
import queue
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from winback.base.clock import Clock
from winback.providers import Record

# Long enough that a burst shares one fsync, short enough that nobody waits for it.
GATHER_SECONDS: Final = 0.01
MAX_PART_RECORDS: Final = 1000
# As long as a text is: of a disk that takes no more than this, the callbacks themselves tell.
TRIED_BYTES: Final = 4096
_SUFFIX: Final = ".jsonl"
# The names of lanes that others go before.
_LAST: Final = {"short": 1, "mails": 2, "large": 3}
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


def log_part_path(folder: Path, writer: str, number: int) -> Path:
    return folder / f"{writer}-{number:012d}{_SUFFIX}"


def writers(folder: Path) -> list[str]:
    """Everybody who ever wrote parts here; whose callbacks are long to read come last."""
    if not folder.is_dir():
        return []
    names = {entry.name for entry in os.scandir(folder) if entry.name.endswith(_SUFFIX)}
    found = {name.rpartition("-")[0] for name in names}
    return sorted(found, key=lambda writer: (_LAST.get(writer.rpartition("-")[2], 0), writer))


def read_log_part(path: Path) -> Iterator[Record]:
    """The records of one part; `ref` names the part and the line, from 1.

    What is no record any more (a part that was cut off by a copy, or edited) is a broken one:
    the reader counts it and goes on, since every later callback is behind it.
    """
    with path.open(encoding="ascii", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            ref = f"{path.name}:{number}"
            try:
                record = Record.from_line(line, ref=ref)
            except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
                record = Record("", "broken", _LONG_AGO, "", {}, b"", ref=ref)
            yield record


class LogWriter:
    """Appends records durably; `append` returns a future that is done once they are on disk.

    `on_sealed` hears of each part once it is whole, and must not wait.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        lane: str = "",
        on_sealed: Callable[[Path], None] | None = None,
    ) -> None:
        self.folder, self._on_sealed = folder, on_sealed
        name = f"{clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
        self.writer = f"{name}-{lane}" if lane else name
        self._number = 0
        self._queue: queue.Queue[tuple[Record | None, Future[None]] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="winback-log", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Write what is queued, then end."""
        self._queue.put(None)
        self._thread.join()

    def append(self, record: Record) -> Future[None]:
        future: Future[None] = Future()
        self._queue.put((record, future))
        return future

    def try_out(self) -> Future[None]:
        """Done once something like a record could be made durable; nothing of it is left."""
        future: Future[None] = Future()
        self._queue.put((None, future))
        return future

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group = [first]
            is_last = not self._gather(group)
            # A client that went away still has its record written; nobody waits for it.
            waiting = [future.set_running_or_notify_cancel() for _, future in group]
            records = [record for record, _ in group if record is not None]
            path = self._next()
            error = self._write(path, records) if records else self._try()
            for (_, future), is_waiting in zip(group, waiting, strict=True):
                if is_waiting and error is None:
                    future.set_result(None)
                elif is_waiting:
                    future.set_exception(error)
            if records and error is None and self._on_sealed is not None:
                self._on_sealed(path)
            if is_last:
                return

    def _gather(self, group: list[tuple[Record | None, Future[None]]]) -> bool:
        """Add what comes in within the gathering time; False when it was the last."""
        deadline = time.monotonic() + GATHER_SECONDS
        while len(group) < MAX_PART_RECORDS:
            try:
                following = self._queue.get(timeout=max(deadline - time.monotonic(), 0))
            except queue.Empty:
                return True
            if following is None:
                return False
            group.append(following)
        return True

    def _write(self, path: Path, records: list[Record]) -> Exception | None:
        try:
            unfinished = self._write_open(path, (record.to_line() for record in records))
            unfinished.replace(path)
            # From here on a reader may have seen the name: it is never used again.
            self._number += 1
            self._sync_folder()
        except Exception as error:  # noqa: BLE001  # each waiting callback hears of it
            return error
        return None

    def _try(self) -> Exception | None:
        """Every step of a write, under a name that no reader takes for a part."""
        path = self._next().with_suffix(".try")
        try:
            self._write_open(self._next(), [" " * TRIED_BYTES]).replace(path)
            self._sync_folder()
            path.unlink()
        except Exception as error:  # noqa: BLE001  # whoever asked hears of it
            return error
        return None

    def _next(self) -> Path:
        return log_part_path(self.folder, self.writer, self._number + 1)

    def _write_open(self, path: Path, lines: Iterable[str]) -> Path:
        unfinished = self.folder / "open" / path.name
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", encoding="ascii") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        return unfinished

    def _sync_folder(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
