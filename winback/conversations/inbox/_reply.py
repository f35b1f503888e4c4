"""Replying: one message of a human's to one person, by the protocol of every send.

It is planned and sent as an automated reply is, and what somebody wrote gets one of either. It is
no marketing: no cap holds it, nor the pause of a conversation, but nobody who opted out gets one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from sqlalchemy import Connection, select

from winback import conversations, sending
from winback.base.clock import Clock
from winback.base.errors import UsageError, WinbackError
from winback.base.project import project_vars
from winback.base.settings import Settings
from winback.conversations.inbox._read import find
from winback.ledger import REPLIES, Ledger, LedgerFenced, tables

State = Literal["sent", "waiting", "failed", "unknown"]

# A provider drops a reply that it could not hand over by then: a late one helps nobody.
LEAVES_WITHIN: Final = timedelta(hours=1)
# What Twilio takes as one message; longer mails are no replies either.
LONGEST: Final = 1_600
_STATES: Final[dict[str, State]] = {
    "accepted": "sent",
    "planned": "waiting", "claimed": "waiting", "deferred": "waiting",
    "sending": "unknown", "unknown": "unknown", "unknown_final": "unknown",
}  # fmt: skip
_NO_SENDER: Final = {
    "email": "emails have no sender: set WINBACK_FROM_EMAIL, and have email in WINBACK_CHANNELS",
    "phone": "texts have no sender: set WINBACK_TWILIO_MESSAGING_SERVICE_SID, and have sms in "
    "WINBACK_CHANNELS",
}
_REFUSED: Final = {
    "suppressed": "{reference} is suppressed: they opted out, or the address is bad, and no reply "
    "may go there. Next: winback inbox resolve {reference}",
    "hours": "{reference} gets no text now: replies go out between {hours} where they live. "
    "Next: the same command then",
    "under_way": "another reply in {reference} is under way, maybe an automated one. "
    "Next: winback inbox --whole",
    "may_have_left": "a reply in {reference} may have left and is never sent again. Next: look "
    "at the provider's log, then winback inbox resolve {reference}",
    "same_words": "{reference} has got this very reply. Next: winback inbox",
    "answered": "{reference} has got a reply. Next: winback inbox --whole, then the same command "
    "with --again to send another",
}


@dataclass(frozen=True)
class Replied:
    """The outcome of a reply; `is_open` if the conversation waits for something more."""

    state: State
    reason: str
    is_open: bool


def reply(
    ledger: Ledger,
    settings: Settings,
    clock: Clock,
    reference: str,
    text: str,
    *,
    again: bool = False,
) -> Replied:
    """Send one reply to a person who waits; the same command again finishes what it began.

    A reply that left closes the conversation, unless it holds a doubt (`hold`) that only
    `resolve` releases, or more was written meanwhile. `again` allows another one, in other words,
    to who has got theirs. Raises LedgerFenced for a copied ledger, UsageError for a wrong
    reference, text or setting, WinbackError where it must not be sent.
    """
    if ledger.fenced:
        raise LedgerFenced(ledger.fenced)
    text = text.strip()
    if not 0 < len(text) <= LONGEST:
        raise UsageError(f"a reply has 1 to {LONGEST:,} characters, this one {len(text):,}")
    with ledger.write() as connection:
        conversation_id, message_id = _plan(connection, settings, clock, reference, text, again)
    report = sending.send_due(ledger, settings, clock, playbook_id=REPLIES)
    conversations.close_replied(ledger, clock)
    m, c = tables.messages.c, tables.conversations.c
    with ledger.read() as connection:
        sent = connection.execute(
            select(m.state, m.state_reason, m.channel).where(m.message_id == message_id)
        ).one()
        waits = select(c.waiting_since).where(c.conversation_id == conversation_id)
        is_open = connection.scalar(waits) is not None
    reason = report.stopped.get(sent.channel, "") if sent.state in {"planned", "deferred"} else ""
    return Replied(_STATES.get(sent.state, "failed"), reason or sent.state_reason or "", is_open)


def _plan(  # noqa: PLR0917 - private
    connection: Connection,
    settings: Settings,
    clock: Clock,
    reference: str,
    text: str,
    again: bool,
) -> tuple[str, str]:
    """Look again and freeze the reply, in one transaction; the conversation and the message."""
    conversation, replies = find(connection, reference, closed=again)
    newest, m = replies[-1], tables.messages
    message = connection.execute(select(m).where(m.c.message_id == newest.message_id)).first()
    now = clock.now()
    planned = conversations.plan_reply(
        connection,
        settings,
        to=newest,
        message=message,
        text=text,
        written_by="human",
        now=now,
        leaves_by=now + LEAVES_WITHIN,
        again=again,
    )
    if isinstance(planned, conversations.NotPlanned):
        raise _error(planned.reason, reference, newest.channel_group)
    return conversation.conversation_id, planned.message_id


def _error(reason: str, reference: str, group: str) -> WinbackError:
    """One line: why the reply is not sent, and what to do."""
    if reason == "no_sender":
        return UsageError(_NO_SENDER[group])
    rules = project_vars()
    opens, closes = (rules[f"reply_{end}_minute"] for end in ("opens", "closes"))
    hours = f"{opens // 60}:{opens % 60:02} and {closes // 60}:{closes % 60:02}"
    return WinbackError(_REFUSED[reason].format(reference=reference, hours=hours))
