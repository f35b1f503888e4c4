"""The lists of quotes.toml, cleaned as replies are."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from winback.replies._plain import clean

_WORDS_FILE: Final = Path(__file__).with_name("quotes.toml")


def quote_words(kind: str) -> frozenset[str]:
    """One list; of `reactions_good` those rows in which the quote stands in the middle are
    `around_good`, with "…" in its place."""
    return _all_lists()[kind]


@cache
def _all_lists() -> dict[str, frozenset[str]]:
    lists: dict[str, frozenset[str]] = {}
    for kind, rows in tomllib.loads(_WORDS_FILE.read_text(encoding="utf-8")).items():
        if kind.endswith("_signs"):
            lists[kind] = frozenset(rows)
            continue
        lists[kind] = frozenset(clean(row) for row in rows if "…" not in row)
        around = ("…".join(map(clean, row.split("…"))) for row in rows if "…" in row)
        lists[kind.replace("reactions", "around")] = (
            frozenset(around) if (kind.startswith("reactions")) else lists[kind]
        )
    return lists
