"""The forms in which addresses are compared while files are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from winback.base import phones
from winback.landing._stage import Work


def email_key(name: str) -> str:
    """SQL for the form in which email addresses are compared; null for what is none."""
    key = f"lower(trim({name}))"
    return f"case when {key} like '%_@_%' and not contains({key}, ' ') then {key} end"


def tail(phone: str) -> str:
    """SQL for the end of a phone, by which two spellings of it can be told to be none of one."""
    return f"right(regexp_replace({phone}, '\\D', '', 'g'), 6)"


def know_numbers(work: Work, found: Sequence[tuple[str, str | None]]) -> None:
    """The temp view `numbers`: the one spelling of each phone and country, as far as it is read.

    What can't be read as a number is known by its digits.
    """
    columns: dict[str, list[Any]] = {
        "phone": [phone for phone, _ in found],
        "country": [country for _, country in found],
        "number": [_number(phone, country, work.shop_country) for phone, country in found],
    }
    schema = pa.schema([(name, pa.string()) for name in columns])
    work.connection.register("numbers", pa.table(columns, schema))


def _number(phone: str, country: str | None, shop_country: str) -> str | None:
    code = phones.country_code(country) or phones.country_code(shop_country)
    digits = phones.cleaned(phone)
    return phones.canonical(phone, code) or (digits if digits and len(digits) > 5 else None)
