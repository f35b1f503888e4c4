"""One channel's run: keeps its calls in flight and the ledger one commit ahead of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Row

from winback.base.clock import Clock
from winback.base.ending import Ending
from winback.base.settings import Settings
from winback.ledger import Ledger, LedgerUnavailable, State, look_alone
from winback.providers import Channel, Outcome, Request
from winback.sending import _attempts
from winback.sending._due import Due, claim, seconds_to_next
from winback.sending._packing import Packing, UnpreparedError
from winback.sending._patience import patiently
from winback.sending._report import SendReport
from winback.sending._unresolved_mail import why_hold_no_more
from winback.sending.brakes._brakes import Brakes
from winback.sending.brakes._breakers import Trip, find_trips
from winback.sending.guard._budgets import Budgets
from winback.sending.guard._guard import Caps, Rule
from winback.sending.guard._last_look import refuse
from winback.sending.pace._pacing import LONGEST_WAIT, Pace

T = TypeVar("T")

# Messages claimed at once, in rounds of calls: few, so that workers share a plan and a killed run
# holds little; and no more than bounds the memory.
CLAIM_ROUNDS = 8
CLAIM_SIZE = 1_000
# Seconds that a finished call may wait to be written down.
SHORT_REST = 5.0
# Seconds that a finished call waits for others, so that they share the ledger's transactions.
GATHERING = 0.005
# How often one run waits for messages that backed off.
ROUNDS = 6


class _ClaimLostError(Exception):
    """Another process swept our claim, so we may send nothing of this group."""


class _PausedError(Exception):
    """The provider asked another worker to wait, and so all workers; no call of this group is
    begun."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


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
        ending: Ending,
    ) -> None:
        self._ledger, self._settings, self._clock = ledger, settings, clock
        self._channel, self._all_due, self._caps = channel, due, caps
        self._token, self._report = token, report
        self._budgets = Budgets.of(settings)
        self._on_progress, self._sleep, self._ending = on_progress, sleep, ending
        self._brakes = Brakes(ledger, settings, clock, channel, report)
        self._pace = Pace(ledger, channel)
        self._in_flight: dict[Future[Outcome], Request] = {}
        self._finished: SimpleQueue[Future[Outcome]] = SimpleQueue()
        self._packing = Packing(channel)
        # Calls that were accepted and are not written down: the next intent takes them along.
        self._accepted: list[_attempts.Finished] = []

    @property
    def _stopped(self) -> bool:
        return self._ending.is_asked or self._channel.name in self._report.stopped

    @property
    def _due(self) -> Due:
        return replace(self._all_due, without=self._brakes.stopped_parts)

    def run(self) -> None:
        """Send all that is due, waiting a little for what the provider put off."""
        self._pace = self._brakes.begin()
        ready_by = self._clock.now()
        with ThreadPoolExecutor(self._channel.concurrency) as pool:
            for _ in range(ROUNDS):
                self._drain(pool, ready_by)
                seconds = self._patiently(partial(self._seconds_to_next, ready_by))
                if self._stopped or seconds is None or seconds > LONGEST_WAIT:
                    return
                self._sleep(seconds)
                ready_by = max(self._clock.now(), ready_by + timedelta(seconds=seconds))

    def _drain(self, pool: ThreadPoolExecutor, ready_by: datetime) -> None:
        """Send until nothing more can be claimed."""
        while True:
            if self._packing.is_empty and not self._stopped:
                self._write_accepted()
                self._packing.take(self._patiently(partial(self._claim, ready_by)))
                if self._packing.is_empty and not self._in_flight:
                    return
            room = self._pace.room(len(self._in_flight), batch_size=self._channel.batch_size)
            if room and not self._stopped:
                self._launch(pool, room)
            self._write_accepted()
            if self._in_flight:
                self._record(self._gather())
            elif self._stopped:
                return

    def _gather(self) -> list[Future[Outcome]]:
        """The next finished call and others that finish within moments, until half of those under
        way have; then all that are there."""
        done, until = [self._finished.get()], time.monotonic() + GATHERING
        with suppress(Empty):
            while len(done) < len(self._in_flight):
                is_enough = 2 * len(done) >= len(self._in_flight)
                seconds = 0.0 if is_enough else max(0.0, until - time.monotonic())
                done.append(self._finished.get(timeout=seconds))
        return done

    def _claim(self, ready_by: datetime) -> list[Row[Any]]:
        if not self._brakes.may_claim():
            return []
        one_round = self._channel.concurrency * self._channel.batch_size
        return claim(
            self._ledger,
            self._due,
            self._channel.name,
            clock=self._clock,
            ready_by=ready_by,
            token=self._token,
            limit=max(self._channel.batch_size, min(CLAIM_SIZE, CLAIM_ROUNDS * one_round)),
        )

    def _seconds_to_next(self, ready_by: datetime) -> float | None:
        return seconds_to_next(
            self._ledger,
            self._due,
            self._channel.name,
            now=self._clock.now(),
            ready_by=ready_by,
        )

    def _patiently(self, act: Callable[[], T]) -> T:
        return patiently(act, self._sleep)

    def _launch(self, pool: ThreadPoolExecutor, room: int) -> None:
        """Begin as many calls as may be under way, once the pace allows it."""
        limit = self._pace.batch_limit
        try:
            requests = self._packing.next(room, now=self._clock.now(), limit=limit)
        except UnpreparedError as failed:
            self._give_back(failed)
            return None
        if not requests:
            return None
        under_way = sum(len(request.message_ids) for request in self._in_flight.values())
        under_way += sum(len(it.request.message_ids) for it in self._accepted)
        in_hand = len(self._packing.rows) - under_way
        rows = self._rows_of(requests)
        self._rest(self._patiently(partial(self._pace.seconds_until, rows, in_hand=in_hand)))
        while True:
            try:
                return self._begin(pool, requests)
            except _PausedError as pause:
                self._rest(pause.seconds)
            except LedgerUnavailable:
                self._write_accepted()
                return self._take_back(requests)
            except _ClaimLostError:
                return self._packing.forget([row.message_id for row in self._rows_of(requests)])

    def _rest(self, seconds: float) -> None:
        """Wait; for long only once the responses to the calls under way are written down, as others
        call a message unknown that has none for too long."""
        if seconds > 0:
            self._write_accepted()
        if seconds > SHORT_REST and self._in_flight:
            self._record([self._finished.get() for _ in self._in_flight])
            self._write_accepted()
            seconds = max(seconds, self._pace.asked_to_wait)
        if seconds > 0:
            self._sleep(seconds)

    def _begin(self, pool: ThreadPoolExecutor, requests: Sequence[Request]) -> None:
        """Look again and record the intent in one transaction; once it is durable, call.

        The same transaction writes down which calls before were accepted.
        """
        try:
            begun = self._record_intent(self._ledger.write_own, requests)
        except _attempts.SettledByOthersError:
            begun = self._record_intent(self._ledger.write, requests)
        now, looked_at, refused = begun
        going = [it for it in looked_at if refused.keys().isdisjoint(it.message_ids)]
        self._pace.begin(going)
        for request in going:
            call = pool.submit(_attempts.call, self._channel, request, self._clock, now)
            self._in_flight[call] = request
            call.add_done_callback(self._finished.put)
        for request in looked_at:
            if not refused.keys().isdisjoint(request.message_ids):
                self._packing.put_back(request, without=refused)
        self._report.count_refusals(refused)

    def _record_intent(
        self,
        transaction: Callable[[], AbstractContextManager[Connection]],
        requests: Sequence[Request],
    ) -> tuple[datetime, Sequence[Request], Mapping[str, Rule]]:
        """The moment of the intent, and what `_intend` has."""
        with transaction() as connection:
            accepted = self._accepted
            counts = self._finish(connection, accepted, self._clock.now()) if accepted else []
            # What was accepted is ours alone; only from here on workers go one after another.
            look_alone(connection)
            now = self._clock.now()
            looked_at, refused = self._intend(connection, requests, now)
        self._settle(accepted, counts)
        return now, looked_at, refused

    def _intend(
        self, connection: Connection, requests: Sequence[Request], now: datetime
    ) -> tuple[Sequence[Request], Mapping[str, Rule]]:
        """The last look: the requests that nothing stops, and what the guard refuses of them. The
        intent of all others is recorded."""
        standing = self._brakes.look(connection, now=now)
        self._brakes.look_at(self._rows_of(requests))
        if reason := why_hold_no_more(connection, requests, now=now):
            self._brakes.stop_run(reason)
        if self._stopped:
            return [], {}
        if seconds := self._pace.heed(connection, standing):
            raise _PausedError(seconds)
        requests = self._without_stopped(connection, requests, now)
        refused = refuse(
            connection,
            self._rows_of(requests),
            token=self._token,
            now=now,
            caps=self._caps,
            shop_timezone=self._settings.shop_timezone,
            budgets=self._budgets,
        )
        going = [r for r in requests if refused.keys().isdisjoint(r.message_ids)]
        if not _attempts.begin(
            connection, self._channel, going, self._packing.rows, token=self._token, now=now
        ):
            raise _ClaimLostError
        return requests, refused

    def _rows_of(self, requests: Sequence[Request]) -> list[Row[Any]]:
        return [self._packing.rows[key] for request in requests for key in request.message_ids]

    def _without_stopped(
        self, connection: Connection, requests: Sequence[Request], now: datetime
    ) -> Sequence[Request]:
        """The requests in hand, or none where one has a message of a part that is stopped: then
        what is left of them is packed anew."""
        parts = self._brakes.stopped_parts
        if not any(part.holds(row) for part in parts for row in self._rows_of(requests)):
            return requests
        for request in requests:
            self._packing.put_back(request, without=())
        self._drop_stopped(connection, now)
        return []

    def _drop_stopped(self, connection: Connection, now: datetime) -> None:
        """Give back what the run holds of a step or a sender that is stopped."""
        for part in self._brakes.stopped_parts:
            dropped = self._packing.drop(part.holds)
            _attempts.give_back(connection, dropped, token=self._token, now=now)

    def _give_back(self, failed: UnpreparedError) -> None:
        """Put off messages for which the provider gave no batch."""
        seconds, now = self._pace.learn(failed.outcome), self._clock.now()
        trips = find_trips(self._channel, failed.outcome, self._pace, [])

        def write(connection: Connection) -> None:
            _attempts.give_back(
                connection, failed.message_ids, token=self._token, now=now, wait=seconds
            )
            self._draw_conclusions(connection, trips, now)

        self._write_down(write)

    def _take_back(self, requests: Sequence[Request]) -> None:
        """Undo an intent of which nobody knows whether it is in the ledger; no call was made."""
        now, not_sent = self._clock.now(), Outcome("not_sent", "ledger")
        keys = [key for request in requests for key in request.message_ids]
        # The messages that the failed transaction let go of were not begun in it.
        begun = [
            _attempts.Finished(request, not_sent, 0.0)
            for request in requests
            if self._packing.rows.keys() >= set(request.message_ids)
        ]

        def write(connection: Connection) -> None:
            self._finish(connection, begun, now)
            _attempts.give_back(connection, keys, token=self._token, now=now)

        self._write_down(write)
        self._packing.drop(lambda row: row.message_id in keys)
        self._packing.forget(keys)

    def _record(self, done: Iterable[Future[Outcome]]) -> None:
        """Take what calls came to. Where all were accepted, the next intent writes it down; else
        it is written at once, with the conclusions for the next calls."""
        calls: list[_attempts.Finished] = []
        trips: list[Trip] = []
        for future in done:
            request, outcome = self._in_flight.pop(future), future.result()
            wait = self._pace.learn(outcome, request)
            calls.append(_attempts.Finished(request, outcome, wait))
            trips += find_trips(self._channel, outcome, self._pace, self._rows_of([request]))
        are_accepted = all(it.outcome.kind == "accepted" for it in calls)
        if are_accepted and not trips and not self._pace.has_news:
            self._accepted += calls
            return
        now = self._clock.now()

        def write(connection: Connection) -> list[dict[State, int]]:
            counts = self._finish(connection, calls, now)
            self._draw_conclusions(connection, trips, now)
            return counts

        self._settle(calls, self._write_down(write))

    def _write_accepted(self) -> None:
        """Write down the accepted calls that no intent has taken along."""
        accepted, now = self._accepted, self._clock.now()
        if accepted:
            write = partial(self._finish, calls=accepted, now=now)
            self._settle(accepted, self._write_down(write, is_own=True))

    def _settle(
        self, calls: Sequence[_attempts.Finished], counts: Sequence[dict[State, int]]
    ) -> None:
        """Let go of calls that are written down."""
        self._accepted = [it for it in self._accepted if it not in calls]
        settled = 0
        for it, ended in zip(calls, counts, strict=True):
            settled += self._report.count(it.request, it.outcome, ended)
            self._packing.settle(it.request, it.outcome)
        self._on_progress(settled)

    def _finish(
        self, connection: Connection, calls: Sequence[_attempts.Finished], now: datetime
    ) -> list[dict[State, int]]:
        return _attempts.finish(connection, calls, self._packing.rows, token=self._token, now=now)

    def _draw_conclusions(
        self, connection: Connection, trips: Sequence[Trip], now: datetime
    ) -> None:
        """Stop what must stop, for everybody, and share what was learned."""
        self._brakes.stop(connection, trips, now=now)
        self._drop_stopped(connection, now)
        self._pace.share(connection, now=now)

    def _write_down(self, write: Callable[[Connection], T], *, is_own: bool = False) -> T:
        """Commit what has happened, which nothing undoes; `is_own`: to rows of ours alone.

        While the ledger is away, `write` is called again.
        """

        def commit(transaction: Callable[[], AbstractContextManager[Connection]]) -> T:
            with transaction() as connection:
                return write(connection)

        if is_own:
            with suppress(_attempts.SettledByOthersError):
                return self._patiently(partial(commit, self._ledger.write_own))
        return self._patiently(partial(commit, self._ledger.write))
