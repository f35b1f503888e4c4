"""Hold the lists of replies.toml, and find their phrases in cleaned words.

All phrases of a list form one tree, which is followed word by word: the time grows with the text
and with nothing else.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from winback.replies._plain import clean

_WORDS_FILE: Final = Path(__file__).with_name("replies.toml")

# The words that may follow a word; "" stands where a phrase may end.
_Tree: TypeAlias = dict[str, "_Tree"]


class Span(NamedTuple):
    """The place of a phrase, counted in words."""

    start: int
    end: int


def listed(kind: str) -> frozenset[str]:
    """One list, in the form that `clean` returns."""
    return _all_lists()[kind]


def find(words: Sequence[str], kind: str) -> Iterator[Span]:
    """The phrases of a list in the words; of those that begin at one word, the longest."""
    begins, place = _tree(kind), 0
    for start, (word, second) in enumerate(zip(words, [*words[1:], ""], strict=False)):
        following = begins.get(word)
        if following is None or start < place:
            continue
        # Most words that begin a phrase are followed by a word that does not continue it.
        if (second in following or "" in following) and (found := ends(words, start, kind)):
            place = found[-1]
            yield Span(start, place)


def ends(words: Sequence[str], start: int, kind: str) -> list[int]:
    """The ends of the phrases of a list that begin at a word, the shortest first."""
    found, tree = list[int](), _tree(kind)
    for place in range(start, len(words)):
        following = tree.get(words[place])
        if following is None:
            break
        tree = following
        if "" in tree:
            found.append(place + 1)
    return found


def contains(words: Sequence[str], *kinds: str) -> bool:
    """Whether the words hold a phrase of any of these lists."""
    return any(True for kind in kinds for _ in find(words, kind))


def surrounds(words: Sequence[str], kind: str) -> bool:
    """Whether the words hold a row of a list; "…" in a row stands for up to three words."""
    padded = f" {' '.join(words)} "
    return any(
        re.search(rf" {re.escape(before)}(?: \w+){{1,3}} {re.escape(after)} ", padded)
        for before, after in _around(kind)
        if f" {before} " in padded
    )


@cache
def names_somebody(kind: str) -> re.Pattern[str]:
    """Whether a phrase of a list is followed by a name."""
    rows = "|".join(sorted(map(re.escape, _rows()[kind]), key=len, reverse=True))
    return re.compile(rf"\b(?i:{rows}) (?=[^\W\d_a-z])(\w)(\w)\w*\b")


def without(words: Sequence[str], kind: str) -> list[str]:
    """The words that belong to no phrase of a list."""
    left, place = list[str](), 0
    for span in find(words, kind):
        left += words[place : span.start]
        place = span.end
    return [*left, *words[place:]]


@cache
def _tree(kind: str) -> _Tree:
    tree: _Tree = {}
    for phrase in listed(kind):
        at = tree
        for word in phrase.split():
            at = at.setdefault(word, {})
        at[""] = {}
    return tree


@cache
def _all_lists() -> dict[str, frozenset[str]]:
    """Signs, of which nothing would be left, stay as they are; what is looked for inside of a
    text without blanks has none."""
    return {kind: frozenset(_form(kind, word) for word in words) for kind, words in _rows().items()}


@cache
def _rows() -> dict[str, list[str]]:
    return tomllib.loads(_WORDS_FILE.read_text(encoding="utf-8"))


@cache
def _around(kind: str) -> list[tuple[str, str]]:
    halves = (row.partition("…") for row in _rows()[kind])
    return sorted((clean(before), clean(after)) for before, _, after in halves)


def _form(kind: str, word: str) -> str:
    if kind.endswith("_signs"):
        return word
    return clean(word).replace(" ", "") if kind.endswith("_inside") else clean(word)
