"""The words of other tools' lists: what a column holds, why an address is on the list."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, get_args

from winback.ledger import SuppressionReason

REASONS: Final[tuple[str, ...]] = get_args(SuppressionReason)
# Kinds of columns that name an address.
NAMING: Final = frozenset({"email", "phone", "any", "hash", "letter"})
# Kinds whose names stand in a header, and hardly in a row.
_OF_HEADERS: Final = frozenset(
    {"id", "status", "reason", "refused_at", "written_at", "source", "country"}
)
_FILE: Final = Path(__file__).with_name("words.toml")
# No word of `empty` is longer.
_LONGEST_EMPTY: Final = 12
# What a mail server says when it refuses for good.
_REFUSED_FOR_GOOD: Final = re.compile(r"\b5(\d\d|\.\d+\.\d+)\b")
# Letters and digits, with no more between them than joins words.
_CLEAN: Final = re.compile(r"[^\W_]+([ _.-]{1,3}[^\W_]+)*")


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """A word as words are compared: without case, accents, blanks and marks."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(sign for sign in plain if sign.isalnum())


def kind_of(header: str) -> str:
    """What a column of this name holds; `maybe` an address, or empty: none of ours to read."""
    kinds, whose = _columns()
    word = fold(header)
    shorter = word.rstrip("0123456789")
    for own in (word, shorter, *(shorter.removeprefix(who) for who in whose)):
        if own in kinds:
            return kinds[own]
    parts = _words()["parts"]
    is_maybe = any(part in word for part in parts["maybe"])
    return "maybe" if is_maybe and not word.endswith(tuple(parts["but_not"])) else ""


def may_be_header(cells: Sequence[str]) -> bool:
    """Whether a line that names no column of addresses is a header all the same."""
    if any(re.search(r"@|\d{4}", cell) for cell in cells):
        return False
    return bool(_OF_HEADERS & set(map(kind_of, cells)))


def may_hash(header: str) -> bool:
    """Whether a column of this name may hold hashes."""
    return any(part in fold(header) for part in _words()["parts"]["hash"])


@lru_cache(maxsize=4096)
def reason_of(text: str) -> str:
    """Our reason for the words of a list; empty where they are none that we know."""
    word = fold(text)
    exact = {fold(reason): reason for reason in REASONS}
    if word in exact:
        return exact[word]
    if _REFUSED_FOR_GOOD.search(text):
        return "hard_bounce"
    for reason, words in _words()["reasons"].items():
        if any(known in word for known in words):
            return str(reason)
    return ""


def allows(kind: str, text: str) -> bool:
    """Whether a cell of a status, a consent or a refusal says that they may be written to.

    Only a clean word does: nobody knows what a mark beside it means.
    """
    word = unicodedata.normalize("NFC", text.strip())
    return bool(_CLEAN.fullmatch(word)) and fold(word) in _words()["allows"][kind]


def is_empty(text: str) -> bool:
    """Whether a cell stands for nothing."""
    text = text.strip()
    if len(text) > _LONGEST_EMPTY:
        return False
    return fold(text) in _words()["cells"]["empty"] and not set(text) & set("@+")


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


@cache
def _columns() -> tuple[dict[str, str], tuple[str, ...]]:
    columns = dict(_words()["columns"])
    whose = tuple(columns.pop("whose"))
    return {fold(word): kind for kind, words in columns.items() for word in words}, whose
