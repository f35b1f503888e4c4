"""docs/input.md: the files that a shop brings, their columns, and the forms that are read.

The forms are not listed by hand: each example is put to the reader itself, and the page shows
what it makes of it. docs/samples has a small file for each table, which a test loads.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from page_parts import ROOT, filled, table

from winback.base import phones
from winback.landing._amounts import read_amount
from winback.landing._dates import read_date
from winback.landing._doubt import Doubt
from winback.landing.schema import INPUT_TABLES, Column, Table

PAGE: Final = ROOT / "docs" / "input.md"
SAMPLES: Final = ROOT / "docs" / "samples"
_WORDS: Final = Path(__file__).with_name("input_columns.toml")
_FORMS: Final = {
    "text": "text",
    "decimal": "[amount](#amounts)",
    "integer": "whole number",
    "timestamp": "[date](#dates)",
}
_DATES: Final = (
    "2026-03-05", "2026-03-05 10:00:00 UTC", "2026-03-05T10:00:00+01:00", "5 Mar 2026",
    "Mar 5, 2026", "5. März 2026", "5 de marzo de 2026", "05.03.2026", "05.03.2026 14:30",
    "1772704800", "1772704800000", "25/03/2026", "05/03/2026", "3/5/26",
)  # fmt: skip
_AMOUNTS: Final = (
    "1234.5", "1,234.50", "1.234,50", "1 234,50", "1'234.50", "$80", "80 €", "EUR 80,00", "80,-",
    "1,234", "eighty",
)  # fmt: skip
_PHONES: Final = (
    ("+44 7700 900123", ""), ("+44 (0)7700 900123", ""), ("0044 7700-900123", ""),
    ("07700 900123", "GB"), ("(201) 555-0123", "US"), ("07700 900123", ""), ("call me", "GB"),
)  # fmt: skip


def page() -> str:
    """The page as it should be."""
    words = tomllib.loads(_WORDS.read_text(encoding="utf-8"))
    return filled(
        PAGE.name,
        tables="\n\n".join(_section(it, words[name]) for name, it in INPUT_TABLES.items()),
        dates=_forms(read_date, _DATES),
        amounts=_forms(read_amount, _AMOUNTS),
        phones=table("written | country | read as", map(_phone, _PHONES)),
    )


def _section(shop_table: Table, words: dict[str, str]) -> str:
    if set(words) != {"is", *shop_table.input_names}:
        raise LookupError(f"{_WORDS.name}: [{shop_table.name}] and schema.py have other columns")
    rows = (
        (f"`{it.name}`", _FORMS[it.type], _required(it), words[it.name])
        for it in shop_table.columns
        if not it.is_ours
    )
    need = "Required. " if shop_table.required else ""
    sample = (SAMPLES / f"{shop_table.name}.csv").read_text(encoding="utf-8").strip()
    return (
        f"## {shop_table.name}\n\n{need}{words['is']} {_again(shop_table)}\n\n"
        f"{table('column | form | required | is', rows)}\n\n"
        f"```csv {shop_table.name}.csv\n{sample}\n```"
    )


def _required(column: Column) -> str:
    if column.may_lack:
        return "for a clean yes"
    return "yes" if column.required else ""


def _again(shop_table: Table) -> str:
    if shop_table.key:
        return f"A later load replaces the row of the same `{'`, `'.join(shop_table.key)}`."
    if shop_table.replaced_by:
        return f"A later load replaces all rows of the same `{shop_table.replaced_by}`."
    return "A later load adds the rows that are not there yet."


def _forms(reader: Callable[[str], str | Doubt | None], texts: Sequence[str]) -> str:
    return table("written | read alone as", ((f"`{it}`", _read(reader(it))) for it in texts))


def _phone(told: tuple[str, str]) -> tuple[str, ...]:
    text, country = told
    number = phones.canonical(text, phones.country_code(country))
    return f"`{text}`", country or "not known", _read(number)


def _read(found: str | Doubt | None) -> str:
    if isinstance(found, Doubt):
        return "open: the other values of its column tell"
    return "not read" if found is None else f"`{found}`"
