"""Read a phone's reactions ("Loved “Reply STOP…”"): the feeling, the words beside our text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from winback.replies._plain import clean
from winback.replies._quote_words import quote_words

Feeling = Literal["good", "bad", "asking", "removed"]

_KINDS: Final[tuple[Feeling, ...]] = ("good", "bad", "asking", "removed")
# Phones set these around an emoji: characters without a width, or blanks of their own.
_UNSEEN: Final = re.compile("[\u200b-\u200f\u2060\u2066-\u2069\ufeff\u202a-\u202e]")
# The longest of the words before a quote, in characters.
_LONGEST: Final = 80


@dataclass(frozen=True)
class Reaction:
    """A feeling about a text of ours; `beside` holds the words that the customer added."""

    feeling: Feeling
    # There are several if it can't be told which mark ends our own text.
    beside: tuple[str, ...] = ("",)


def reaction(text: str) -> Reaction | None:
    """The reaction that a whole message is; None if it is none."""
    text = _UNSEEN.sub("", text).strip()
    begin = next((at for at, c in enumerate(text[:_LONGEST]) if c in _closers()), None)
    if begin is None:
        return _of_a_picture(text)
    before, quote = text[:begin], text[begin + 1 :]
    ends = _ends(quote, _closers()[text[begin]])
    for end in dict.fromkeys((ends[0], ends[-1])):
        after = quote[end:].lstrip(_all_marks())
        found = _feeling(before, after)
        if found is not None:
            feeling, suffix = found
            rest = tuple(quote[it:].strip(f"{_all_marks()} \n") for it in dict.fromkeys(ends))
            return Reaction(feeling, tuple(_without(one, suffix) for one in rest))
    return None


def _ends(quote: str, closers: str) -> tuple[int, ...]:
    """The places at which our text may end: the first closing mark or the last.

    A carrier that cuts the text leaves no mark: it ends at "…" before a new line, or nowhere.
    """
    places = [found.start() for found in re.finditer(f"[{closers}]", quote)]
    if not places:
        cut = re.search(r"(?:…|\.\.\.)\s*\n", quote)
        return (cut.end() if cut else len(quote),)
    return (places[0], places[-1])


def _feeling(before: str, after: str) -> tuple[Feeling, str] | None:
    """The feeling in the words around the quote, and how many words after it belong to it."""
    words = clean(before)
    behind = clean(after[:_LONGEST])
    for kind in _KINDS:
        if words in quote_words(f"reactions_{kind}"):
            return kind, ""
        for start, _, end in _around(kind):
            if words == start and (behind == end or behind.startswith(f"{end} ")):
                return kind, end
    if _has_sign(before):
        if words in quote_words("reactions_by_sign"):
            return _of_signs(before), ""
        for start, _, end in _around("by_sign"):
            if words == start and (behind == end or behind.startswith(f"{end} ")):
                return _of_signs(before), end
    return None


def _of_a_picture(text: str) -> Reaction | None:
    """Whether it is a reaction to a picture, which quotes nothing: "Loved an image"."""
    words = clean(text[: 2 * _LONGEST])
    for kind in _KINDS:
        for verb in quote_words(f"reactions_{kind}"):
            if _is_of_a_target(words, verb):
                return Reaction(kind)
    if _has_sign(text[:_LONGEST]) and any(
        _is_of_a_target(words, verb) for verb in quote_words("reactions_by_sign")
    ):
        return Reaction(_of_signs(text[:_LONGEST]))
    return None


def _is_of_a_target(words: str, verb: str) -> bool:
    return words.startswith(f"{verb} ") and words[len(verb) + 1 :] in quote_words(
        "reactions_targets"
    )


def _has_sign(before: str) -> bool:
    return any(ord(c) > 0x2190 and not c.isalnum() for c in before)


def _of_signs(before: str) -> Feeling:
    if any(sign in before for sign in quote_words("bad_signs")):
        return "bad"
    return "asking" if any(sign in before for sign in quote_words("asking_signs")) else "good"


def _without(rest: str, suffix: str) -> str:
    """The words after the quote, without those that belong to the reaction."""
    for _ in range(suffix.count(" ") + 1 if suffix else 0):
        rest = rest.partition(" ")[2]
    return rest.strip()


@cache
def _closers() -> dict[str, str]:
    """The marks that may end a quotation that begins with this one."""
    return {row[0]: row[1:] for row in quote_words("quotation_signs")}


@cache
def _all_marks() -> str:
    return "".join(sorted(quote_words("quotation_signs")))


@cache
def _around(kind: str) -> list[tuple[str, str, str]]:
    rows = quote_words(f"around_{kind}")
    return sorted((start, "…", end) for start, _, end in (row.partition("…") for row in rows))
