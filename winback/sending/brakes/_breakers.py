"""Breakers: which responses of a provider stop a channel, a step or a sender, and the line for
it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Row

from winback.providers import Channel, Outcome
from winback.sending._due import Part
from winback.sending.brakes._stops import StopKind
from winback.sending.pace._pacing import LONGEST_WAIT, Pace

NOT_SENT_IN_A_ROW: Final = 10
# One number without a route says nothing of the sender; ten in a row do.
REFUSED_IN_A_ROW: Final = 10
# A few people whose mail is refused for no given reason don't make so many in a row: between
# them, the halves without them are taken.
UNEXPLAINED_IN_A_ROW: Final = 10


@dataclass(frozen=True)
class Trip:
    """Why no further call may start; one line for the operator."""

    kind: StopKind
    line: str
    # The part that it stops; None: the whole channel.
    part: Part | None = None


def find_trips(
    channel: Channel, outcome: Outcome, pace: Pace, messages: Sequence[Row[Any]]
) -> list[Trip]:
    """What a call's outcome stops, if anything; `messages` are those of its request.

    A channel on trial has had its warnings: the first trouble stops it again.
    """
    if outcome.stops in {"step", "sender"}:
        line = _refusal_line(channel, outcome)
        kind = cast("StopKind", outcome.reason)
        return [Trip(kind, line, part) for part in _parts(outcome, messages)]
    trip = _trip(channel, outcome, pace)
    return [] if trip is None else [trip]


def pause_line(channel: Channel, seconds: float) -> str:
    """The line for a pause that is too long to sit out."""
    return f"{channel.provider} asks for a pause of {seconds:,.0f} s. Nothing is lost: run again."


def _trip(channel: Channel, outcome: Outcome, pace: Pace) -> Trip | None:
    if outcome.stops == "channel":
        return Trip(cast("StopKind", outcome.reason), _refusal_line(channel, outcome))
    if outcome.kind == "deferred" and (outcome.retry_after or 0) > LONGEST_WAIT:
        return Trip("rate_limit", pause_line(channel, outcome.retry_after or 0))
    return _trip_in_a_row(channel, outcome, pace)


def _trip_in_a_row(channel: Channel, outcome: Outcome, pace: Pace) -> Trip | None:
    row = pace.in_a_row
    if row["config"] >= _limit(pace, REFUSED_IN_A_ROW):
        return Trip("config", _refusal_line(channel, outcome))
    if row["not_sent"] >= _limit(pace, NOT_SENT_IN_A_ROW):
        return Trip(
            "unreachable",
            f"{channel.provider} can't be reached ({outcome.reason}, {row['not_sent']} "
            "times in a row). Nothing is lost: run again.",
        )
    if row["unknown"] >= _limit(pace, channel.unknowns_in_a_row):
        return Trip(
            "unclear",
            f"{row['unknown']} calls in a row without a clear response ({outcome.reason}). They "
            "are not repeated; the rest waits: run again when the provider is well.",
        )
    if pace.unexplained >= UNEXPLAINED_IN_A_ROW:
        return Trip(
            "unexplained",
            f"{channel.provider} responded {outcome.status} without saying why, "
            f"{pace.unexplained} times in a row, however small the request: look into its "
            "activity page, then run again. What was not sent still waits.",
        )
    return None


def _limit(pace: Pace, usual: int) -> int:
    return 1 if pace.is_trial else usual


def _parts(outcome: Outcome, messages: Sequence[Row[Any]]) -> set[Part]:
    if outcome.stops == "step":
        return {Part(playbook_id=row.playbook_id, step=row.step) for row in messages}
    return {Part(sender=row.sender) for row in messages}


def _refusal_line(channel: Channel, outcome: Outcome) -> str:
    what = f"{channel.provider} responded {outcome.status}"
    what += f" (code {outcome.code})" if outcome.code else ""
    if outcome.reason == "sandbox_mode":
        return f"{what} where 202 was due: its sandbox mode drops mail. Switch it off."
    advice = {
        "auth": "check the credentials and their permissions",
        "config": "check the sender and its settings at the provider",
        "content": "check this step's template",
        "no_batches": "let the key use mail/batch and user/scheduled_sends, or set "
        "WINBACK_EMAIL_MODE=immediate",
        "credits": "its credits are used up, so raise what the plan allows",
    }[outcome.reason]
    return f"{what}: {advice}, then run again. What was not sent still waits."
