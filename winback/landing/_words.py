"""The words that other systems have for a status, from two seeds that a shop may edit."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from winback.base.duck import literal
from winback.base.places import PROJECT_DIR

_SEEDS: Final = PROJECT_DIR / "dbt_project" / "seeds"


def read_words(seed: str) -> Callable[[str], str | None]:
    """A reader of the words of a seed: the status of a word, None where it is not there."""

    def read(text: str) -> str | None:
        return _words(_SEEDS / f"{seed}.csv").get(fold(text))

    return read


def order_statuses(words: Iterable[str | None], *, counts_pending: bool = False) -> str:
    """SQL for pairs of an order's word and its status, by the seed order_words; at least one.

    No word is a word too. A shop may count orders that are not paid yet.
    """
    read = read_words("order_words")
    pairs = []
    for word in list(words) or [None]:
        status = read(word or "") or "no word of order_words.csv"
        if word == "pending" and counts_pending:
            status = "completed"
        pairs.append(f"({'null::varchar' if word is None else literal(word)}, {literal(status)})")
    return ", ".join(pairs)


def words_for(seed: str, status: str) -> list[str]:
    """The words of a seed that mean a status."""
    return [word for word, meant in _words(_SEEDS / f"{seed}.csv").items() if meant == status]


@cache
def _words(path: Path) -> Mapping[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {fold(row["word"]): row["status"] for row in csv.DictReader(file)}


def fold(text: str) -> str:
    """The text without regard to case, accents, spaces, `_`, `-` and `.`."""
    # Twice: a letter such as ᴺ is a small form of a capital, and has no case of its own.
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = (c for c in text.replace("ł", "l") if not unicodedata.combining(c))
    # Only between words: -1 is not 1.
    return re.sub(r"(?<=\w)[\s_.-]+(?=\w)", " ", "".join(plain)).strip()
