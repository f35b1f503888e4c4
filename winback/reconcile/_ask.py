"""Asking the providers' records, no more often than it helps."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.providers import Channel, Finding, Question, open_channel
from winback.reconcile._report import ReconcileReport

# A run that finds very much to ask leaves the rest to the next one.
MOST_QUESTIONS = 300
# Nor does one wait longer for a provider that responds slowly, on the wall clock.
MOST_SECONDS = 600.0
# Sending needs the providers' patience more than we do.
PER_SECOND = 10.0

_OVER = Finding("unreadable", reason="asked enough for one run", stops_asking=True)


class Records:
    """Opens each channel once, keeps a pace, and stops asking one that can't be read."""

    def __init__(
        self, settings: Settings, report: ReconcileReport, sleep: Callable[[float], None]
    ) -> None:
        self._settings, self._report, self._sleep = settings, report, sleep
        self._channels: dict[str, Channel] = {}
        self._silent: dict[tuple[str, type], Finding] = {}
        # A server of this machine needs nobody's patience.
        self._pause = 0.0 if settings.sends_to_loopback_only else 1 / PER_SECOND
        self._asked = 0
        self._next = 0.0
        self._until = time.monotonic() + MOST_SECONDS

    def ask(self, channel: str, question: Question) -> Finding:
        """One question, one finding; a record of a channel that could not be read is not asked for
        again.

        Its other records are: a shop without SendGrid's logs can withdraw mail all the same.
        """
        if known := self._silent.get((channel, type(question))):
            return known
        if self.has_asked_enough():
            return _OVER
        self._asked += 1
        try:
            opened = self._open(channel)
        except UsageError as problem:
            return self._stop(channel, question, Finding("unreadable", reason=str(problem)))
        self._keep_pace()
        finding = opened.look_up(question)
        if finding.kind == "unreadable" and finding.stops_asking:
            return self._stop(channel, question, finding)
        return finding

    def has_asked_enough(self) -> bool:
        """Whether the rest is for the next run."""
        return self._asked >= MOST_QUESTIONS or time.monotonic() > self._until

    def _open(self, channel: str) -> Channel:
        if channel not in self._channels:
            # A channel that was switched off since may still tell what it sent.
            asking = self._settings.model_copy(update={"channels": channel})
            self._channels[channel] = open_channel(channel, asking)
        return self._channels[channel]

    def _stop(self, channel: str, question: Question, finding: Finding) -> Finding:
        self._report.unreadable[channel] = finding.reason
        self._silent[channel, type(question)] = finding
        return finding

    def _keep_pace(self) -> None:
        now = time.monotonic()
        if (seconds := self._next - now) > 0:
            self._sleep(seconds)
        self._next = max(now, self._next) + self._pause

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for channel in self._channels.values():
            channel.close()
