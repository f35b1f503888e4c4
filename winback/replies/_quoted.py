"""Find a customer's own words in a reply, without the quotes and lines of their mail program.

Customers also write below a quote. If the quote's lines are marked (">"), the lines between and
below them are the customer's. If they are not marked, the text below is kept apart, because a stop
in it must not be lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from winback.replies._lists import listed
from winback.replies._plain import clean
from winback.replies._quote_heads import after_head, in_lines, is_marked, next_words, without_marks
from winback.replies._quote_words import quote_words

# The parts of a text that are read: its beginning and, if it is longer, its end.
HEAD: Final = 8_000
TAIL: Final = 4_000
FIRST_LINES: Final = 400
LAST_LINES: Final = 200
# Words take longer than letters: "i i i" has three times as many of them as a sentence.
FIRST_WORDS: Final = 1_000
LAST_WORDS: Final = 500
_CUT: Final = "[…]"
# A text that was cut may get a subject before it, and is not cut again.
_SLACK: Final = 2_000
_LINES_OF_SLACK: Final = 20
_WORDS_OF_SLACK: Final = 500
# Of any script; the marks that some write vowels with are part of them.
_WORD: Final = re.compile(r"[^\s\u2000-\u206f\u3000-\u303f!-/:-@\[-`{-~]+")
_LINK: Final = re.compile(r"<?\b(?:https?://|www\.|mailto:)[^\s<>]{1,2000}>?", re.IGNORECASE)
_RULER: Final = re.compile(r"\s{0,9}[-_=*~\u2014]{5,}\s{0,9}")
_LONGEST_SIGNATURE: Final = 120
_WORDS_OF_A_SIGNATURE: Final = 7


@dataclass(frozen=True)
class Own:
    """`text` is the customer's; `below` stands under an unmarked quote and may be theirs; `is_cut`
    says that they wrote more than is read."""

    text: str
    below: tuple[str, ...] = ()
    has_quote: bool = False
    is_cut: bool = False


def shortened(text: str) -> str:
    """The part of a text that is read."""
    if len(text) > HEAD + TAIL + _SLACK:
        text = f"{text[:HEAD]}\n{_CUT}\n{text[-TAIL:]}"
    lines = text.splitlines()
    if len(lines) > FIRST_LINES + LAST_LINES + _LINES_OF_SLACK:
        text = "\n".join([*lines[:FIRST_LINES], _CUT, *lines[-LAST_LINES:]])
    words = [word.start() for word in _WORD.finditer(text)]
    if len(words) > FIRST_WORDS + LAST_WORDS + _WORDS_OF_SLACK:
        text = f"{text[: words[FIRST_WORDS]].rstrip()}\n{_CUT}\n{text[words[-LAST_WORDS] :]}"
    return text


def own_words(text: str) -> Own:
    """The words that the customer wrote."""
    lines = in_lines(shortened(text))
    own: list[str] = []
    marked: list[str] = []
    below: list[str] = []
    has_quote = is_below = is_cut = False
    place = 0
    while place < len(lines):
        line = lines[place]
        after = after_head(lines, place)
        if after:
            has_quote, place = True, after
            is_below = not is_marked(next_words(lines, place))
            continue
        place += 1
        if line == _CUT:
            is_cut = not is_below and not is_marked(lines[place - 2])
        elif is_marked(line):
            marked.append(without_marks(line))
        elif is_below:
            below.append(line)
        elif not _RULER.fullmatch(line) and not _is_signature(line):
            own.append(line)
    if not has_quote and marked:  # nothing marks this as a quote
        if any(map(clean, own)):
            below += marked
        else:
            own = marked  # ">>> STOP <<<"
    return Own("\n".join(own).strip(), tuple(below), has_quote=has_quote, is_cut=is_cut)


def without_ours(lines: Sequence[str], sent: Sequence[str]) -> list[str]:
    """Lines from below a quote, without the text that we sent.

    Four words in a row that stand in our text are ours, however they are wrapped, and so is a whole
    line. If the mail is unknown, the sentences that shops write about opting out are taken out.
    """
    bare = [_LINK.sub(" ", line) for line in lines]
    if not sent:
        return [line for line in bare if not _speaks_of_leaving(clean(line))]
    whole = _lines_of(sent)
    ours = set[tuple[str, ...]]()
    for text in sent:
        ours |= set(_rows_of_four(clean(_LINK.sub(" ", text)).split()))
    words = [(word, number) for number, line in enumerate(bare) for word in clean(line).split()]
    found = [False] * len(words)
    for place, row in enumerate(_rows_of_four([word for word, _ in words])):
        if row in ours:
            found[place : place + 4] = [True] * 4
    left: dict[int, list[str]] = {}
    for (word, number), is_ours in zip(words, found, strict=True):
        if not is_ours:
            left.setdefault(number, []).append(word)
    return [" ".join(rest) for number, rest in left.items() if clean(bare[number]) not in whole]


def without_our_lines(lines: Sequence[str], sent: Sequence[str]) -> list[str]:
    """Lines without those of three words or more that stand in our text word for word."""
    whole = _lines_of(sent)
    cleaned = ((line, clean(_LINK.sub(" ", line))) for line in lines)
    return [line for line, words in cleaned if words.count(" ") < 2 or words not in whole]


def _lines_of(sent: Sequence[str]) -> set[str]:
    return {clean(_LINK.sub(" ", line)) for text in sent for line in text.splitlines()}


def _rows_of_four(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(words, words[1:], words[2:], words[3:], strict=False)


def _speaks_of_leaving(words: str) -> bool:
    return any(f" {phrase} " in f" {words} " for phrase in quote_words("ours"))


def _is_signature(line: str) -> bool:
    """Whether a line is a phone's or a mail program's signature and can't be a wish."""
    if not line.strip():
        return False
    said = clean(line[:_LONGEST_SIGNATURE])
    words = said.split()
    return (
        len(words) <= _WORDS_OF_A_SIGNATURE
        and f"{said} ".startswith(_signatures())
        and not set(words) & listed("hold_words")
    )


@cache
def _signatures() -> tuple[str, ...]:
    return tuple(f"{phrase} " for phrase in sorted(quote_words("signatures")))
