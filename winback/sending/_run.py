"""One channel's run: keeps its calls in flight and the ledger one commit ahead of them."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from winback.channels import Channel, Outcome, Outgoing, Request
from winback.clock import Clock
from winback.ledger import Ledger, State, transition
from winback.project import project_vars
from winback.sending import _attempts, _gates
from winback.sending._due import Due, claim, seconds_to_next
from winback.sending._guard import Caps, Rule, refusals
from winback.sending._report import SendReport
from winback.settings import Settings

# Messages claimed at once: bounds memory, and what a killed run holds.
CLAIM_SIZE = 1_000
# How often, and how long at most, one run waits for messages that backed off.
ROUNDS = 6
LONGEST_WAIT = 60.0
NOT_SENT_IN_A_ROW = 10


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
        self._batch_size = channel.batch_size
        self._in_flight: dict[Future[Outcome], Request] = {}
        self._messages: dict[str, Row[Any]] = {}
        self._not_sent = self._unknown = self._deferred = 0
        # Monotonic moments before which no call may start.
        self._paced_until = self._paused_until = 0.0

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
                size = free * self._batch_size
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
        self._keep_pace(len(group))
        now = self._clock.now()
        try:
            with self._ledger.write() as connection:
                if reason := _gates.why_stopped(connection, self._channel.name, now=now):
                    self._stop(reason)
                    return []
                refused = self._refuse(connection, group, now)
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
        self._report.refused_by_guard.update(refused.values())
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
        size = self._batch_size
        return [
            request
            for start in range(0, len(outgoing), size)
            for request in self._channel.prepare(outgoing[start : start + size], now=now)
        ]

    def _refuse(
        self, connection: Connection, group: Sequence[Row[Any]], now: datetime
    ) -> dict[str, Rule]:
        """Take out of the group what the guard forbids, and say so in the ledger."""
        refused = refusals(
            connection,
            group,
            now=now,
            caps=self._caps,
            shop_timezone=self._settings.shop_timezone,
            answer_pause=timedelta(hours=project_vars()["answer_pause_hours"]),
        )
        final: dict[Rule, State] = {"suppression": "suppressed", "range": "expired"}
        for key, rule in refused.items():
            state = final.get(rule, "planned")
            row = {"message_id": key, "state_reason": f"guard:{rule}", "claim_token": None}
            if state == "planned":
                # Parked: only a new plan, by a new look in SQL, gives it a window again.
                row |= {"not_before": None, "lease_until": None}
            else:
                self._report.counts[state] += 1
            transition(
                connection, [row], state, from_states=("claimed",), at=now, claim_token=self._token
            )
        return refused

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
                settled += self._count(request, outcome, counts)
            if self._stopped:
                reason = self._report.stopped[self._channel.name]
                _gates.open_gate(connection, self._channel.name, reason=reason, now=now)
        for request, _ in finished:
            for key in request.message_ids:
                del self._messages[key]
        self._on_progress(settled)

    def _count(self, request: Request, outcome: Outcome, counts: dict[State, int]) -> int:
        self._report.attempts[outcome.kind] += 1
        ended = {s: n for s, n in counts.items() if s in {"accepted", "rejected", "unknown"}}
        self._report.counts.update(ended)
        if outcome.kind == "unknown":
            self._report.unknown_ids += request.message_ids
        return sum(ended.values())

    def _learn(self, request: Request, outcome: Outcome) -> float:
        """Count troubles in a row, stop the channel if need be; seconds to back off."""
        self._not_sent = self._not_sent + 1 if outcome.kind == "not_sent" else 0
        self._unknown = self._unknown + 1 if outcome.kind == "unknown" else 0
        self._deferred = self._deferred + 1 if outcome.kind == "deferred" else 0
        if outcome.reason == "too_large":
            self._batch_size = max(1, len(request.message_ids) // 2)
        if outcome.stops_channel:
            self._stop(_refusal_line(self._channel, outcome))
        elif self._not_sent >= NOT_SENT_IN_A_ROW:
            self._stop(
                f"{self._channel.provider} can't be reached ({outcome.reason}, {self._not_sent} "
                "times in a row). Nothing is lost: run again."
            )
        elif self._unknown >= self._channel.unknowns_in_a_row:
            self._stop(
                f"{self._unknown} calls in a row without a clear answer ({outcome.reason}). They "
                "are not repeated; the rest waits: run again when the provider is well."
            )
        return self._back_off(outcome)

    def _back_off(self, outcome: Outcome) -> float:
        if outcome.kind not in {"not_sent", "deferred"}:
            return 0.0
        failures = max(1, -(-(self._not_sent + self._deferred) // self._channel.concurrency))
        ceiling = min(LONGEST_WAIT, 0.5 * 2**failures)
        jittered = ceiling * (0.5 + secrets.randbelow(500) / 1000)
        seconds = jittered if outcome.retry_after is None else outcome.retry_after
        pause = min(seconds, LONGEST_WAIT)
        self._paused_until = max(self._paused_until, time.monotonic() + pause)
        return seconds

    def _keep_pace(self, messages: int) -> None:
        """Wait until the operator's rate and the provider's own wish allow more calls."""
        start = max(self._paced_until, self._paused_until, time.monotonic())
        if (seconds := start - time.monotonic()) > 0:
            self._sleep(seconds)
        if self._channel.per_second:
            self._paced_until = start + messages / self._channel.per_second


def _refusal_line(channel: Channel, outcome: Outcome) -> str:
    what = f"{channel.provider} answered {outcome.status}"
    what += f" (code {outcome.code})" if outcome.code else ""
    if outcome.reason == "sandbox_mode":
        return f"{what} where 202 was due: its sandbox mode drops mail. Switch it off."
    advice = {
        "auth": "check the credentials and their permissions",
        "config": "check the sender and its settings at the provider",
        "content": "check this step's template",
    }[outcome.reason]
    return f"{what}: {advice}, then run again. What was not sent still waits."
