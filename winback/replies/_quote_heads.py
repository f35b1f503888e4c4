"""Find where a quote begins: a mail's head, a line of dashes, "On … wrote:", a marked line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from winback.replies._plain import clean
from winback.replies._quote_words import quote_words

_MARK: Final = re.compile(r"\s{0,9}(?:[>|\u2502\u203a]|&gt;)")
_MARKS: Final = re.compile(r"\s{0,9}(?:(?:[>|\u2502\u203a]|&gt;)\s?)+")
_DASHED: Final = re.compile(r"\s{0,9}[-_*=~\u2010-\u2015]{2}")
_COLON: Final = re.compile("[:\uff1a]")
_ANY_KEY: Final = re.compile(r"(?:(?<=\s)|^)\*?(\w{1,16})\*?\s?[:\uff1a](?=\s)")
_INLINE_WROTE: Final = re.compile(
    r"(?:(?<=\s)|^)(?:On|Am|Le|El|Il|Op|Em) [^\n]{5,200}? "
    r"(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu)\b[^\n:]{0,80}:",
    re.MULTILINE,
)
# The most lines that one line is wrapped over, the most rows of a head, and the longest key of a
# row in characters.
_WRAPPED_OVER: Final = 4
_LONGEST_INTRO: Final = 500
_LONGEST_HEAD: Final = 14
_LONGEST_KEY: Final = 30


def is_marked(line: str) -> bool:
    """Whether a line is marked as quoted."""
    return _MARK.match(line) is not None


def without_marks(line: str) -> str:
    """A marked line without its marks."""
    return _MARKS.sub("", line, count=1)


def next_words(lines: Sequence[str], place: int) -> str:
    """The next line that is not empty."""
    return next((line for line in lines[place : place + 9] if line.strip()), "")


def in_lines(text: str) -> list[str]:
    """A text's lines; a quote that begins within one begins a line of its own."""
    lines = list[str]()
    for line in text.splitlines():
        begin = 0
        inline = {*_inline_heads(line), *_inline_intros(line)} if len(line) > 9 else ()
        for place in sorted(inline):
            lines.append(line[begin:place])
            begin = place
        lines.append(line[begin:])
    return lines


def after_head(lines: Sequence[str], place: int) -> int:
    """The line after what begins a quote here; 0 where nothing does."""
    line = lines[place]
    if is_marked(line) or not line.strip():
        return 0
    if _is_dashed_head(line):
        return place + 1
    return _after_rows(lines, place) or _after_intro(lines, place)


def _is_dashed_head(line: str) -> bool:
    """A line such as "-----Original Message-----" or "Begin forwarded message:"."""
    if not _DASHED.match(line) and not line.rstrip().endswith((":", "\uff1a")):
        return False
    return clean(line[:_LONGEST_INTRO]) in quote_words("heads")


def _after_rows(lines: Sequence[str], place: int) -> int:
    """The line after a head that has From and at least two of Sent, To, Subject.

    They stand below one another or in one line.
    """
    if _key(lines[place]) not in quote_words("head_from"):
        return 0
    if _inline_heads(lines[place]):
        return place + 1
    others, last, between = 0, place, 0
    for at in range(place + 1, min(place + _LONGEST_HEAD, len(lines))):
        if _key(lines[at]) in quote_words("head_others"):
            others, last = others + 1, at
        elif lines[at].strip():
            between += 1  # a row that is wrapped
        if between > 2:
            break
    return last + 1 if others >= 2 else 0


def _key(line: str) -> str:
    """The words before the colon of a head's row."""
    start = line[:_LONGEST_KEY]
    colon = _COLON.search(start)
    return _cleaned_key(start[: colon.start()]) if colon else ""


@lru_cache(maxsize=256)
def _cleaned_key(key: str) -> str:
    """The cleaned key, kept: a thousand heads have the same few keys."""
    return clean(key)


def _inline_heads(line: str) -> list[int]:
    """The places in a line at which a whole head begins."""
    keys = [(found.start(), _cleaned_key(found[1])) for found in _ANY_KEY.finditer(line)]
    return [
        start
        for place, (start, key) in enumerate(keys)
        if key in quote_words("head_from")
        and sum(other in quote_words("head_others") for _, other in keys[place + 1 : place + 6]) > 1
    ]


def _inline_intros(line: str) -> Iterator[int]:
    """The begin and end of each "On … wrote:" in a line."""
    for found in _INLINE_WROTE.finditer(line):
        yield from (found.start(), found.end())


def _after_intro(lines: Sequence[str], place: int) -> int:
    """The line after "On … wrote:", which may be wrapped."""
    for end in range(place + 1, min(place + _WRAPPED_OVER, len(lines)) + 1):
        if not lines[end - 1].strip():
            return 0
        if not lines[end - 1].rstrip(" \u200e\u200f").endswith((":", "\uff1a")):
            continue
        is_quoted = is_marked(next_words(lines, end))
        if not _is_intro(lines[place:end], is_quoted=is_quoted):
            return 0
        # If several lines may begin it, the last one does: those before it are the customer's.
        later = (lines[start:end] for start in range(place + 1, end))
        return 0 if any(_is_intro(part, is_quoted=False) for part in later) else end
    return 0


def _is_intro(lines: Sequence[str], *, is_quoted: bool) -> bool:
    text = " ".join(lines)
    if len(text) > _LONGEST_INTRO or not any(c.isdigit() or c == "@" for c in text):
        return False
    words = f" {clean(text)} "
    says_so = any(_stands_in(verb, words) for verb in quote_words("wrote"))
    starts = words.startswith(tuple(f" {start} " for start in quote_words("wrote_starts")))
    if says_so and (starts or (len(lines) == 1 and ("@" in text or is_quoted))):
        return True
    return is_quoted and len(lines) == 1 and "@" in text


def _stands_in(verb: str, words: str) -> bool:
    return f" {verb} " in words or (verb[0] > "\u0e00" and verb in words)
