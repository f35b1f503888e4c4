"""Read an amount as shops write it, and only what is without doubt.

`1,234.50`, `1.234,50`, `1 234,50`, `1'234.50`, `$80`, `80 €`, `EUR 80,00`, `80,-`. A lone
`1,234` or `1.234` may be a thousand or a one: the other values of its column tell which
mark is the decimal one.
"""

from __future__ import annotations

import re
from typing import Final

from winback.landing._doubt import Doubt

# Like _casts reads it: plain digits, a point, an exponent.
_PLAIN: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_CODES: Final = (
    "AED|ARS|AUD|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EUR|GBP|HKD|HUF|IDR|ILS|INR|ISK|JPY|KRW|KWD|"
    "MAD|MXN|MYR|NGN|NOK|NZD|PEN|PHP|PLN|RON|RSD|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR"
)
_CURRENCY: Final = (
    rf"(?:(?i:{_CODES})|(?:US|CA|AU|NZ|HK|NT|MX|A|C|R|S)?\$|[€£¥₹₽₺₩₪฿₴₫₱₦¢]"
    r"|(?i:zł|zl|kč|kr\.?|ft|fr\.|rs\.?|lei|лв\.?))"
)
_FRAME: Final = re.compile(
    rf"(?P<sign>[+-]?) ?(?:{_CURRENCY} ?)?(?P<inner>[+-]?)(?P<body>[\d.,' ]*\d|[.,]\d+|\d+[.,])"
    rf"(?P<tail>[.,]?-{{1,2}})?(?: ?{_CURRENCY})?",
    re.ASCII,
)
_ONE_MARK: Final = re.compile(r"(\d*)([.,])(\d*)", re.ASCII)
_GROUPED: Final = re.compile(
    r"[1-9]\d{0,2}(?P<mark>[ '.,])\d{3}(?:(?P=mark)\d{3})*(?:(?P<decimal>[.,])(?P<rest>\d+))?",
    re.ASCII,
)
_INDIAN: Final = re.compile(r"[1-9]\d?(?:,\d{2})+,\d{3}(?:(?P<decimal>\.)(?P<rest>\d+))?", re.ASCII)
# Beyond that a text is no amount, and need not be looked at.
_LONGEST: Final = 100
_SPACES: Final = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2007": " ", "\t": " "}
    | {"\u2019": "'", "\u02bc": "'", "\u2212": "-", "\u2013": "-", "\u2014": "-"}
)


def read_amount(text: str, mark: str | None = None) -> str | Doubt | None:
    """The amount with a plain decimal point; None where it is none.

    `mark` is the decimal mark of the column, where it is known.
    """
    if len(text) > _LONGEST:
        return None
    found = _parts(text)
    if found is None:
        return text if _PLAIN.fullmatch(text) else None
    sign, body = found
    if body.isdigit():
        return sign + body
    one = _ONE_MARK.fullmatch(body)
    read = _with_one_mark(one[1], one[2], one[3], mark) if one else _grouped(body)
    return sign + read if isinstance(read, str) else read


def _with_one_mark(whole: str, used: str, rest: str, mark: str | None) -> str | Doubt | None:
    if not rest:
        return whole if used == "." else None
    if _could_be_thousands(whole, rest):
        if mark is None:
            return Doubt.OPEN
        if mark != used:
            return whole + rest
    return f"{whole or '0'}.{rest}"


def _grouped(body: str) -> str | None:
    grouped = _GROUPED.fullmatch(body) or _INDIAN.fullmatch(body)
    if grouped is None or grouped["decimal"] == _mark_of(grouped):
        return None
    digits = "".join(filter(str.isdigit, body))
    rest = grouped["rest"]
    return f"{digits[: -len(rest)]}.{rest}" if rest else digits


def decimal_mark(text: str) -> str | None:
    """The decimal mark that this text alone proves, if it proves one."""
    found = _parts(text)
    if found is None:
        return None
    body = found[1]
    if one := _ONE_MARK.fullmatch(body):
        whole, used, rest = one.groups()
        return used if rest and not _could_be_thousands(whole, rest) else None
    grouped = _GROUPED.fullmatch(body) or _INDIAN.fullmatch(body)
    if grouped is None or grouped["decimal"] == _mark_of(grouped):
        return None
    return grouped["decimal"] or {".": ",", ",": "."}.get(_mark_of(grouped))


def _parts(text: str) -> tuple[str, str] | None:
    """Sign and digits with their marks, without currency."""
    if len(text) > _LONGEST:
        return None
    plain = text.translate(_SPACES).strip()
    negative = plain.startswith("(") and plain.endswith(")")
    framed = _FRAME.fullmatch(plain[1:-1].strip() if negative else plain)
    if framed is None:
        return None
    signs = framed["sign"] + framed["inner"]
    tail = framed["tail"] or ""
    if len(signs) > 1 or (tail == "-" and signs) or (negative and (signs or tail)):
        return None
    if tail == "--":
        return None  # a dash for the cents follows a mark
    is_negative = negative or signs == "-" or tail == "-"
    return ("-" if is_negative else ""), framed["body"]


def _could_be_thousands(whole: str, rest: str) -> bool:
    return len(rest) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0"


def _mark_of(grouped: re.Match[str]) -> str:
    return grouped.groupdict().get("mark") or ","
