"""One channel's run: keeps its calls in flight and the ledger one commit ahead of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from winback.channels import Channel, Outcome, Outgoing, Request
from winback.clock import Clock
from winback.ledger import Ledger
from winback.sending import _attempts, _gates
from winback.sending._breakers import why_stop
from winback.sending._due import Due, claim, seconds_to_next
from winback.sending._guard import Caps
from winback.sending._last_look import refuse
from winback.sending._pacing import LONGEST_WAIT, Pace
from winback.sending._report import SendReport
from winback.settings import Settings

# Messages claimed at once: bounds memory, and what a killed run holds.
CLAIM_SIZE = 1_000
# How often one run waits for messages that backed off.
ROUNDS = 6


class _ClaimLostError(Exception):
    """Somebody swept our claim: nothing of this group may be sent by us."""


class ChannelRun:
    """Sends what is due on one channel, once; `run` is its only public method."""

    def __init__(
        self,
        ledger: Ledger,
        settings: Settings,
        clock: Clock,
        *,
        channel: Channel,
        due: Due,
        caps: Caps,
        token: str,
        report: SendReport,
        on_progress: Callable[[int], None],
        sleep: Callable[[float], None],
    ) -> None:
        self._ledger, self._settings, self._clock = ledger, settings, clock
        self._channel, self._due, self._caps = channel, due, caps
        self._token, self._report = token, report
        self._on_progress, self._sleep = on_progress, sleep
        self._stop_file = settings.home.resolve() / "STOP"
        self._pace = Pace(channel, sleep=sleep)
        self._in_flight: dict[Future[Outcome], Request] = {}
        self._messages: dict[str, Row[Any]] = {}

    @property
    def _stopped(self) -> bool:
        return self._channel.name in self._report.stopped

    def run(self) -> None:
        """Send all that is due, waiting a little for what the provider put off."""
        with self._ledger.write() as connection:
            _gates.close_gate(connection, self._channel.name)
        ready_by = self._clock.now()
        with ThreadPoolExecutor(self._channel.concurrency) as pool:
            for _ in range(ROUNDS):
                self._drain(pool, ready_by)
                seconds = seconds_to_next(
                    self._ledger,
                    self._due,
                    self._channel.name,
                    now=self._clock.now(),
                    ready_by=ready_by,
                )
                if self._stopped or seconds is None or seconds > LONGEST_WAIT:
                    return
                self._sleep(seconds)
                ready_by = max(self._clock.now(), ready_by + timedelta(seconds=seconds))

    def _drain(self, pool: ThreadPoolExecutor, ready_by: datetime) -> None:
        """Send until nothing more can be claimed."""
        claimed: list[Row[Any]] = []
        while True:
            self._look_for_stop()
            if not claimed and not self._stopped:
                claimed = self._claim(ready_by)
            free = self._channel.concurrency - len(self._in_flight)
            if claimed and free and not self._stopped:
                size = free * self._pace.batch_size
                group, claimed = claimed[:size], claimed[size:]
                for request in self._launch(group):
                    self._in_flight[pool.submit(self._channel.send, request)] = request
            if self._in_flight:
                done, _ = wait(self._in_flight, return_when=FIRST_COMPLETED)
                self._record(done)
            elif self._stopped or not claimed:
                return

    def _claim(self, ready_by: datetime) -> list[Row[Any]]:
        return claim(
            self._ledger,
            self._due,
            self._channel.name,
            clock=self._clock,
            ready_by=ready_by,
            token=self._token,
            limit=CLAIM_SIZE,
        )

    def _look_for_stop(self) -> None:
        if self._stop_file.exists():
            self._stop(f"nothing is sent while {self._stop_file} exists. Remove it to send.")

    def _stop(self, reason: str) -> None:
        self._report.stopped.setdefault(self._channel.name, reason)

    def _launch(self, group: Sequence[Row[Any]]) -> list[Request]:
        """Look again and record the intent, in one transaction, durable when this returns."""
        self._pace.wait_for(len(group))
        now = self._clock.now()
        try:
            with self._ledger.write() as connection:
                if reason := _gates.why_stopped(connection, self._channel.name, now=now):
                    self._stop(reason)
                    return []
                refused = refuse(
                    connection,
                    group,
                    token=self._token,
                    now=now,
                    caps=self._caps,
                    shop_timezone=self._settings.shop_timezone,
                )
                going = [message for message in group if message.message_id not in refused]
                requests = self._prepare(going, now)
                known = {message.message_id: message for message in going}
                if not _attempts.begin(
                    connection, self._channel, requests, known, token=self._token, now=now
                ):
                    raise _ClaimLostError
        except _ClaimLostError:
            return []
        self._messages.update(known)
        self._report.count_refusals(refused)
        return requests

    def _prepare(self, messages: Sequence[Row[Any]], now: datetime) -> list[Request]:
        outgoing = [
            Outgoing(
                message_id=message.message_id,
                address=message.address,
                payload=json.loads(message.payload_json),
                leaves_by=min(message.window_closes_at, message.expires_at),
            )
            for message in messages
        ]
        size = self._pace.batch_size
        return [
            request
            for start in range(0, len(outgoing), size)
            for request in self._channel.prepare(outgoing[start : start + size], now=now)
        ]

    def _record(self, done: Iterable[Future[Outcome]]) -> None:
        """Write down what calls came to, then draw the conclusions for the next ones."""
        finished = [(self._in_flight.pop(future), future.result()) for future in done]
        now, settled = self._clock.now(), 0
        with self._ledger.write() as connection:
            for request, outcome in finished:
                counts = _attempts.finish(
                    connection,
                    request,
                    outcome,
                    self._messages,
                    token=self._token,
                    now=now,
                    wait=self._learn(request, outcome),
                )
                settled += self._report.count(request, outcome, counts)
            if self._stopped:
                reason = self._report.stopped[self._channel.name]
                _gates.open_gate(connection, self._channel.name, reason=reason, now=now)
        for request, _ in finished:
            for key in request.message_ids:
                del self._messages[key]
        self._on_progress(settled)

    def _learn(self, request: Request, outcome: Outcome) -> float:
        """Draw the conclusions of a call; seconds before its messages may go again."""
        seconds = self._pace.learn(request, outcome)
        if reason := why_stop(self._channel, outcome, self._pace):
            self._stop(reason)
        return seconds
