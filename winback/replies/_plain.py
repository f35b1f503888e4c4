"""Bring words into the form in which they are compared: no case, accent, emoji, punctuation or
lookalike letter.

The marks that a script writes its vowels with are letters there and stay: those of Devanagari,
Thai and their kin, the voiced marks of kana; a Korean syllable stays one.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

_LOOKALIKES_FILE: Final = Path(__file__).with_name("lookalikes.toml")
_APOSTROPHES: Final = re.compile(r"['\u2018\u2019\u02bc`\u00b4]")
_NOT_ASCII_WORD: Final = re.compile(r"[^a-z0-9]+")
_LONG_RUN: Final = re.compile(r"(\w)\1{2,}")
_ZERO_IN_A_WORD: Final = re.compile(r"(?<=[^\W\d])0|0(?=[^\W\d])")
# Signs and digits that stand for letters: "$top", "5TOP".
_SIGN_IN_A_WORD: Final = re.compile(r"(?<=[^\W_])[$§†+]|[$§](?=[^\W\d_])")
_SIGNS: Final = str.maketrans("$§†+", "sstt")
_DIGITS: Final = str.maketrans("013457", "oieast")
_LONGEST_WORD: Final = 24
_DIGIT_WORD: Final = re.compile(r"\b(?=\w*[^\W\d_])(?=\w*[134570])\w{3,24}\b")
# Unicode keeps these letters in boxes apart; the tatweel only stretches an Arabic word.
_BOXED: Final = {
    start + place: chr(ord("a") + place)
    for start in (0x1F1E6, 0x1F170, 0x1F150)
    for place in range(26)
} | {0x0640: None}


def clean(text: str) -> str:
    """The words of a text, one blank apart; empty if it has none."""
    words = _ascii_words(text) if text.isascii() else _words(text)
    return _ZERO_IN_A_WORD.sub("o", _LONG_RUN.sub(r"\1", " ".join(words)))


def _ascii_words(text: str) -> list[str]:
    """`clean` for text of ASCII letters alone, in a fifth of the time."""
    return _NOT_ASCII_WORD.sub(" ", _APOSTROPHES.sub("", text.lower())).split()


def _words(text: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", text.casefold()).casefold()
    kept = "".join(c for c in decomposed if c.isascii() or not _falls_away(c))
    letters = _APOSTROPHES.sub("", unicodedata.normalize("NFC", kept.translate(_lookalikes())))
    return "".join(c if _is_of_a_word(c) else " " for c in letters).split()


def readings(text: str) -> list[str]:
    """The words of a text as they stand, and a second reading if words hold signs or digits.

    The second reading takes these for the letters that they look like.
    """
    words = clean(text)
    signed = _SIGN_IN_A_WORD.sub(lambda sign: sign[0].translate(_SIGNS), text)
    spelled = with_letters(clean(signed) if signed != text else words)
    return [words] if spelled == words else [words, spelled]


def with_letters(words: str) -> str:
    """Cleaned words with the digits inside of them as the letters that they look like."""
    return _DIGIT_WORD.sub(lambda word: word[0].translate(_DIGITS), words)


def is_foreign(text: str) -> bool:
    """Whether most letters are of another script than Latin, or one word mixes two scripts."""
    if text.isascii():
        return False
    others = latin = 0
    for word in unicodedata.normalize("NFKD", text).split():
        letters = [c for c in word if c.isalpha()]
        n_latin = len(letters) if word.isascii() else sum(map(_is_latin, letters))
        n_others = len(letters) - n_latin
        if n_latin and n_others and len(letters) <= _LONGEST_WORD and any(map(_may_pose, letters)):
            return True
        latin, others = latin + n_latin, others + n_others
    return others > 0 and others >= latin


def _may_pose(c: str) -> bool:
    """Whether a letter is of a script that has lookalikes of Latin letters.

    Scripts of East Asia are none: their letters stand beside Latin ones in many words.
    """
    is_asian = "\u2e80" <= c <= "\ua4cf" or "\uac00" <= c <= "\ud7ff" or "\uf900" <= c <= "\ufaff"
    return c.isalpha() and not is_asian and not _is_latin(c)


def _is_latin(c: str) -> bool:
    """Whether a letter is Latin. Apostrophes and accents that count as letters are too."""
    return c < "\u0250" or "\u02b0" <= c <= "\u02ff" or "\u1e00" <= c <= "\u1eff"


@lru_cache(maxsize=4096)
def _falls_away(c: str) -> bool:
    """Whether a character is dropped: accents and characters without a width are.

    The marks without which a script can't be read stay.
    """
    if "\u0900" <= c <= "\u109f" or "\u1700" <= c <= "\u18af" or c in "\u3099\u309a":
        return False
    return unicodedata.category(c) in {"Mn", "Me", "Cf"}


@lru_cache(maxsize=4096)
def _is_of_a_word(c: str) -> bool:
    return c.isalnum() or unicodedata.category(c)[0] == "M"


@cache
def _lookalikes() -> dict[int, str | None]:
    rows = tomllib.loads(_LOOKALIKES_FILE.read_text(encoding="utf-8"))
    seen = {ord(other): letter for letter, others in rows.items() for other in others}
    return seen | _BOXED
