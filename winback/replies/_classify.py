"""Classify a reply: what it asks for, on six levels from certain to doubtful.

Levels 1 to 3 act at once: 1. the whole message is a keyword; 2. a keyword stands with nothing but
politeness around it; 3. a phrase asks to be left alone. Levels 4 to 6 hold every message until a
person has read the reply: 4. a keyword stands inside a sentence; 5. the writer is angry, or is
somebody else; 6. no word of the script is known. A reply that says why the customer stayed away is
feedback, coded as a lapse reason. The words are data: replies.toml, refusals.toml. The text that we
sent is taken out first (_quoted, _reactions).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal, get_args

from winback.replies._forms import has_form, refuses
from winback.replies._lists import Span, contains, find, listed, names_somebody, surrounds, without
from winback.replies._plain import clean, is_foreign, readings
from winback.replies._stops import asks_to_be_left_alone, is_keyword, is_stop

Intent = Literal["stop", "start", "help", "hold", "feedback", "question", "other"]
LapseReason = Literal["price", "product", "service", "finished", "forgot", "other"]

_REASONS: Final[tuple[LapseReason, ...]] = get_args(LapseReason)
_QUESTION_MARKS: Final = ("?", "\uff1f", "\u061f", "\u037e")


def intent_of(text: str) -> Intent:
    """The intent of a customer's own words, without the quotation marks around them."""
    words = clean(text)
    if not words:
        return _by_signs(text)
    return "stop" if is_stop(text) else _intent_of_others(words, text)


def intent_below(lines: Sequence[str], *, is_known: bool) -> Intent:
    """The intent of the words below a quote whose lines bear no mark.

    A keyword alone on its line acts there. A sentence is the customer's for sure only where it
    remains after the mail that we sent is taken out; a person reads it.
    """
    words = [clean(line) for line in lines]
    keywords = [line for line in words if is_keyword(line)]
    if any(line not in listed("footers") for line in keywords):
        return "stop"
    if keywords and (is_known or keywords[-1] == next(filter(None, reversed(words)))):
        return "hold"
    if is_known and asks_to_be_left_alone(" ".join(words)):
        return "hold"
    if refuses(next(filter(None, reversed(words)), "").split()):
        return "hold"  # no mail of ours ends with this word
    return "other"


def _intent_of_others(words: str, text: str) -> Intent:
    if words in listed("start"):
        return "start"
    if words in listed("help"):
        return "help"
    if _must_be_read(words, text):
        return "hold"
    if any(mark in text for mark in _QUESTION_MARKS):
        return "question"
    is_told = f"{words} ".startswith("do not ")
    if words.split(" ", 1)[0] in listed("question_words") and not is_told:
        return "question"
    unclear: Intent = (
        "hold" if is_told else "other"
    )  # the thing that we are not to do may be anything
    return "feedback" if _first_named(words.split()) else unclear


def is_positive(text: str) -> bool:
    """Whether a reply holds thanks or praise and nothing else: it needs no reply."""
    words = clean(text).split()
    if not words:
        return any(sign in text for sign in listed("positive_signs"))
    rest = without(words, "positive")
    return rest != words and not set(rest) - listed("filler") - listed("positive_filler")


def plain_words(text: str) -> str:
    """A text in the form in which words are compared; empty if it has no words."""
    return clean(text)


def is_one_of(text: str, words: Iterable[str]) -> bool:
    """Whether the whole message is one of these words, whatever its case and punctuation."""
    said = clean(text)
    return bool(said) and said in map(clean, words)


def is_listed(text: str, kind: str) -> bool:
    """Whether the whole message stands in a list of replies.toml."""
    return clean(text) in listed(kind)


def lapse_reason(text: str) -> LapseReason | None:
    """Why somebody stayed away, by what they name first; None if they name nothing."""
    found = _first_named(clean(text).split())
    return found[1] if found else None


def lapse_words(text: str) -> str | None:
    """The phrase of replies.toml that names the reason; None if none does.

    Nothing else of what they wrote is in it: no name, no address, no number.
    """
    words = clean(text).split()
    found = _first_named(words)
    return " ".join(words[found[0].start : found[0].end]) if found else None


def _first_named(words: Sequence[str]) -> tuple[Span, LapseReason] | None:
    """The first phrase and its reason; of phrases that begin at one place, the longest."""
    found = [(span, reason) for reason in _REASONS for span in find(words, f"feedback_{reason}")]
    return min(found, key=lambda it: (it[0].start, -it[0].end, it[1]), default=None)


def _by_signs(text: str) -> Intent:
    """The intent of a message that has signs and no word."""
    if any(mark in text for mark in _QUESTION_MARKS):
        return "question"
    if any(sign in text for sign in listed("stop_signs")):
        return "stop"
    return "hold" if any(sign in text for sign in listed("hold_signs")) else "other"


def _must_be_read(words: str, text: str) -> bool:
    """Whether a person must read the reply: levels 4 to 6."""
    kinds = ("hold_words", "hold_phrases", "hold_negative", "stop_phrases")
    sentences = [without(read.split(), "innocent_phrases") for read in readings(text)]
    if words in listed("hold") or any(contains(sentence, *kinds) for sentence in sentences):
        return True
    if any(has_form(sentence, kind) for sentence in sentences for kind in ("stop", "hold")):
        return True
    if surrounds(words.split(), "hold_around") or _is_somebody_else(text):
        return True
    return is_foreign(text) and not _is_courtesy(sentences[0])


def _is_somebody_else(text: str) -> bool:
    """Whether the writer says that they are somebody else, as in "this is not Ann".

    A name begins with a capital and goes on with small letters.
    """
    found = names_somebody("not_somebody").search(text.replace("\u2019", "'"))
    return found is not None and found[1].isupper() and found[2].islower()


def _is_courtesy(words: Sequence[str]) -> bool:
    """Whether a reply is thanks, a greeting, a yes or a no in any script, and nothing else."""
    rest = without(without(words, "positive"), "yes_or_no")
    return not set(rest) - listed("filler") - listed("positive_filler")
