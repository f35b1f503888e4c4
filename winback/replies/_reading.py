"""How a reply is read: what we sent is taken out, a reaction is one, and the rest is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from winback.replies._classify import Intent, intent_below, intent_of, is_listed, is_positive
from winback.replies._plain import clean
from winback.replies._quoted import own_words, shortened, without_our_lines, without_ours
from winback.replies._reactions import Reaction, reaction

# The order of several readings: the one that speaks to fewest people counts.
_GRAVEST_FIRST: Final[tuple[Intent, ...]] = (
    "stop", "hold", "question", "help", "feedback", "start", "other",
)  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """A reply's intent and what of it is theirs; a reaction is no answer to a question of ours."""

    intent: Intent
    words: str
    is_praise: bool = False
    is_reaction: bool = False

    def intent_of(self, *, is_opted_out: bool) -> Intent:
        """The intent of who is opted out, or is not: a bare "yes" of the first means start."""
        may_start = is_opted_out and self.intent not in {"stop", "hold"}
        return "start" if may_start and is_listed(self.words, "start_if_opted_out") else self.intent


# Of a reply that nothing of ours can read: nobody writes to them until a person has.
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
        found.append("hold")  # more was written than is read; or is it theirs after all?
    intent = _graver(found) or intent
    return Reading(intent, theirs, is_praise=intent == "other" and is_positive(theirs))


def classify(text: str, *, is_opted_out: bool = False) -> Intent:
    """The intent of one reply. `is_opted_out` lets a bare "yes" mean start."""
    return read_reply(text).intent_of(is_opted_out=is_opted_out)


def their_words(text: str) -> str:
    """What somebody wrote themselves, without quotes and a phone's words around a reaction."""
    return read_reply(text).words


def _graver(found: Sequence[Intent]) -> Intent | None:
    graver: tuple[Intent, ...] = ("stop", "hold")
    return next((it for it in graver if it in found), None)


def _of_reaction(reacted: Reaction) -> Reading:
    """What stands beside our words is theirs; the reaction itself never opts out."""
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
    """Without the lines that we sent as they stand; all of it where nothing else is left."""
    lines = text.splitlines()
    theirs = without_our_lines(lines, sent)
    if len(theirs) == len(lines) or not (has_quote or any(map(clean, theirs))):
        return text
    return "\n".join(theirs).strip()
