"""The addresses in one cell of a list, however another tool or a person has written them."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from winback.base.cells import plain
from winback.base.phones import is_possible, readings
from winback.ledger import HASH_PREFIX, ChannelGroup
from winback.people.optouts._emails import emails
from winback.people.optouts._words import is_empty

_URI: Final = re.compile(r"\bmailto:([^\s;|<>\"?]*)(\?[^\s;,|<>\"]*)?", re.IGNORECASE)
_SCHEME: Final = re.compile(r"^(?:tel|sms|smsto|mms|rcs|whatsapp|callto|phone|mobile):", re.I)
_LINE_BREAKS: Final = re.compile(r"[\r\x0b\x0c\x85\u2028\u2029]+")
_DASHES: Final = re.compile(r"[\u2010-\u2015\u2212]")
# A name before an address in angle brackets, as mail programs write it.
# (Bounded, since it may begin at every comma.)
_NAMED: Final = re.compile(
    r"(^|[,;|\n\t])(\s{0,9}+\"[^\"]{0,99}+\"|[^<>;|\n\t@]{0,99}+)\s{0,9}+<([^<>]{0,999}+)>"
)
_SEPARATORS: Final = re.compile(r"[,;|\n\t]+")
_TOKEN: Final = re.compile(r"[^\s<>()\[\]\",:]+")
_DATE: Final = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")
_HASH: Final = re.compile(r"(?:sha-?256:)?([0-9a-f]{64})", re.IGNORECASE)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{43}=")
_OTHER_HASH: Final = re.compile(r"[0-9a-f]{32}([0-9a-f]{8})?", re.IGNORECASE)
# Name, two lines, postal code, city, region and country (int_customers__postal_addresses).
LETTER_LINES: Final = 7
# Each run of blanks is looked at once.
_BEFORE_PLUS: Final = re.compile(r"(?<!\s)\s+(?=\+)")
# Where a spreadsheet keeps a text from being a formula or a number.
_FORMULA: Final = re.compile(r"^=\"(.*)\"$", re.DOTALL)


@dataclass(frozen=True)
class Address:
    """One address. `groups` has both where only a hash is known, which tells neither."""

    groups: tuple[ChannelGroup, ...]
    text: str


@dataclass
class Cell:
    """What a cell names, and what is wrong with the parts that nobody can read."""

    addresses: list[Address] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_cell(text: str, kind: str, countries: Sequence[str], *, loose: bool = False) -> Cell:
    """The addresses of a cell, of a column of this kind (email, phone, any, hash, letter, maybe).

    Each is read by what it looks like: a phone among emails is a phone. With `loose`, where it
    isn't known what a cell holds, words that resemble no address are no problem.
    """
    cell, addresses = Cell(), dict[Address, None]()
    if kind == "letter":
        return _read_letter(plain(text))
    for piece in _pieces(_clean(plain(text))):
        found = list(_read_piece(piece, kind, countries, loose=loose and bool(addresses)))
        addresses |= dict.fromkeys(found)
        if not found and not (loose and not _resembles_address(piece)):
            cell.problems.append(_problem(piece, kind))
        elif any(not emails(token) for token in _tokens(piece)):
            cell.problems.append("is not an email address")
    cell.addresses += addresses
    return cell


def _read_letter(text: str) -> Cell:
    """A postal address as our own export writes it: nobody else's lines would be known again."""
    lines = text.replace("\r\n", "\n")
    if lines.count("\n") != LETTER_LINES - 1:
        return Cell(problems=[f"is not the {LETTER_LINES} lines of winback's own export"])
    return Cell([Address(("post",), lines)])


def read_whole(text: str, *, hashes: bool) -> list[Address]:
    """What a cell is as a whole, of a column with a name that we don't know: emails, a phone with
    its plus and, with `hashes`, a SHA-256."""
    cleaned = _clean(plain(text))
    words = [word for piece in _pieces(cleaned) for word in piece.split()]
    is_email = bool(words) and all("@" in word for word in words)
    is_hash = hashes and bool(_hash(cleaned))
    is_phone = cleaned.startswith("+") and any(map(is_possible, _phones(cleaned, ())))
    return read_cell(text, "any", ()).addresses if is_email or is_hash or is_phone else []


def _clean(text: str) -> str:
    """The text in ordinary signs, without hidden ones; a line break stays."""
    if not (text.isascii() and text.isprintable()):
        text = unicodedata.normalize("NFKC", text)
        text = _LINE_BREAKS.sub("\n", _DASHES.sub("-", text))
        text = "".join(_visible(sign) for sign in text)
    text = _FORMULA.sub(r"\1", text.strip())
    return _URI.sub(lambda found: unquote(found[1]), text)


def _visible(sign: str) -> str:
    category = unicodedata.category(sign)
    if category == "Cf":
        return ""
    return " " if category == "Cc" and sign not in "\n\t" else sign


def _pieces(text: str) -> Iterator[str]:
    for piece in _SEPARATORS.split(_NAMED.sub(_without_name, text)):
        if not is_empty(piece):
            yield piece.strip()


def _without_name(found: re.Match[str]) -> str:
    before, name, address = found.groups()
    # What has a number in it that somebody may be reached at is no name.
    numbers = [part for part in name.split(",") if sum(map(str.isdigit, part)) >= 7]
    return f"{before}{';'.join([*numbers, f'<{address}>'])}"


def _read_piece(
    piece: str, kind: str, countries: Sequence[str], *, loose: bool
) -> Iterator[Address]:
    if piece.count("@") == 1:
        piece = "@".join(part.strip() for part in piece.split("@"))
    if "@" in piece:
        for token in _tokens(piece):
            for email in emails(token):
                yield Address(("email",), email)
        return
    if digests := [hashed for word in piece.split() if (hashed := _hash(word))]:
        groups: tuple[ChannelGroup, ...] = ("email", "phone")
        if kind in {"email", "phone"}:
            groups = ("email",) if kind == "email" else ("phone",)
        yield from (Address(groups, hashed) for hashed in digests)
        return
    number = _SCHEME.sub("", piece).strip(" <>'\"=")
    is_marked = number[:1] in {"+", "0", "("}
    if _DATE.fullmatch(number) or (not is_marked and (loose or kind in {"email", "hash"})):
        return
    yield from (Address(("phone",), phone) for phone in _phones(number, countries))


def _tokens(text: str) -> list[str]:
    """The words that have an "@" behind something. (A pattern that asks for it would look for it
    from each letter of a long word.)"""
    return [word for word in _TOKEN.findall(text) if "@" in word[1:]]


def _hash(word: str) -> str:
    word = word.strip("'\"")
    if found := _HASH.fullmatch(word):
        return HASH_PREFIX + found[1].lower()
    if _BASE64.fullmatch(word):
        digest = base64.b64decode(word.replace("-", "+").replace("_", "/"))
        return HASH_PREFIX + digest.hex()
    return ""


def _phones(text: str, countries: Sequence[str]) -> list[str]:
    """All numbers of a text; none where a part of it can't be read."""
    for parts in ([text], text.split("/"), _BEFORE_PLUS.split(text), text.split()):
        read = [_readings(part, countries) for part in parts if part.strip()]
        if all(read):
            return [phone for numbers in read for phone in sorted(numbers)]
    return []


def _readings(text: str, countries: Sequence[str]) -> set[str]:
    """What a number may mean in the first of these countries that has such numbers; all of it,
    since it isn't told who is meant."""
    read = (readings(text, country) for country in countries or (None,))
    return next((found for found in read if found), set())


def _resembles_address(piece: str) -> bool:
    if "@" in piece:
        return True
    digits = sum(sign.isdigit() for sign in piece)
    return digits >= 7 and not re.search(r"[a-z]{2}", piece.lower()) and not _DATE.fullmatch(piece)


def _problem(piece: str, kind: str) -> str:
    if _OTHER_HASH.fullmatch(piece.strip("'\"")) and (kind == "hash" or not piece.isdigit()):
        return "is a hash of another kind than SHA-256"
    if kind == "hash":
        return "is not a SHA-256 hash"
    is_number = kind == "phone" or (
        kind in {"any", "maybe"} and not re.search(r"[a-z@]", piece.lower())
    )
    return "is not a number like +14155550100" if is_number else "is not an email address"
