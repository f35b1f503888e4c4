"""The alphabet of texts: what fits into GSM-7, and how many parts a body costs (rule T1)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each needs an escape before it, so it counts as two.
_EXTENDED = frozenset("^{}\\[~]|€\f")
_GSM7 = _BASIC | _EXTENDED
# By one look at a text each, since nearly all texts are plain.
_ALL_GSM7 = re.compile(f"[{re.escape(''.join(_GSM7))}]*")
_ANY_EXTENDED = re.compile(f"[{re.escape(''.join(_EXTENDED))}]")

# What editors put in by themselves, and letters of names that no accent is taken off of;
# one such character halves what a part holds.
_PLAIN = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u2032": "'",
        "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2033": '"', "\u00ab": '"', "\u00bb": '"',
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
        "\u2026": "...", "\u2022": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ",
        "\u200b": "", "\u200c": "", "\u200d": "", "\ufeff": "", "\u00ad": "", "\t": " ",
        "Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "Ð": "D", "ð": "d", "\u0131": "i",
        "Œ": "OE", "œ": "oe",
    }
)  # fmt: skip


def to_gsm7(text: str) -> str:
    """Replace what has a plain twin in GSM-7; what has none stays (and costs UCS-2)."""
    translated = text.translate(_PLAIN)
    if is_gsm7(translated):
        return translated
    return "".join(_plain(character) for character in translated)


def _plain(character: str) -> str:
    if character in _GSM7:
        return character
    decomposed = unicodedata.normalize("NFKD", character)
    base = "".join(c for c in decomposed if not unicodedata.combining(c))
    return base if base and all(c in _GSM7 for c in base) else character


def is_gsm7(text: str) -> bool:
    """Whether a text needs no other alphabet, which holds less than half as much a part."""
    return _ALL_GSM7.fullmatch(text) is not None


def count_sms_parts(text: str, *, toll_free: bool = False) -> int:
    """How many parts a body is sent, and charged, as; those of a toll-free number hold one less."""
    if is_gsm7(text):
        part = 152 if toll_free else 153
        if not _ANY_EXTENDED.search(text):
            return 1 if len(text) <= 160 else -(-len(text) // part)
        widths = (2 if character in _EXTENDED else 1 for character in text)
        return _pack(widths, whole=160, part=part)
    widths = (len(character.encode("utf-16-le")) // 2 for character in text)
    return _pack(widths, whole=70, part=66 if toll_free else 67)


def _pack(widths: Iterable[int], *, whole: int, part: int) -> int:
    """Parts needed where no character is split over two of them."""
    sizes = list(widths)
    if sum(sizes) <= whole:
        return 1
    parts, used = 1, 0
    for size in sizes:
        if used + size > part:
            parts, used = parts + 1, 0
        used += size
    return parts
