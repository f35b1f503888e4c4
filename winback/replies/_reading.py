"""Read a reply: take out the text that we sent, tell reactions apart, classify the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from winback.replies._classify import Intent, intent_below, intent_of, is_listed, is_positive
from winback.replies._plain import clean
from winback.replies._quoted import own_words, shortened, without_our_lines, without_ours
from winback.replies._reactions import Reaction, reaction

# If a reply has several readings, the one that lets us write least counts.
_GRAVEST_FIRST: Final[tuple[Intent, ...]] = (
    "stop", "hold", "question", "help", "feedback", "start", "other",
)  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """A reply's intent and the customer's own words. A reaction answers no question of ours."""

    intent: Intent
    words: str
    is_praise: bool = False
    is_reaction: bool = False

    def intent_of(self, *, is_opted_out: bool) -> Intent:
        """The intent, which hangs on whether they opted out: a bare "yes" then means start."""
        may_start = is_opted_out and self.intent not in {"stop", "hold"}
        return "start" if may_start and is_listed(self.words, "start_if_opted_out") else self.intent


# The intent of a reply that can't be read: every message is held until a person has read it.
UNREAD: Final = Reading("hold", "")


def read_reply(text: str, *, sent: Sequence[str] = ()) -> Reading:
    """The reading of one reply. `sent` are the texts of ours that it may quote."""
    text = shortened(text)
    reacted = reaction(text)
    if reacted is not None:
        return _of_reaction(reacted)
    own = own_words(text)
    theirs = _without_our_lines(own.text, sent, has_quote=own.has_quote)
    intent = intent_of(theirs)
    found = [intent, intent_below(without_ours(own.below, sent), is_known=bool(sent))]
    if own.is_cut or (theirs != own.text and intent_of(own.text) == "stop"):
        # More was written than is read, or the quote may be the customer's after all.
        found.append("hold")
    intent = _graver(found) or intent
    return Reading(intent, theirs, is_praise=intent == "other" and is_positive(theirs))


def classify(text: str, *, is_opted_out: bool = False) -> Intent:
    """The intent of one reply. `is_opted_out` lets a bare "yes" mean start."""
    return read_reply(text).intent_of(is_opted_out=is_opted_out)


def their_words(text: str) -> str:
    """The customer's own words, without quotes and a phone's words around a reaction."""
    return read_reply(text).words


def _graver(found: Sequence[Intent]) -> Intent | None:
    graver: tuple[Intent, ...] = ("stop", "hold")
    return next((it for it in graver if it in found), None)


def _of_reaction(reacted: Reaction) -> Reading:
    """The reading of a reaction: only the words beside ours may opt out, a reaction never does."""
    beside = [one for one in reacted.beside if one]
    intents = {intent_of(one) for one in beside}
    words = beside[-1] if beside else ""
    if reacted.feeling == "bad":
        intents.add("hold")
    if reacted.feeling == "asking":
        intents.add("question")
    intent: Intent = next((it for it in _GRAVEST_FIRST if it in intents), "other")
    is_praise = intent == "other" and reacted.feeling == "good"
    return Reading(
        intent,
        words,
        is_praise=is_praise and (not clean(words) or is_positive(words)),
        is_reaction=not words,
    )


def _without_our_lines(text: str, sent: Sequence[str], *, has_quote: bool) -> str:
    """A text without the lines that we sent; the whole text if nothing else remains."""
    lines = text.splitlines()
    theirs = without_our_lines(lines, sent)
    if len(theirs) == len(lines) or not (has_quote or any(map(clean, theirs))):
        return text
    return "\n".join(theirs).strip()
