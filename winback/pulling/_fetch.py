"""The files of a pull, kind by kind: what is here already stays, and what broke off is gone on
with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import partial
from typing import Final

from winback.landing import Progress
from winback.landing.sources.shopify_api import Kind
from winback.pulling._client import Client
from winback.pulling._download import ExpiredError, download
from winback.pulling._operation import (
    Operation,
    OperationLostError,
    begin,
    look,
    require_done,
    wait_for,
)
from winback.pulling._state import Folder, Going, State, instant

# The shop's index of what changed is a little late, and a record may change while it is read.
_OVERLAP: Final = timedelta(hours=1)


@dataclass
class Fetch:
    """A pull's way to its files."""

    client: Client
    folder: Folder
    state: State
    going: Going
    progress: Progress

    def bring(self, kind: Kind) -> None:
        """The file of a kind, whole: what is here already stays."""
        path = self.folder.files / f"{kind.name}.jsonl"
        if kind.name in self.going.objects and path.exists():
            return
        self.folder.files.mkdir(parents=True, exist_ok=True)
        try:
            operation = self._operation(kind)
            for _ in range(2):
                try:
                    self._download(operation, kind)
                    break
                except ExpiredError:
                    # Asked again, the shop gives another URL for a file that it still has.
                    found = look(self.client, operation.id)
                    if found is None or not found.url:
                        break
                    operation = found
            if operation.objects and not path.exists():
                raise OperationLostError(
                    f"{self.client.shop}: the file of {kind.name} has expired. Next: winback pull"
                )
        except OperationLostError:
            path.unlink(missing_ok=True)
            self.going.operations.pop(kind.name, None)
            self.folder.write(self.state)
            raise
        self.folder.files.mkdir(parents=True, exist_ok=True)  # an erasure may have emptied it
        path.touch()  # an operation that finds nothing has no file
        self.going.objects[kind.name] = operation.objects
        self.folder.write(self.state)

    def _operation(self, kind: Kind) -> Operation:
        """The operation when it is done; an old one that the shop has forgotten is begun anew."""
        tell = partial(self.progress, f"{kind.name}: the shop writes them")
        known = self.going.operations.get(kind.name)
        if known:
            found = look(self.client, known)
            if found is None or found.status == "EXPIRED" or self._has_no_file(found):
                known = None
        if not known:
            since = instant(self.going.since)
            query = kind.query(since - _OVERLAP if since else None)
            begun = begin(self.client, query, lambda done: tell(done, 0))
            (self.folder.files / f"{kind.name}.jsonl").unlink(missing_ok=True)
            known = self.going.operations[kind.name] = begun.id
            self.going.begun[kind.name] = begun.created_at.astimezone(UTC).isoformat()
            self.folder.write(self.state)
        operation, _ = wait_for(self.client, known, lambda done: tell(done, 0))
        require_done(self.client.shop, kind.name, operation)
        return operation

    @staticmethod
    def _has_no_file(operation: Operation) -> bool:
        return operation.status == "COMPLETED" and operation.objects > 0 and not operation.url

    def _download(self, operation: Operation, kind: Kind) -> None:
        if not operation.url:
            return
        download(
            self.client.shop,
            operation.url,
            operation.size,
            self.folder.files / f"{kind.name}.jsonl",
            wait=self.client.wait,
            tell=lambda done: self.progress(f"{kind.name}: fetching", done, operation.size),
        )
