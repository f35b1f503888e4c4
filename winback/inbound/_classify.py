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


def classify(text: str, *, is_opted_out: bool = False) -> Intent:
    """The intent of one reply. `is_opted_out` lets a bare "yes" mean start."""
    words = _clean(text)
    if is_stop(words):
        return "stop"
    if words in _words("start") or (is_opted_out and words in _words("start_if_opted_out")):
        return "start"
    if words in _words("help"):
        return "help"
    if _must_be_read(words):
        return "hold"
    if "?" in text or words.split(" ", 1)[0] in _words("question_words"):
        return "question"
    return "feedback" if _reason(words) else "other"


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


def is_stop(words: str) -> bool:
    """Levels 1 to 3, on cleaned words."""
    stops = _words("stop")
    if words in stops or words.replace(" ", "") in stops:
        return True
    rest = " ".join(word for word in words.split() if word not in _words("filler"))
    return rest in stops or _asks_to_be_left_alone(words)


def _asks_to_be_left_alone(words: str) -> bool:
    """Level 3, unless the phrase is denied: "don't stop texting me"."""
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
    """Words only: no case, accents, emoji, punctuation, apostrophes or stretched letters."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c for c in decomposed if unicodedata.category(c) not in {"Mn", "Cf"})
    spaced = _NOT_A_WORD.sub(" ", _APOSTROPHES.sub("", kept)).strip()
    return _LONG_RUN.sub(r"\1", spaced)


def _contains(words: str, kind: str) -> bool:
    return _pattern(kind).search(words) is not None


@cache
def _pattern(kind: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(_words(kind)))) + r")\b")


def _words(kind: str) -> frozenset[str]:
    return _all_words()[kind]


@cache
def _all_words() -> dict[str, frozenset[str]]:
    tables = tomllib.loads(_WORDS_FILE.read_text(encoding="utf-8"))
    return {kind: frozenset(words) for kind, words in tables.items()}
