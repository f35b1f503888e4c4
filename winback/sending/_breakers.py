"""Breakers: what of a provider's answers stops a channel, and the one line that tells it."""

from __future__ import annotations

from winback.channels import Channel, Outcome
from winback.sending._pacing import Pace

NOT_SENT_IN_A_ROW = 10


def why_stop(channel: Channel, outcome: Outcome, pace: Pace) -> str:
    """The reason for which no further call may start; empty if the run goes on."""
    if outcome.stops_channel:
        return _refusal_line(channel, outcome)
    if pace.not_sent >= NOT_SENT_IN_A_ROW:
        return (
            f"{channel.provider} can't be reached ({outcome.reason}, {pace.not_sent} "
            "times in a row). Nothing is lost: run again."
        )
    if pace.unknown >= channel.unknowns_in_a_row:
        return (
            f"{pace.unknown} calls in a row without a clear answer ({outcome.reason}). They "
            "are not repeated; the rest waits: run again when the provider is well."
        )
    return ""


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
