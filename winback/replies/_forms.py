"""Refusals that are said in very many ways: lists of words, one behind the other (refusals.toml).

A form is followed place by place, with every end that its words so far may have: the time that
takes grows with the text and with nothing else.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from winback.replies._plain import clean

_FORMS_FILE: Final = Path(__file__).with_name("refusals.toml")

# The phrases of one place of a form by their first word; "" where it may be empty.
_Place = dict[str, list[tuple[str, ...]]]
# No word has a blank.
_ANY: Final = " "


def has_form(words: Sequence[str], kind: str) -> bool:
    """Whether a form of this kind stands anywhere in the words, whoever does it."""
    return any(True for _ in _starts(words, kind))


def refuses(words: Sequence[str]) -> bool:
    """Whether a refusal stands there that is no statement: not "I do not use this number"."""
    return any(not _has_subject(words[:start]) for start in _starts(words, "stop"))


def _starts(words: Sequence[str], kind: str) -> Iterator[int]:
    forms = _forms(kind)
    for start, word in enumerate(words):
        following = forms.get(word)
        if following is None:
            continue
        second = words[start + 1] if start + 1 < len(words) else ""
        for form in (*following.get(second, ()), *following.get(_ANY, ())):
            ends = {start}
            for place in form:
                ends = ends and _after(words, ends, place)
            if ends:
                yield start
                break


def _after(words: Sequence[str], starts: set[int], place: _Place) -> set[int]:
    ends = set(starts) if "" in place else set[int]()
    for start in starts:
        for phrase in place.get(words[start], ()) if start < len(words) else ():
            if tuple(words[start : start + len(phrase)]) == phrase:
                ends.add(start + len(phrase))
    return ends


def _has_subject(before: Sequence[str]) -> bool:
    last = " ".join(["", *before[-3:]])
    return last.endswith(_before("subjects")) and not last.endswith(_before("no_subjects"))


@cache
def _before(kind: str) -> tuple[str, ...]:
    return tuple(f" {clean(words)}" for words in _file()[kind])


@cache
def _forms(kind: str) -> dict[str, dict[str, list[list[_Place]]]]:
    """By their first word, of which no first place is without, and the second; `_ANY` where one
    word is enough."""
    found: dict[str, dict[str, list[list[_Place]]]] = {}
    for form in _file()[kind]:
        places = [_place(name) for name in form]
        for word, phrases in places[0].items():
            for second in _seconds(phrases, places[1:]):
                found.setdefault(word, {}).setdefault(second, []).append(places)
    return found


def _seconds(phrases: Sequence[tuple[str, ...]], others: Sequence[_Place]) -> set[str]:
    """The words that may stand behind the first one."""
    found = {phrase[1] for phrase in phrases if len(phrase) > 1}
    if all(len(phrase) > 1 for phrase in phrases):
        return found
    for place in others:
        found |= place.keys() - {""}
        if "" not in place:
            return found
    return {_ANY}


@cache
def _place(name: str) -> _Place:
    found: _Place = {}
    for phrase in map(clean, _file()["words"][name]):
        words = tuple(phrase.split())
        found.setdefault(words[0] if words else "", []).append(words)
    return found


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(_FORMS_FILE.read_text(encoding="utf-8"))
