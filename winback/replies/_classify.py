"""What a reply asks for: `stop` and its kin by levels, from certain to doubtful.

1. the whole message is a keyword; 2. a keyword with nothing but politeness around it;
3. a phrase that asks to be left alone: these act. 4. a keyword inside a sentence, 5. anger, a
stranger at the other end, and 6. a script of which no word is known hold everything back until a
person has read it. Who says why they stayed away gives feedback, coded as a lapse reason. The
words are data: replies.toml, refusals.toml. What we ourselves sent is taken out first (_quoted,
_reactions).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal, get_args

from winback.replies._forms import has_form, refuses
from winback.replies._lists import contains, find, listed, names_somebody, surrounds, without
from winback.replies._plain import clean, is_foreign, readings
from winback.replies._stops import asks_to_be_left_alone, is_keyword, is_stop

Intent = Literal["stop", "start", "help", "hold", "feedback", "question", "other"]
LapseReason = Literal["price", "product", "service", "finished", "forgot", "other"]

_REASONS: Final[tuple[LapseReason, ...]] = get_args(LapseReason)
_QUESTION_MARKS: Final = ("?", "\uff1f", "\u061f", "\u037e")


def intent_of(text: str) -> Intent:
    """The intent of somebody's own words, whatever mark stands around them."""
    words = clean(text)
    if not words:
        return _by_signs(text)
    return "stop" if is_stop(text) else _intent_of_others(words, text)


def intent_below(lines: Sequence[str], *, is_known: bool) -> Intent:
    """What is said below a quote that marks no line. There a word alone acts; of a sentence only
    what is left of it after the mail that we know is theirs for sure, and is to be read."""
    words = [clean(line) for line in lines]
    keywords = [line for line in words if is_keyword(line)]
    if any(line not in listed("footers") for line in keywords):
        return "stop"
    if keywords and (is_known or keywords[-1] == next(filter(None, reversed(words)))):
        return "hold"
    if is_known and asks_to_be_left_alone(" ".join(words)):
        return "hold"
    if refuses(next(filter(None, reversed(words)), "").split()):
        return "hold"  # no mail of ours ends with it
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
    unclear: Intent = "hold" if is_told else "other"  # whatever it is that we are not to do
    return "feedback" if _reason(words.split()) else unclear


def is_positive(text: str) -> bool:
    """Thanks or praise and nothing else, so that nobody has to answer it."""
    words = clean(text).split()
    if not words:
        return any(sign in text for sign in listed("positive_signs"))
    rest = without(words, "positive")
    return rest != words and not set(rest) - listed("filler") - listed("positive_filler")


def plain_words(text: str) -> str:
    """A text as words are compared; empty where it has none."""
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
    return _reason(clean(text).split())


def _reason(words: Sequence[str]) -> LapseReason | None:
    """The first phrase decides, of several that begin there the longest."""
    found = [
        (span.start, -span.end, reason)
        for reason in _REASONS
        for span in find(words, f"feedback_{reason}")
    ]
    return min(found)[2] if found else None


def _by_signs(text: str) -> Intent:
    """A message without a word."""
    if any(mark in text for mark in _QUESTION_MARKS):
        return "question"
    if any(sign in text for sign in listed("stop_signs")):
        return "stop"
    return "hold" if any(sign in text for sign in listed("hold_signs")) else "other"


def _must_be_read(words: str, text: str) -> bool:
    """Levels 4 to 6."""
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
    """Whether it says who it is not: a name has a capital and goes on with small letters."""
    found = names_somebody("not_somebody").search(text.replace("\u2019", "'"))
    return found is not None and found[1].isupper() and found[2].islower()


def _is_courtesy(words: Sequence[str]) -> bool:
    """Thanks, a greeting, a yes or a no, in whatever script, and nothing else."""
    rest = without(without(words, "positive"), "yes_or_no")
    return not set(rest) - listed("filler") - listed("positive_filler")
