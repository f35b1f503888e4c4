"""Which first names a message may say: those that are names, as people write them."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from typing import Final, NamedTuple

from winback.base.places import PROJECT_DIR

_TABLE: Final = PROJECT_DIR / "templates" / "_no_names.toml"
_LONGEST: Final = 30
# A mail program or a phone makes a link of "example.com"; initials ("J.R.") it leaves alone.
_LIKE_A_LINK: Final = re.compile(r"\.[^\W\d_]{2}")
# "x", "xxx": in other scripts one letter, or one twice, can be a name.
_ONE_LATIN_LETTER: Final = re.compile(r"([a-z])\1*")


class _Table(NamedTuple):
    no_names: frozenset[str]
    names: frozenset[str]


def first_name(text: str) -> str:
    """A first name of letters, or nothing: anything odd is dropped, as is a placeholder.

    The placeholders stand in `templates/_no_names.toml`.
    """
    kept = "".join(c for c in text if unicodedata.category(c)[0] in "LM" or c in " -'.\u2019")
    name = " ".join(kept.split()).strip("-'. ")
    is_odd = len(name) > _LONGEST or name != text.strip("-'. ") or _LIKE_A_LINK.search(name)
    return "" if is_odd or _is_placeholder(name) else name


def _is_placeholder(name: str) -> bool:
    table = _table()
    if name in table.names:
        return False
    whole = _letters(name)
    return (
        whole in table.no_names
        or _ONE_LATIN_LETTER.fullmatch(whole) is not None
        # "N.A. N.A." is two words, "guest.user" too.
        or any(table.no_names.issuperset(_words(name, between)) for between in ("[ -]", "[ .-]"))
    )


def _words(name: str, between: str) -> list[str]:
    return [letters for word in re.split(between, name) if (letters := _letters(word))]


def _letters(text: str) -> str:
    """The letters of a word as they are compared: of one width and case, without accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if unicodedata.category(c)[0] == "L")


@cache
def _table() -> _Table:
    lists = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    names = frozenset(lists.pop("names"))
    return _Table(frozenset(_letters(word) for words in lists.values() for word in words), names)
