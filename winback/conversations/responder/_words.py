"""Words as they are compared, and the lists of them: data in the .toml files beside this."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

_APOSTROPHES: Final = re.compile(r"['\u2018\u2019\u02bc`\u00b4]")
_NOTHING: Final = re.compile(r"(?!)")
_NOT_A_WORD: Final = re.compile(r"[^\w]+|_+")


def clean(text: str) -> str:
    """Words only: no case, accents, apostrophes, punctuation or characters without width."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c for c in decomposed if unicodedata.category(c) not in {"Mn", "Cf"})
    return _NOT_A_WORD.sub(" ", _APOSTROPHES.sub("", kept)).strip()


def any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    """Finds any of the phrases as whole words, the longest that begins at a place."""
    longest_first = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    if not longest_first:
        return _NOTHING
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\w)")


@cache
def phrases(file: str) -> dict[str, tuple[str, ...]]:
    """The lists of one file, by name, in the form that `clean` gives."""
    lists = tomllib.loads(Path(__file__).with_name(file).read_text(encoding="utf-8"))
    return {name: tuple(clean(phrase) for phrase in found) for name, found in lists.items()}


@cache
def pattern(file: str, name: str) -> re.Pattern[str]:
    """Finds any phrase of one list in cleaned words."""
    return any_of(phrases(file)[name])
