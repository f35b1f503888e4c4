"""Promises: words that a message may say only where it has what they name (`promises.toml`)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from winback.content._sms_text import to_gsm7

_FILE: Final = Path(__file__).with_name("promises.toml")
_ADDRESS: Final = re.compile(r"https?://\S+")
# A shorter name would take letters out of other words.
_SHORTEST_NAME: Final = 3
_ENGLISH: Final = "en"


class Promise(NamedTuple):
    """Words that were found, and the facts of which one must be known for them."""

    name: str
    words: str
    facts: tuple[str, ...]


def unbacked(left: str, language: str, context: Mapping[str, Any]) -> Iterator[Promise]:
    """What these words promise although nothing of it is known of the person.

    `left` are the words without what the facts in `context` say: a product's name promises nothing.
    """
    if promises := promises_in(left, language.partition("-")[0].lower()):
        known = set(context) | _kinds(context)
        yield from (promise for promise in promises if not known.intersection(promise.facts))


@lru_cache(maxsize=4096)
def promises_in(left: str, language: str) -> tuple[Promise, ...]:
    """All that these words promise; people with the same template have the same words left."""
    return tuple(
        Promise(name, found[0], facts)
        for name, (pattern, facts) in _table(language).items()
        if (found := pattern.search(left))
    )


def _kinds(context: Mapping[str, Any]) -> set[str]:
    named = ((name, context.get(f"{name}_kind")) for name in ("offer", "extra_offer"))
    return {f"{name}:{kind}" for name, kind in named if kind}


def without_values(words: str, values: Collection[str]) -> str:
    """Words without addresses, and without what these values say."""
    left = _ADDRESS.sub(" ", words)
    for value in sorted(values, key=len, reverse=True):
        # A template may have cut it short.
        for shown in (value, to_gsm7(value), f"{value[:57].rstrip()}..."):
            if shown in left:
                left = left.replace(shown, " ")
    return left


def texts_in(values: object) -> Iterator[str]:
    """All texts in facts, those in lists and tables too."""
    if isinstance(values, str):
        if len(values) >= _SHORTEST_NAME:
            yield values
    elif isinstance(values, Mapping):
        for name, value in values.items():
            # What an offer gives and what a language says are our words, which must be true too.
            if name not in {"text", "say"}:
                yield from texts_in(value)
    elif isinstance(values, Iterable):
        for value in values:
            yield from texts_in(value)


@cache
def _table(language: str) -> dict[str, tuple[re.Pattern[str], tuple[str, ...]]]:
    """The promises in a language; for one that the table lacks, those of all that it has."""
    table = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {
        name: (_pattern(promise, language), tuple(promise["facts"]))
        for name, promise in table.items()
    }


def _pattern(promise: Mapping[str, list[str]], language: str) -> re.Pattern[str]:
    languages = promise.keys() - {"facts"}
    named = [language] if language in languages else sorted(languages)
    words = [word for name in named for word in promise[name]]
    # Texts lose what the plain alphabet of phones lacks: `año` stays, `reçu` becomes `recu`.
    words += [plain for word in words if (plain := to_gsm7(word)) != word]
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)
