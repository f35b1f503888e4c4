"""The words of the pages, in the reader's language: data in pages.toml beside this."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Final

OTHERWISE: Final = "en"
# More than any browser lists; the rest of a longer header is not looked at.
_MOST_WISHES: Final = 20


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


@dataclass(frozen=True)
class Words:
    """The words of one language, as HTML: what is put in is escaped."""

    language: str

    def say(self, name: str, **facts: object) -> Html:
        safe = {key: v if isinstance(v, Html) else escape(str(v)) for key, v in facts.items()}
        return Html(escape(str(_table(self.language)[name]), quote=False).format(**safe))

    def count(self, name: str, number: int, *, then: str = "", **facts: object) -> Html:
        """`<name>_one` or `<name>_many`, and `then`, by a number."""
        form = "one" if number == 1 else "many"
        return self.say(f"{name}_{form}{then}", count=number, **facts)

    def day(self, moment: datetime | None) -> Html:
        """A day as it is written; the machine's form stands beside it."""
        if moment is None:
            return self.say("no_day")
        month = _table(self.language)["months"][moment.month - 1]
        form = "first_day" if moment.day == 1 else "day"
        told = self.say(form, month=month, number=moment.day, year=moment.year)
        return Html(f'<time datetime="{moment:%Y-%m-%d}">{told}</time>')


def words_for(accept_language: str) -> Words:
    """The words for a browser's `Accept-Language`: of what it asks for, what it likes best."""
    wishes: list[tuple[float, int, str]] = []
    for place, wish in enumerate(accept_language.split(",")[:_MOST_WISHES]):
        tag, _, quality = wish.strip().partition(";q=")
        language = tag.partition("-")[0].strip().lower()
        try:
            liked = float(quality or 1)
        except ValueError:
            continue
        if language in _languages() and 0 < liked <= 1:
            wishes.append((-liked, place, language))
    return Words(min(wishes)[2] if wishes else OTHERWISE)


@cache
def _languages() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("pages.toml").read_text(encoding="utf-8"))


def _table(language: str) -> dict[str, Any]:
    return _languages()[language]
