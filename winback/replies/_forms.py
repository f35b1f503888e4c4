"""Find refusals that have very many wordings: each is lists of words in a row (refusals.toml).

The lists form an automaton, built as far as a text needs it. Each word of a text costs one look-up,
however the text is made.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from winback.replies._plain import clean

_FORMS_FILE: Final = Path(__file__).with_name("refusals.toml")

_Words: TypeAlias = tuple[str, ...]
# Each way in which a form may go on: the lists that remain, and the words read of the first one.
_State: TypeAlias = frozenset[tuple[_Words, _Words]]
_DONE: Final[tuple[_Words, _Words]] = ((), ())


def has_form(words: Sequence[str], kind: str) -> bool:
    """Whether a form of this kind stands anywhere in the words, with any subject."""
    return any(True for _ in _starts(words, kind))


def refuses(words: Sequence[str]) -> bool:
    """Whether the words hold a refusal. A statement, "I do not use this number", is none."""
    return any(
        not _has_subject(words[max(0, start - 3) : start]) for start in _starts(words, "stop")
    )


def _starts(words: Sequence[str], kind: str) -> Iterator[int]:
    begin = _following(_begin(kind))
    for start, word in enumerate(words):
        state, place = begin.get(word), start + 1
        while state and _DONE not in state:
            state = _following(state).get(words[place]) if place < len(words) else None
            place += 1
        if state:
            yield start


@cache
def _begin(kind: str) -> _State:
    return frozenset((tuple(form), ()) for form in _file()[kind])


@cache
def _following(state: _State) -> dict[str, _State]:
    """How the forms may go on after each possible next word."""
    found: dict[str, set[tuple[_Words, _Words]]] = {}
    for form, said in state:
        for word, is_end in _next_words(form[0]).get(said, ()):
            after, phrase = found.setdefault(word, set()), (*said, word)
            if phrase in _next_words(form[0]):
                after.add((form, phrase))
            if is_end:
                after |= _behind(form)
    return {word: frozenset(after) for word, after in found.items()}


def _behind(form: _Words) -> _State:
    """The places of a form after its first list. A list that may be empty can be passed over."""
    rest = form[1:]
    if not rest:
        return frozenset({_DONE})
    here = frozenset({(rest, _Words())})
    return here | _behind(rest) if "" in _file()["words"][rest[0]] else here


def _has_subject(before: Sequence[str]) -> bool:
    last = " ".join(["", *before])
    return last.endswith(_before("subjects")) and not last.endswith(_before("no_subjects"))


@cache
def _before(kind: str) -> tuple[str, ...]:
    return tuple(f" {clean(words)}" for words in _file()[kind])


@cache
def _next_words(name: str) -> dict[_Words, set[tuple[str, bool]]]:
    """The words that may follow each beginning of a listed phrase, and whether it may end there."""
    found: dict[_Words, set[tuple[str, bool]]] = {}
    phrases = {tuple(clean(phrase).split()) for phrase in _file()["words"][name]}
    for phrase in phrases:
        for place, word in enumerate(phrase):
            is_end = phrase[: place + 1] in phrases
            found.setdefault(phrase[:place], set()).add((word, is_end))
    return found


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(_FORMS_FILE.read_text(encoding="utf-8"))
