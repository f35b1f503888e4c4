"""Breakers: what of a provider's answers stops a channel, and the one line that tells it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from winback.channels import Channel, Outcome
from winback.sending._due import Part
from winback.sending._pacing import Pace

NOT_SENT_IN_A_ROW = 10
# A few people whose mail is refused for no given reason don't make so many in a row: between
# them, the halves without them are taken.
UNEXPLAINED_IN_A_ROW = 10


def why_stop(channel: Channel, outcome: Outcome, pace: Pace) -> str:
    """The reason for which no further call may start; empty if the run goes on."""
    if outcome.stops == "channel":
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
    if pace.unexplained >= UNEXPLAINED_IN_A_ROW:
        return (
            f"{channel.provider} answered {outcome.status} without saying why, "
            f"{pace.unexplained} times in a row, however small the request: look into its "
            "activity page, then run again. What was not sent still waits."
        )
    return ""


def why_set_aside(
    channel: Channel, outcome: Outcome, messages: Sequence[Row[Any]]
) -> dict[Part, str]:
    """The steps or the sender that a refused request stops for the rest of the run, and why."""
    if outcome.stops == "step":
        parts = {Part(playbook_id=row.playbook_id, step=row.step) for row in messages}
    elif outcome.stops == "sender":
        parts = {Part(sender=row.sender) for row in messages}
    else:
        return {}
    return dict.fromkeys(parts, _refusal_line(channel, outcome))


def _refusal_line(channel: Channel, outcome: Outcome) -> str:
    what = f"{channel.provider} answered {outcome.status}"
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
