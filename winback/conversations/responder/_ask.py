"""Asking a responder, with both fences around it: every automated reply passes here."""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from typing import Final

from winback.conversations.responder._input import Thread, conversation_of
from winback.conversations.responder._output import framed
from winback.conversations.responder._seam import Conversation, Draft, Facts, HandOver, Responder

log = logging.getLogger(__name__)

# A model that takes longer is as good as none: the question waits for a human.
PATIENCE_SECONDS: Final = 30.0


def ask(
    responder: Responder,
    thread: Thread,
    facts: Facts,
    *,
    now: datetime,
    replies_per_day: int,
    patience: float = PATIENCE_SECONDS,
) -> Draft | HandOver:
    """The reply to a thread exactly as it may be sent, or why a human must reply.

    Raises nothing, whatever the responder does.
    """
    conversation = conversation_of(thread, now=now, replies_per_day=replies_per_day)
    if isinstance(conversation, HandOver):
        return conversation
    given = _ask_in_time(responder, conversation, facts, patience)
    if isinstance(given, HandOver):
        return HandOver(str(given.reason)[:60])
    if not isinstance(given, Draft):
        return HandOver("fence_empty")
    text = framed(given.text, facts)
    return text if isinstance(text, HandOver) else Draft(text)


def _ask_in_time(
    responder: Responder, conversation: Conversation, facts: Facts, patience: float
) -> object:
    """The responder's draft, in time; a responder can't stop the run by failing or hanging."""
    given: list[object] = []

    def call() -> None:
        try:
            given.append(responder.respond(conversation, facts))
        except BaseException as error:  # noqa: BLE001  # a plugged one may raise anything
            log.warning("the responder failed: %s", type(error).__name__)
            given.append(HandOver("responder_failed"))

    thread = threading.Thread(target=call, name="winback-responder", daemon=True)
    thread.start()
    thread.join(patience)
    return given[0] if given else HandOver("responder_too_slow")
