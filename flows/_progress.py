"""How far a send has come, as an artifact that grows in Prefect's UI."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import TYPE_CHECKING, Final, cast

from prefect.artifacts import create_progress_artifact, update_progress_artifact

if TYPE_CHECKING:
    from uuid import UUID

# What is over sooner shows no progress.
_EVERY: Final = 2.0
_LAST_WORD: Final = 5.0

log = logging.getLogger(__name__)


@contextmanager
def showing_progress(playbook: str, step: int) -> Iterator[Callable[[int, int], None]]:
    """Gives what is to be told how many messages of how many are settled.

    It returns at once: a thread of its own tells the server, so that no call to a provider waits
    for a server that is slow or gone.
    """
    shown = _Shown(playbook, step)
    thread = threading.Thread(target=copy_context().run, args=(shown.post,), daemon=True)
    thread.start()
    try:
        yield shown.tell
    finally:
        shown.is_over.set()
        thread.join(_LAST_WORD)


class _Shown:
    def __init__(self, playbook: str, step: int) -> None:
        self._what = f"{playbook} step {step}"
        # A key has no underscore.
        self._key = f"sending-{playbook}-{step}".replace("_", "-").lower()
        self._latest: tuple[int, int] | None = None
        self._artifact: UUID | None = None
        self.is_over = threading.Event()

    def tell(self, done: int, total: int) -> None:
        self._latest = (done, total)

    def post(self) -> None:
        posted = None
        while not self.is_over.wait(_EVERY):
            if self._latest not in {None, posted}:
                posted = self._latest
                if not self._show():
                    return
        if posted is not None:
            self._show()

    def _show(self) -> bool:
        """Tell the server how far it is; whether it heard."""
        done, total = self._latest or (0, 0)
        percent = 100.0 * done / total if total else 100.0
        told = f"{self._what}: {done:,} of {total:,} messages"
        try:
            if self._artifact is None:
                made = create_progress_artifact(percent, self._key, told)
                self._artifact = cast("UUID", made)  # no loop runs here, which would await it
            else:
                update_progress_artifact(self._artifact, percent, told)
        except Exception as error:  # noqa: BLE001  # nothing stops because nobody can watch
            log.warning("no progress of %s is shown (%s)", self._what, type(error).__name__)
            return False
        return True
