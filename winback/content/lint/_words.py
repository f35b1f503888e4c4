"""Rules for the words of every message, whatever its channel; cheap enough for each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from winback.base.settings import Settings
from winback.content._codes import EXAMPLE_CODE
from winback.content._sms_text import is_gsm7, to_gsm7
from winback.content.lint._finding import Finding
from winback.content.lint._promises import texts_in, unbacked, without_values
from winback.content.payloads import Postcard, Text

BRAND_WITHIN: Final = 40
ADVISED_LENGTH: Final = 320
SMS_PARTS_BUDGET: Final = 2
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"]+")
_ENDS_A_SENTENCE: Final = ".,;:!?')"
# What a template, an export or a person in a hurry leaves behind.
_LEFT_OVER: Final = re.compile(
    r"\{\{|\}\}|\{%|%\}|\*\||\|\*|%%\w+%%|\[\[|\]\]|<%|%>"
    r"|\[(?:first|last|your|customer|product|company|brand|insert)[^\]]{0,30}\]"
    r"|\[(?:name|vorname|prénom|nombre|link|url|code)\]"
    r"|\blorem ipsum\b|\bundefined\b",
    re.IGNORECASE,
)
# As programs write what they don't know; a person may be called Nan.
_NOTHING: Final = re.compile(r"(?<!\w)(?:None(?! of\b)|NaN|nan|null|NaT)(?!\w)")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
# Words that are written so, and end nobody's patience.
_KEYWORDS: Final = frozenset(
    ("STOP", "STOPP", "STOPALL", "START", "HELP", "INFO", "YES", "NO", "JA", "NEIN", "OUI", "NON",
     "SI", "ARRET", "ALTO", "BAJA", "HILFE", "AIDE", "AYUDA", "VIP", "SMS", "MMS", "OK", "PS")
)  # fmt: skip
_MOST_CAPITALS: Final = 0.5
_FEWEST_LETTERS: Final = 12
_IN_A_ROW: Final = 3


def word_findings(
    words: str, *, context: Mapping[str, Any], language: str, settings: Settings
) -> Iterator[Finding]:
    """Placeholders, capitals and promises. `context` has what the template could say."""
    values = frozenset(texts_in((context, settings.brand_name, EXAMPLE_CODE)))
    left = without_values(words, values)
    yield from _of_words(left)
    for value in values:
        if value in words:
            yield from _left_over(value)
    for promise in unbacked(left, language, context):
        named, needed = promise.name.replace("_", " "), " or ".join(promise.facts[:2])
        yield Finding("promise", f"{promise.words!r} promises {named}, and {needed} is not known")


@lru_cache(maxsize=4096)
def _of_words(left: str) -> tuple[Finding, ...]:
    found = list(_left_over(left))
    if shouted := _shouted(left):
        found.append(Finding("capitals", f"{shouted!r} is in capitals"))
    return tuple(found)


@lru_cache(maxsize=4096)
def _left_over(words: str) -> tuple[Finding, ...]:
    found = _LEFT_OVER.search(words) or _NOTHING.search(words)
    return (Finding("placeholder", f"{found[0]!r} is left in the words"),) if found else ()


def text_findings(payload: Text, *, sms_parts: int | None, settings: Settings) -> Iterator[Finding]:
    """Rules for a message to a phone that carriers look at."""
    words = payload.body
    if to_gsm7(settings.brand_name) not in to_gsm7(words)[:BRAND_WITHIN]:
        yield Finding("brand", f"the brand is not in the first {BRAND_WITHIN} characters")
    if not re.search(r"\bSTOP\b", words):
        yield Finding("opt_out", "the text does not say that STOP ends the messages")
    if sms_parts is not None and sms_parts > SMS_PARTS_BUDGET:
        yield Finding("parts", f"the text takes {sms_parts} SMS parts")
    if sms_parts is not None and not is_gsm7(words):
        odd = next(sign for sign in words if not is_gsm7(sign))
        yield Finding("alphabet", f"{odd!r} halves what an SMS part holds")
    if len(words) > ADVISED_LENGTH:
        yield Finding("length", f"the text has {len(words):,} characters")


def card_findings(payload: Postcard, *, settings: Settings, way_out: str) -> Iterator[Finding]:
    """Rules for a letter: who wrote it, and how to get no more."""
    if settings.brand_name not in f"{payload.headline} {payload.body}":
        yield Finding("brand", "the card does not name the shop")
    if way_out not in payload.opt_out:
        yield Finding("opt_out", "the card does not say how to get no more")
    if settings.postal_address not in payload.sender:
        yield Finding("postal_address", "the card lacks the postal address")


def addresses_in(words: str) -> list[str]:
    """The addresses of which a phone or a mail program makes links."""
    return [found.rstrip(_ENDS_A_SENTENCE) for found in _ADDRESS.findall(words)]


def _shouted(left: str) -> str:
    """Three words in a row in capitals, or a text that is mostly so; empty where it is not."""
    found = [word for word in _WORD.findall(left) if word.upper() not in _KEYWORDS]
    for at in range(len(found) - _IN_A_ROW + 1):
        row = found[at : at + _IN_A_ROW]
        if all(word.isupper() for word in row):
            return " ".join(row)
    letters = "".join(found)
    capitals = sum(letter.isupper() for letter in letters)
    is_loud = len(letters) >= _FEWEST_LETTERS and capitals > _MOST_CAPITALS * len(letters)
    return " ".join(found[:_IN_A_ROW]) if is_loud else ""
