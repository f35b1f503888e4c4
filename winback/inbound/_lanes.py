"""Ways from a callback to the ledger, so that a stop by text waits for no mail, a few words by
mail for no long one, and a mail of a person for no mail of 30 MB.

Each lane has a log writer and a collector of its own. What one person did may so be applied in
another order than it came in, as with several receivers: each effect goes by when it happened.
"""

from __future__ import annotations

import logging
import threading
from typing import Final, Literal

from winback.base.clock import Clock
from winback.base.settings import Settings
from winback.inbound._collect import collect, collect_writer
from winback.inbound._health import Backlog
from winback.inbound._log import LogWriter
from winback.inbound._second_copy import Copier
from winback.ledger import Ledger
from winback.providers import Record

log = logging.getLogger(__name__)

# A failed collection is tried again after this long; the next callback also wakes it.
RETRY_SECONDS: Final = 1.0
# A few words above a short quote, with the headers of a mail and its page.
SHORT: Final = 16 * 1024
# A mail with its headers, its page and what it quotes is smaller.
LARGE: Final = 256 * 1024

Name = Literal["", "short", "mails", "large"]


def lane_of(record: Record) -> Name:
    """The lane of a callback: all that is short by nature has the first."""
    if (record.provider, record.endpoint) != ("sendgrid", "inbound"):
        return ""
    if len(record.body) > LARGE:
        return "large"
    return "mails" if len(record.body) > SHORT else "short"


class Lane:
    """One writer and the thread that brings what it wrote to the ledger."""

    def __init__(
        self, name: Name, ledger: Ledger, settings: Settings, clock: Clock, copier: Copier
    ) -> None:
        self.log = LogWriter(settings.events_dir, clock, lane=name, on_sealed=copier.add)
        self.backlog = Backlog()
        self._ledger, self._settings, self._clock = ledger, settings, clock
        # What an earlier process left behind may be long: the lane that has time takes it.
        self._sweeps = name == "large"
        self._wake, self._stopping = threading.Event(), False
        self._collector = threading.Thread(
            target=self._collect_forever, name=f"winback-collector-{name}", daemon=True
        )

    def start(self) -> None:
        self.log.start()
        self._collector.start()

    def stop(self) -> None:
        """Write what was acknowledged to the ledger too, then end."""
        self.log.stop()
        self._stopping = True
        self._wake.set()
        self._collector.join()

    def enqueue(self, record: Record) -> None:
        """A record is on disk: it is to be collected."""
        self.backlog.add()
        self._wake.set()

    def _collect_forever(self) -> None:
        sweeps = self._sweeps
        while True:
            is_last = self._stopping
            self._wake.clear()
            self.backlog.take()
            try:
                if sweeps:
                    collect(self._ledger, self._settings, self._clock)
                else:
                    folder = self._settings.events_dir
                    collect_writer(self._ledger, folder, self.log.writer, self._clock)
                sweeps = False
                self.backlog.clear()
            except Exception as error:  # noqa: BLE001  # nothing is lost: it is all in the log
                log.error("collecting failed and will be tried again: %s", type(error).__name__)
                if not is_last:
                    self._wake.wait(RETRY_SECONDS)
                    self._wake.set()
            if is_last:
                return
            self._wake.wait()
