"""One channel's run: keeps its calls in flight and the ledger one commit ahead of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from winback.channels import Channel, Outcome, Request
from winback.clock import Clock
from winback.ledger import Ledger
from winback.sending import _attempts, _gates
from winback.sending._breakers import why_set_aside, why_stop
from winback.sending._due import Due, claim, seconds_to_next
from winback.sending._guard import Caps
from winback.sending._last_look import refuse
from winback.sending._pacing import LONGEST_WAIT, Pace
from winback.sending._packing import Packing, UnpreparedError
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
        self._packing = Packing(channel)

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
        while True:
            self._look_for_stop()
            if self._packing.is_empty and not self._stopped:
                self._packing.take(self._claim(ready_by))
            free = self._channel.concurrency - len(self._in_flight)
            if free and not self._stopped:
                self._launch(pool, free)
            if self._in_flight:
                done, _ = wait(self._in_flight, return_when=FIRST_COMPLETED)
                self._record(done)
            elif self._stopped or self._packing.is_empty:
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

    def _launch(self, pool: ThreadPoolExecutor, free: int) -> None:
        """Look again and record the intent in one transaction; once it is durable, call."""
        try:
            requests = self._packing.next(free, now=self._clock.now())
        except UnpreparedError as failed:
            self._give_back(failed)
            return
        self._pace.wait_for(sum(len(request.message_ids) for request in requests))
        now = self._clock.now()
        group = [self._packing.rows[key] for request in requests for key in request.message_ids]
        try:
            with self._ledger.write() as connection:
                if reason := _gates.why_stopped(connection, self._channel.name, now=now):
                    self._stop(reason)
                    return
                refused = refuse(
                    connection,
                    group,
                    token=self._token,
                    now=now,
                    caps=self._caps,
                    shop_timezone=self._settings.shop_timezone,
                )
                going = [r for r in requests if refused.keys().isdisjoint(r.message_ids)]
                if not _attempts.begin(
                    connection,
                    self._channel,
                    going,
                    self._packing.rows,
                    token=self._token,
                    now=now,
                ):
                    raise _ClaimLostError
        except _ClaimLostError:
            self._packing.forget([row.message_id for row in group])
            return
        for request in going:
            call = pool.submit(_attempts.call, self._channel, request, self._clock, now)
            self._in_flight[call] = request
        for request in requests:
            if not refused.keys().isdisjoint(request.message_ids):
                self._packing.put_back(request, without=refused)
        self._report.count_refusals(refused)

    def _give_back(self, failed: UnpreparedError) -> None:
        """Put off messages for which the provider gave nothing to send them with."""
        seconds, now = self._learn(failed.outcome), self._clock.now()
        with self._ledger.write() as connection:
            _attempts.give_back(
                connection, failed.message_ids, token=self._token, now=now, wait=seconds
            )
            self._tell_others(connection, now)

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
                    self._packing.rows,
                    token=self._token,
                    now=now,
                    wait=self._learn(outcome),
                )
                settled += self._report.count(request, outcome, counts)
                self._set_aside(connection, request, outcome, now)
            self._tell_others(connection, now)
        for request, outcome in finished:
            self._packing.settle(request, outcome)
        self._on_progress(settled)

    def _learn(self, outcome: Outcome) -> float:
        """Draw the conclusions of a call; seconds before its messages may go again."""
        seconds = self._pace.learn(outcome)
        if reason := why_stop(self._channel, outcome, self._pace):
            self._stop(reason)
        return seconds

    def _set_aside(
        self, connection: Connection, request: Request, outcome: Outcome, now: datetime
    ) -> None:
        """Leave alone, for this run, what shares the fault of a request: a step, or a sender."""
        rows = [self._packing.rows[key] for key in request.message_ids]
        for part, line in why_set_aside(self._channel, outcome, rows).items():
            self._due = replace(self._due, without=self._due.without | {part})
            self._report.stopped.setdefault(f"{self._channel.name}, {part}", line)
            dropped = self._packing.drop(part.holds)
            _attempts.give_back(connection, dropped, token=self._token, now=now)

    def _tell_others(self, connection: Connection, now: datetime) -> None:
        if self._stopped:
            reason = self._report.stopped[self._channel.name]
            _gates.open_gate(connection, self._channel.name, reason=reason, now=now)
