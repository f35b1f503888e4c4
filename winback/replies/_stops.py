"""Find out whether words opt out: a keyword with nothing but politeness around it, or a phrase."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from winback.replies._forms import refuses
from winback.replies._lists import contains, ends, find, listed, without
from winback.replies._plain import is_foreign, readings, with_letters

_SPELLED_OUT: Final = re.compile(r"\b\w(?: \w\b)+")
# The longest denial before a phrase, in words.
_BEFORE: Final = 6
# From this letter on no script of our lists but Korean sets blanks between words.
_WITHOUT_BLANKS: Final = "\u0e00"


def is_stop(text: str) -> bool:
    """Whether a text opts out: levels 1 to 3. A mail may do so on a line above a signature."""
    whole = readings(text)
    lines = (words for line in text.splitlines() for words in readings(line))
    return (
        # A line that is the whole text, or that is repeated, is looked at once.
        any(map(is_keyword, dict.fromkeys([*whole, *lines])))
        or (any(map(_is_nearly_stop, whole)) and not is_foreign(text))
        or any(map(asks_to_be_left_alone, whole))
    )


def is_keyword(words: str) -> bool:
    """Whether cleaned words opt out on level 1 or 2. They may be spelled out: "s t o p please"."""
    joined = with_letters(_SPELLED_OUT.sub(lambda letters: letters[0].replace(" ", ""), words))
    return words.replace(" ", "") in listed("stop") or any(
        _is_made_of_stops(said.split()) for said in {words, joined}
    )


def _is_nearly_stop(words: str) -> bool:
    """Whether one word stands beside politeness that is STOP with one letter wrong.

    A letter may be added, missing, another one, or have changed places with its neighbor.
    """
    said = without(words.split(), "filler")
    if len(said) != 1 or not 3 <= len(said[0]) <= 5 or said[0] in listed("not_stop"):
        return False
    return _is_one_letter_off(said[0], "stop")


def _is_one_letter_off(word: str, wanted: str) -> bool:
    short, long = sorted((word, wanted), key=len)
    if len(short) < len(long):
        return any(short == long[:at] + long[at + 1 :] for at in range(len(long)))
    off = [at for at, letter in enumerate(word) if letter != wanted[at]]
    is_swapped = off == [off[0], off[0] + 1] and sorted(word) == sorted(wanted)
    return len(off) == 1 or is_swapped


def _is_made_of_stops(words: Sequence[str]) -> bool:
    """Whether words are stop words and polite words alone, with at least one stop word."""
    if not contains(words, "stop"):
        return False
    # For each place that can be reached: whether a stop word stood on the way.
    reached: dict[int, set[bool]] = {0: {False}}
    for place, word in enumerate(words):
        for has_stop in reached.pop(place, ()):
            for end in ends(words, place, "stop"):
                reached.setdefault(end, set()).add(True)
            for end in [place + 1] if word.isdigit() else ends(words, place, "filler"):
                reached.setdefault(end, set()).add(has_stop)
        if not reached:
            return False
    return True in reached.get(len(words), ())


def asks_to_be_left_alone(words: str) -> bool:
    """Whether words opt out on level 3: a phrase that is not denied ("don't stop texting me")."""
    kept = without(words.split(), "denied_phrases")
    negations = tuple(f" {no}" for no in listed("negations"))
    for span in find(kept, "stop_phrases"):
        before = " ".join(["", *kept[max(0, span.start - _BEFORE) : span.start]])
        if not before.endswith(negations):
            return True
    return refuses(kept) or _asks_without_blanks(words)


def _asks_without_blanks(words: str) -> bool:
    """`asks_to_be_left_alone` for scripts without blanks between words, or with blanks at will."""
    if all(c < _WITHOUT_BLANKS for c in words):
        return False
    joined = words.replace(" ", "")
    if any(phrase in joined for phrase in listed("denied_inside")):
        return False  # a person reads it
    return any(phrase in joined for phrase in listed("stop_inside"))
