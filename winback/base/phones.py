"""One spelling a phone: `+`, the calling code and the national number, by the numbering plan.

dbt_project/macros/phones.sql and the models int_phones__* do the same in SQL, from the same seeds
(scripts/make_phone_seeds.py), and a test holds the two together.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from winback.base.project import project_seed

# As the macro is_phone has it.
PHONE: Final = re.compile(r"[+][1-9][0-9]{7,14}")
# The zeros of scripts whose digits people type: full-width, Arabic, Persian, Devanagari, Bengali.
_ZEROS: Final = "\uff10\u0660\u06f0\u0966\u09e6"
_ASCII: Final = (
    dict.fromkeys(map(ord, "[]"), "")
    | {ord(zero) + digit: str(digit) for zero in _ZEROS for digit in range(10)}
    | {ord(plus): "+" for plus in "\uff0b\ufe62\u207a"}
)
# Spaces, dashes, marks, controls and what can't be seen fall away wherever they stand.
_SILENT: Final = frozenset({"Zs", "Zl", "Zp", "Pd", "Cf", "Cc", "Mn", "Me"})
_BETWEEN: Final = re.compile(r"[/.()'\u2018\u2019\u2212\u00b7\u2022_~]")
# What a spreadsheet makes of a number that it counts with.
_DECIMAL: Final = re.compile(r"^([+]?[0-9]+)[.]0$")
_LABEL: Final = re.compile(r"^(tel|telephone|phone|mobile|mob|cell|sms|whatsapp|callto|p|t|m):")
_EXTENSION: Final = re.compile(r"^(.*[0-9])(;?ext|;?extn|;?extension|x|#)[:=]?[0-9]{1,7}$")
_PLAIN: Final = re.compile(r"^[+]?[1-9][0-9]*\Z")
_READABLE: Final = re.compile(r"^[+]?[0-9]+$")
# Beyond that a text is no phone, and need not be looked at.
_LONGEST: Final = 64


@dataclass(frozen=True)
class _Plan:
    """A row of the seed phone_plans."""

    code: str
    trunk: str
    lengths: frozenset[int]
    with_trunk: frozenset[int]
    mobile_lengths: frozenset[int]
    international: str

    def has_trunk(self, national: str) -> bool:
        """Whether what a number begins with is dialled inside the country only."""
        return (
            self.trunk != ""
            and national.startswith(self.trunk)
            and len(national) not in self.with_trunk
        )

    def line(self, national: str, lengths: frozenset[int] | None = None) -> str | None:
        """The national number of a spelling; None where the plan has no number so long."""
        if self.has_trunk(national):
            national = national[len(self.trunk) :]
        national = _rewritten(self.code, national)
        possible = len(national) in (lengths or self.lengths) and not self.has_trunk(national)
        return national if possible else None


@lru_cache(maxsize=16384)
def canonical(text: str, country: str | None = None) -> str | None:
    """The one spelling of a phone, in E.164; None where it can't be read without doubt.

    A number without `+` or 00 is read with its country (ISO 3166-1), and never without. A number
    of a length that its plan doesn't know is kept as it is told: `is_possible` tells it.
    """
    digits = cleaned(text)
    if digits is None:
        return None
    if digits.startswith("+"):
        return _international(digits[1:])
    plan = _plans().get(country or "")
    for prefix in (plan.international if plan else "", "00"):
        if prefix and digits.startswith(prefix):
            return _international(digits[len(prefix) :])
    read = _national(digits, plan) if plan else set()
    return read.pop() if len(read) == 1 else None


def readings(text: str, country: str | None = None) -> set[str]:
    """All that a number may mean, each in its one spelling, where `canonical` would be in doubt:
    one of its country, and one whose plus got lost. None where it can't be read."""
    digits, sure = cleaned(text), canonical(text, country)
    found = {sure} if sure else set()
    if digits and not digits.startswith(("+", "00")):
        plan = _plans().get(country or "")
        found |= _national(digits, plan) if plan else set()
        foreign = _international(digits)
        found |= {foreign} if foreign and is_possible(foreign) else set()
    return found


def has_plan(country: str) -> bool:
    """Whether the numbers of a country (ISO 3166-1) can be read."""
    return not country.startswith("+") and country in _plans()


def is_possible(number: str) -> bool:
    """Whether a number in its one spelling is as long as its numbering plan allows."""
    plan = _plan_of(number[1:])
    return plan is not None and plan.line(number[1 + len(plan.code) :]) is not None


def cleaned(text: str) -> str | None:
    """Digits, after a plus if there is one; None where anything else stands among them."""
    if len(text) > _LONGEST:
        return None
    if _PLAIN.match(text):
        return text
    seen = "".join(it for it in text if unicodedata.category(it) not in _SILENT)
    seen = _DECIMAL.sub(r"\1", seen.translate(_ASCII).lower())
    seen = _EXTENSION.sub(r"\1", _LABEL.sub("", _BETWEEN.sub("", seen)))
    seen = re.sub(r"^[+]+(00)?", "+", seen)
    return seen if _READABLE.match(seen) else None


def kind(number: str) -> str | None:
    """The kind of a number that is no person's mobile, as the seed phone_kinds names it; else
    None."""
    plan = _plan_of(number[1:])
    if plan is None:
        return None
    national = number[1 + len(plan.code) :]
    found = (_kinds().get((plan.code, national[:length])) for length in range(7))
    return next((it for it in found if it), None)


def country_code(name: str | None) -> str | None:
    """ISO 3166-1 of a country as a shop writes it; None where it is unknown."""
    return _countries().get((name or "").strip().upper())


@lru_cache(maxsize=16384)
def former_spellings(number: str) -> tuple[str, ...]:
    """Other spellings of a line, under one of which an opt-out may have been hashed; none of what
    is no number."""
    plan = _plan_of(number[1:]) if PHONE.fullmatch(number) else None
    if plan is None:
        return ()
    national = number[1 + len(plan.code) :]
    formers = [plan.trunk + national] if plan.trunk and plan.trunk != plan.code else []
    for (code, _), rows in _rewrites().items():
        if code == plan.code:
            formers += [
                prefix + national.removeprefix(instead)
                for prefix, instead in rows
                if national.startswith(instead)
            ]
    spelled = (f"+{plan.code}{former}" for former in formers)
    return tuple(it for it in spelled if it != number and canonical(it) == number)


def _international(digits: str) -> str | None:
    plan = _plan_of(digits)
    line = plan.line(digits[len(plan.code) :]) if plan else None
    number = f"+{plan.code}{line}" if plan and line else f"+{digits}"
    return number if PHONE.fullmatch(number) else None


def _national(digits: str, plan: _Plan) -> set[str]:
    """The readings of a number without a plus: its country's, or one whose plus is missing."""
    if plan.has_trunk(digits):
        lines = {plan.line(digits)}
    else:
        # Who leaves the trunk prefix out, or lost it to a spreadsheet, means a mobile.
        lengths = plan.mobile_lengths if plan.trunk else plan.lengths
        lines = {plan.line(digits, lengths)}
        if digits.startswith(plan.code):
            lines.add(plan.line(digits[len(plan.code) :], lengths))
    numbers = {f"+{plan.code}{line}" for line in lines if line}
    return {number for number in numbers if PHONE.fullmatch(number)}


def _plan_of(digits: str) -> _Plan | None:
    """The plan of a calling code; no calling code begins another."""
    found = (_plans().get(f"+{digits[:length]}") for length in (1, 2, 3))
    return next((plan for plan in found if plan), None)


def _rewritten(code: str, national: str) -> str:
    for prefix, instead in _rewrites().get((code, len(national)), ()):
        if national.startswith(prefix):
            return instead + national[len(prefix) :]
    return national


@cache
def _plans() -> dict[str, _Plan]:
    """Plans by country, and by calling code with its plus."""
    return {
        f"+{row['calling_code']}" if row["country"] == "*" else row["country"]: _Plan(
            code=row["calling_code"],
            trunk=row["trunk"],
            lengths=_numbers(row["lengths"]),
            with_trunk=_numbers(row["lengths_with_trunk"]),
            mobile_lengths=_numbers(row["mobile_lengths"]),
            international=row["international_prefix"],
        )
        for row in project_seed("phone_plans")
    }


def _numbers(text: str) -> frozenset[int]:
    return frozenset(int(number) for number in text.split())


@cache
def _rewrites() -> dict[tuple[str, int], list[tuple[str, str]]]:
    """Beginnings and what stands instead, by calling code and length."""
    found: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for row in project_seed("phone_rewrites"):
        key = row["calling_code"], int(row["length"])
        found.setdefault(key, []).append((row["prefix"], row["instead"]))
    return found


@cache
def _kinds() -> dict[tuple[str, str], str]:
    return {
        (row["calling_code"], row["prefix"]): row["kind"] for row in project_seed("phone_kinds")
    }


@cache
def _countries() -> dict[str, str]:
    return {row["country_name"]: row["country"] for row in project_seed("country_names")}
