"""Which events are applied together: those of different people, and alike ones of one person.

What one person did is applied in its order, a turn after another. A text that somebody sends a
thousand times takes one turn, so that it delays nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from winback.inbound._series import is_word_of_a_series
from winback.providers import Event
from winback.replies import is_listed

# Words that mean something else by what was asked before, or to who is opted out.
_ANSWERS: Final = ("confirm", "decline", "start_if_opted_out")


def turns(events: Sequence[Event], whose: Sequence[set[str]]) -> list[list[Event]]:
    """First what each person did first and more of the same, then what each did next, and so on.

    `whose` are the people whom each event may concern.
    """
    taken, last = list[list[Event]](), dict[str, tuple[int, Event]]()
    for event, people in zip(events, whose, strict=True):
        before = [last[person] for person in people if person in last]
        turn = max((number for number, _ in before), default=0)
        if any(number == turn and not _are_alike(other, event) for number, other in before):
            turn += 1
        last |= dict.fromkeys(people, (turn, event))
        if turn == len(taken):
            taken.append([])
        taken[turn].append(event)
    return taken


def _are_alike(one: Event, other: Event) -> bool:
    """Whether two events of one person leave the same, applied together or one after another."""
    effect = _effect(one)
    if effect is None or effect != _effect(other):
        return False
    return not any(_answers(words) for words in {_words(one), _words(other)})


def _effect(event: Event) -> tuple[str, bool] | None:
    """What a reply does to its sender's address; None of an event that may do anything."""
    reply = event.reply
    if event.kind != "replied" or event.message_id or reply is None or reply.reading is None:
        return None
    intent = reply.provider_intent or reply.reading.intent
    return intent if intent in {"stop", "start"} else "", event.is_vouched_for


def _words(event: Event) -> str:
    return event.reply.reading.words if event.reply and event.reply.reading else ""


def _answers(words: str) -> bool:
    return any(is_listed(words, kind) for kind in _ANSWERS) or is_word_of_a_series(words)
