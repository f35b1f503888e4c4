"""What a reply asks for: `stop` and its kin by levels, from certain to doubtful.

1. the whole message is a keyword; 2. a keyword with nothing but politeness around it;
3. a phrase that asks to be left alone: these act. 4. a keyword inside a sentence and
5. anger hold everything back until a person has read it. Who says why they stayed away gives
feedback, coded as a lapse reason. The words are data: replies.toml.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final, Literal, get_args

Intent = Literal["stop", "start", "help", "hold", "feedback", "question", "other"]
LapseReason = Literal["price", "product", "service", "finished", "forgot", "other"]

_REASONS: Final[tuple[LapseReason, ...]] = get_args(LapseReason)
_WORDS_FILE: Final = Path(__file__).with_name("replies.toml")
_APOSTROPHES: Final = re.compile(r"['\u2018\u2019\u02bc`\u00b4]")
_NOT_A_WORD: Final = re.compile(r"[^\w]+|_+")
_LONG_RUN: Final = re.compile(r"(\w)\1{2,}")
_SPELLED_OUT: Final = re.compile(r"\b\w(?: \w\b)+")
_ZERO_IN_A_WORD: Final = re.compile(r"(?<=[^\W\d])0|0(?=[^\W\d])")
# Letters that look like Latin ones, and letters in boxes that Unicode keeps apart.
_LOOKALIKES: Final = (
    str.maketrans("аеорсухіѕјтмкнв", "aeopcyxisjtmkhb")
    | str.maketrans("οαρτεινκ", "oapteivk")
    | {0x1F1E6 + place: chr(ord("a") + place) for place in range(26)}
    | {0x1F170 + place: chr(ord("a") + place) for place in range(26)}
    | {0x1F150 + place: chr(ord("a") + place) for place in range(26)}
)
# The longest entry of the lists of whole messages and fillers, in words.
_LONGEST: Final = 4


def classify(text: str, *, is_opted_out: bool = False) -> Intent:
    """The intent of one reply. `is_opted_out` lets a bare "yes" mean start."""
    words = _clean(text)
    if not words:
        return _by_signs(text)
    return "stop" if is_stop(text) else _intent_of_others(words, text, is_opted_out=is_opted_out)


def _intent_of_others(words: str, text: str, *, is_opted_out: bool) -> Intent:
    if words in _words("start") or (is_opted_out and words in _words("start_if_opted_out")):
        return "start"
    if words in _words("help"):
        return "help"
    if _must_be_read(words):
        return "hold"
    if "?" in text or words.split(" ", 1)[0] in _words("question_words"):
        return "question"
    return "feedback" if _reason(words) else "other"


def is_positive(text: str) -> bool:
    """Thanks or praise and nothing else, so that nobody has to answer it."""
    words = _clean(text)
    if not words:
        return any(sign in text for sign in _words("positive_signs"))
    rest = _pattern("positive").sub(" ", words)
    return rest != words and not set(rest.split()) - _words("filler") - _words("positive_filler")


def plain_words(text: str) -> str:
    """A text as words are compared; empty where it has none."""
    return _clean(text)


def is_one_of(text: str, words: Iterable[str]) -> bool:
    """Whether the whole message is one of these words, whatever its case and punctuation."""
    said = _clean(text)
    return bool(said) and said in map(_clean, words)


def is_listed(text: str, kind: str) -> bool:
    """Whether the whole message stands in a list of replies.toml."""
    return _clean(text) in _words(kind)


def lapse_reason(text: str) -> LapseReason | None:
    """Why somebody stayed away, by what they name first; None if they name nothing."""
    return _reason(_clean(text))


def _reason(words: str) -> LapseReason | None:
    """The first phrase decides, of several that begin there the longest."""
    found = [
        (match.start(), -match.end(), reason)
        for reason in _REASONS
        for match in _pattern(f"feedback_{reason}").finditer(words)
    ]
    return min(found)[2] if found else None


def is_stop(text: str) -> bool:
    """Levels 1 to 3. A mail may say it on a line of its own, above a signature."""
    lines = [_clean(line) for line in text.splitlines()]
    words = _clean(text)
    return any(map(_is_keyword, [words, *lines])) or _asks_to_be_left_alone(words)


def _is_keyword(words: str) -> bool:
    """Levels 1 and 2, on cleaned words, which may be spelled out: "s t o p please"."""
    joined = _SPELLED_OUT.sub(lambda letters: letters[0].replace(" ", ""), words)
    return (
        words.replace(" ", "") in _words("stop")
        or _is_made_of_stops(words.split())
        or _is_made_of_stops(joined.split())
    )


def _is_made_of_stops(words: list[str]) -> bool:
    """Nothing but stop words and what changes nothing beside them, and one stop word at least."""
    stops, fillers = _words("stop"), _words("filler")
    # For each place that the words before it lead to: whether there was a stop word among them.
    reached: dict[int, set[bool]] = {0: {False}}
    for place in range(len(words)):
        for has_stop in reached.get(place, ()):
            for end in range(place + 1, min(place + _LONGEST, len(words)) + 1):
                piece = " ".join(words[place:end])
                if piece in stops:
                    reached.setdefault(end, set()).add(True)
                elif piece in fillers or piece.isdigit():
                    reached.setdefault(end, set()).add(has_stop)
    return True in reached.get(len(words), ())


def _by_signs(text: str) -> Intent:
    """A message without a word."""
    if "?" in text:
        return "question"
    if any(sign in text for sign in _words("stop_signs")):
        return "stop"
    return "hold" if any(sign in text for sign in _words("hold_signs")) else "other"


def _asks_to_be_left_alone(words: str) -> bool:
    """Level 3, unless the phrase is denied: "don't stop texting me"."""
    words = _pattern("denied_phrases").sub(" ", words)
    negations = _words("negations")
    return any(
        not f" {words[: match.start()]}".rstrip().endswith(tuple(f" {no}" for no in negations))
        for match in _pattern("stop_phrases").finditer(words)
    )


def _must_be_read(words: str) -> bool:
    """Levels 4 and 5."""
    sentence = _pattern("innocent_phrases").sub(" ", words)
    kinds = ("hold_words", "hold_phrases", "hold_negative", "stop_phrases")
    return any(_contains(sentence, kind) for kind in kinds)


def _clean(text: str) -> str:
    """Words only: no case, accents, emoji, punctuation, apostrophes, stretched or lookalike
    letters."""
    decomposed = unicodedata.normalize("NFKD", text.casefold()).casefold()
    kept = "".join(c for c in decomposed if unicodedata.category(c) not in {"Mn", "Me", "Cf"})
    spaced = _NOT_A_WORD.sub(" ", _APOSTROPHES.sub("", kept.translate(_LOOKALIKES))).strip()
    return _ZERO_IN_A_WORD.sub("o", _LONG_RUN.sub(r"\1", spaced))


def _contains(words: str, kind: str) -> bool:
    return _pattern(kind).search(words) is not None


@cache
def _pattern(kind: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(_words(kind)))) + r")\b")


def _words(kind: str) -> frozenset[str]:
    return _all_words()[kind]


@cache
def _all_words() -> dict[str, frozenset[str]]:
    """The lists, cleaned as a reply is; signs, of which nothing would be left, as they are."""
    tables = tomllib.loads(_WORDS_FILE.read_text(encoding="utf-8"))
    return {
        kind: frozenset(words) if kind.endswith("_signs") else frozenset(map(_clean, words))
        for kind, words in tables.items()
    }
