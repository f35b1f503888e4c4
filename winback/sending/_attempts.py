"""Attempts in the ledger: the intent before a call, and what the call came to after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from winback.base.clock import Clock
from winback.ledger import (
    TRANSITIONS,
    Also,
    Proof,
    State,
    among,
    channel_group,
    is_beside_others,
    is_withdrawn,
    prove_accepted,
    suppress,
    tables,
    texts,
    transition,
)
from winback.providers import Channel, Kind, Outcome, Request

# One call ends well within this: 5 s to connect, 20 s to write, 30 s of silence.
DEADLINE = timedelta(seconds=60)
# After the deadline the process must not be sending any more.
LEASE_AFTER_DEADLINE = timedelta(seconds=60)

# A refusal for these is one of a message, where the request holds no other.
_ITS_OWN_FAULT = frozenset({"too_large", "unexplained", "content"})
_IN_FLIGHT: tuple[State, ...] = ("sending", "unknown")
_OUTCOME = select(tables.attempts.c.outcome).where(tables.attempts.c.attempt_id == bindparam("key"))
# The messages that this run has just accepted. A claim that is gone was taken by others who settled
# the message.
_OURS = select(tables.messages.c.message_id, tables.messages.c.provider_id).where(
    among(tables.messages.c.message_id, texts("keys")),
    tables.messages.c.state.concat("") == "accepted",
    tables.messages.c.claim_token == bindparam("token"),
)
_STATE_AFTER: dict[Kind, State] = {
    "accepted": "accepted",
    "deferred": "deferred",
    "refused": "planned",
    "not_sent": "planned",
    "unknown": "unknown",
}


class SettledByOthersError(Exception):
    """A message is not in our hands any more: what is known of it needs the one writer's turn."""


def begin(
    connection: Connection,
    channel: Channel,
    requests: Sequence[Request],
    messages: Mapping[str, Row[Any]],
    *,
    token: str,
    now: datetime,
) -> bool:
    """Record that these requests are about to go out; False if a claim was lost meanwhile.

    The caller commits before any socket opens, and rolls back on False.
    """
    deadline = now + DEADLINE
    sending = [
        {
            "message_id": key,
            "attempt_no": messages[key].attempt_no + 1,
            "lease_until": deadline + LEASE_AFTER_DEADLINE,
            "provider": channel.provider,
            "next_at": None,
        }
        for request in requests
        for key in request.message_ids
    ]
    moved = transition(
        connection,
        sending,
        "sending",
        from_states=("claimed",),
        at=now,
        claim_token=token,
        also=_attempts_of(channel, requests, messages, started_at=now, deadline_at=deadline),
    )
    return moved == len(sending)


def call(channel: Channel, request: Request, clock: Clock, begun_at: datetime) -> Outcome:
    """Make the one call, unless its time is over.

    A machine that slept since the intent was recorded must not send any more: others call the
    message unknown by now, and may have found out that it did not leave.
    """
    if clock.now() >= begun_at + DEADLINE:
        return Outcome("not_sent", "too_late")
    return channel.send(request)


def give_back(
    connection: Connection,
    message_ids: Sequence[str],
    *,
    token: str,
    now: datetime,
    wait: float = 0.0,
) -> None:
    """Unclaim messages that no call was begun for; they may go again after `wait` seconds."""
    free: dict[str, Any] = {"claim_token": None, "lease_until": None}
    free["next_at"] = now + timedelta(seconds=wait) if wait else None
    rows = [{"message_id": key, **free} for key in message_ids]
    transition(connection, rows, "planned", from_states=("claimed",), at=now, claim_token=token)


@dataclass(frozen=True)
class Finished:
    """What a request came to; `wait` is the seconds before a message that was provably not taken
    may go again."""

    request: Request
    outcome: Outcome
    wait: float


def finish(
    connection: Connection,
    calls: Sequence[Finished],
    messages: Mapping[str, Row[Any]],
    *,
    token: str,
    now: datetime,
) -> list[dict[State, int]]:
    """Record what requests came to; for each, how many messages went to which state.

    A message that a callback has already bound as accepted stays so. Raises SettledByOthersError
    where others had a hand in it and the transaction is one of `write_own`.
    """
    settled = [it for it in calls if not _is_withdrawn_or_may_be(connection, it, now)]
    ends = {it.request.attempt_id: _destinations(it.request, it.outcome) for it in settled}
    moves: dict[State, list[dict[str, Any]]] = {}
    for it in settled:
        for state, keys in ends[it.request.attempt_id].items():
            rows = [_changed(messages[key], state, it, now=now) for key in keys]
            moves.setdefault(state, []).extend(rows)
    endings = Also(tables.attempts, _endings(settled, finished_at=now), "attempt_id")
    is_own = is_beside_others(connection)
    for state, rows in moves.items():
        origins = tuple(origin for origin in _IN_FLIGHT if state in TRANSITIONS[origin])
        moved = transition(
            connection,
            rows,
            state,
            from_states=origins,
            at=now,
            claim_token=token,
            also=[endings] if is_own else [],
        )
        if state == "accepted" and moved < len(rows):
            if is_own:
                raise SettledByOthersError
            _prove(connection, settled, token=token, now=now)
    _suppress(connection, settled, messages, now=now)
    if not (is_own and moves):
        # Attempts come last: those before show whether this one is a second.
        endings.write(connection)
    return [_counts(it.request, ends.get(it.request.attempt_id)) for it in calls]


def _counts(request: Request, ended: Mapping[State, Sequence[str]] | None) -> dict[State, int]:
    """The number of messages by their new state; a withdrawn message stays unknown."""
    return {state: len(keys) for state, keys in (ended or {"unknown": request.message_ids}).items()}


def _is_withdrawn_or_may_be(connection: Connection, call: Finished, now: datetime) -> bool:
    """Whether held-back mail was taken, as we hear too late, only to be thrown away.

    Others called it unknown, and then it is withdrawn. If it leaves all the same, events report it.
    """
    request = call.request
    if call.outcome.kind != "accepted" or request.batch_id is None or request.send_at is None:
        return False
    known = connection.scalar(_OUTCOME, {"key": request.attempt_id})
    return known == "unknown" and (
        now < request.send_at or is_withdrawn(connection, request.attempt_id)
    )


def _prove(connection: Connection, calls: Sequence[Finished], *, token: str, now: datetime) -> None:
    """A response that came after its messages had been settled otherwise is true all the same.

    Most often a callback was faster. It may also have come so late that a message was given up
    or let go again: then it is accepted now, or, if its next attempt was, it went out twice.
    """
    accepted = [it for it in calls if it.outcome.kind == "accepted"]
    keys = [key for it in accepted for key in it.request.message_ids]
    ours = connection.execute(_OURS, {"keys": keys, "token": token}).all()
    just_now = {(row.message_id, row.provider_id) for row in ours}
    for it in accepted:
        for key in it.request.message_ids:
            if (key, it.outcome.provider_id) in just_now:
                continue
            proof = Proof(
                "response",
                key,
                it.request.attempt_id,
                accepted_at=now,
                seen_at=now,
                provider_id=it.outcome.provider_id,
            )
            prove_accepted(connection, proof, at=now)


def _suppress(
    connection: Connection,
    calls: Sequence[Finished],
    messages: Mapping[str, Row[Any]],
    *,
    now: datetime,
) -> None:
    """Suppress the addresses that the provider says opted out, or are dead."""
    stopped = [it for it in calls if it.outcome.suppresses]
    for it in stopped:
        for key in it.request.message_ids:
            suppress(
                connection,
                group=channel_group(messages[key].channel),
                address=messages[key].address,
                reason=it.outcome.reason,
                source=messages[key].channel,
                occurred_at=now,
                recorded_at=now,
            )


def _destinations(request: Request, outcome: Outcome) -> dict[State, list[str]]:
    """Where each message of a request goes: a batch may be refused for a few of its people."""
    keys = list(request.message_ids)
    if outcome.kind == "rejected":
        named = {keys[pos] for pos in outcome.positions if pos < len(keys)} or set(keys)
        others = [key for key in keys if key not in named]
        return {"rejected": [key for key in keys if key in named], "planned": others}
    if outcome.kind == "refused" and outcome.reason in _ITS_OWN_FAULT and len(keys) == 1:
        return {"rejected": keys}
    return {_STATE_AFTER[outcome.kind]: keys}


def _changed(message: Row[Any], state: State, call: Finished, *, now: datetime) -> dict[str, Any]:
    outcome = call.outcome
    row = {"message_id": message.message_id, "state_reason": outcome.reason}
    if state == "accepted":
        return row | {"provider_id": outcome.provider_id, "accepted_at": now, "lease_until": None}
    if state == "rejected":
        code = outcome.code or str(outcome.status or "")
        return row | {"reject_class": outcome.reason, "reject_code": code, "lease_until": None}
    if state == "unknown":
        return row | {"lease_until": None}
    # The provider provably did not take it, so it does not count as an attempt.
    waits = outcome.kind in {"deferred", "not_sent"}
    return row | {
        "attempt_no": message.attempt_no,
        "claim_token": None,
        "lease_until": None,
        "next_at": now + timedelta(seconds=call.wait) if waits else None,
    }


def _attempts_of(
    channel: Channel,
    requests: Sequence[Request],
    messages: Mapping[str, Row[Any]],
    *,
    started_at: datetime,
    deadline_at: datetime,
) -> list[Also]:
    attempts = [
        {
            "attempt_id": request.attempt_id,
            "channel": channel.name,
            "n_messages": len(request.message_ids),
            "request_sha256": request.sha256,
            "sg_batch_id": request.batch_id,
            "sg_send_at": request.send_at,
            "started_at": started_at,
            "deadline_at": deadline_at,
        }
        for request in requests
    ]
    positions = [
        {
            "attempt_id": request.attempt_id,
            "message_id": key,
            "pos": pos,
            "attempt_no": messages[key].attempt_no + 1,
        }
        for request in requests
        for pos, key in enumerate(request.message_ids)
    ]
    return [Also(tables.attempts, attempts), Also(tables.attempt_messages, positions)]


def _endings(calls: Sequence[Finished], *, finished_at: datetime) -> list[dict[str, object]]:
    return [
        {
            "attempt_id": it.request.attempt_id,
            "finished_at": finished_at,
            "outcome": it.outcome.kind,
            "http_status": it.outcome.status,
            "provider_code": it.outcome.code or None,
            "request_id": it.outcome.request_id,
            "x_message_id": it.outcome.provider_id,
            "retry_after": None if it.outcome.retry_after is None else int(it.outcome.retry_after),
            "error_text": None if it.outcome.kind == "accepted" else it.outcome.reason,
        }
        for it in calls
    ]
