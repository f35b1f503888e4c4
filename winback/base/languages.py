"""The languages of messages: how each says dates, amounts and the way out.

They are the tables of `templates/_words.toml`; the templates of English stand in the folder
itself, those of another language in a folder of its own.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from winback.base.errors import UsageError
from winback.base.places import PROJECT_DIR

# The language of the templates that stand in no language's folder.
ROOT: Final = "en"
# What `--locale` takes besides a language.
ALL: Final = "all"
_TABLE: Final = PROJECT_DIR / "templates" / "_words.toml"
_SIGNS: Final = {"EUR": "€", "USD": "$", "GBP": "£"}


@dataclass(frozen=True)
class Language:
    """One language, by its tag of two letters."""

    tag: str
    table: Mapping[str, Any] = field(repr=False)

    @property
    def folder(self) -> str:
        """What stands before a template's name."""
        return "" if self.tag == ROOT else f"{self.tag}/"

    def word(self, name: str) -> str:
        """One entry of its table."""
        return str(self.table[name])

    def say(self, brand: str) -> dict[str, str]:
        """What templates find under `say`."""
        return {name: text.replace("{brand}", brand) for name, text in self.table["say"].items()}

    def money(self, cents: int, currency: str) -> str:
        """An amount as shops write it: $12.50, 12,50 €; without decimals where they are zeros."""
        whole, rest = divmod(cents, 100)
        form = f"{whole:,}.{rest:02d}" if rest else f"{whole:,}"
        marks = str.maketrans({",": self.word("group"), ".": self.word("decimal")})
        sign = _SIGNS.get(currency)
        place = "money" if sign else "money_by_code"
        return self.word(place).format(sign=sign or currency, amount=form.translate(marks)).strip()

    def until(self, local: datetime) -> str:
        """The end of an offer: the date alone where it ends with the day, else the minute too."""
        last_minute = local - timedelta(microseconds=1)
        if (last_minute.hour, last_minute.minute) == (23, 59):
            return self._date(last_minute)
        return self.word("moment").format(
            date=self._date(local),
            hour=f"{local:%H}",
            hour12=local.hour % 12 or 12,
            minute=f"{local:%M}",
            half=f"{local:%p}",
        )

    def _date(self, day: datetime) -> str:
        form = self.word("first_day" if day.day == 1 else "day")
        return form.format(day=day.day, month=self.table["months"][day.month - 1])


def language(tag: str) -> Language:
    """The language of a tag. Raises KeyError where `_words.toml` has none."""
    return languages()[tag]


@cache
def languages() -> dict[str, Language]:
    """All languages that have a table, by their tags."""
    tables = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    return {tag: Language(tag, table) for tag, table in tables.items()}


def wanted_languages(locale: str) -> tuple[str, ...]:
    """The languages that `--locale` names; none where it is empty. Raises UsageError."""
    if not locale:
        return ()
    if locale == ALL:
        return tuple(languages())
    tag = locale.lower().replace("_", "-").partition("-")[0]
    if tag not in languages():
        known = ", ".join(languages())
        raise UsageError(f"there are no templates in {locale!r}; there are {known}, and {ALL}")
    return (tag,)
