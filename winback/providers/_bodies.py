"""The bodies of a batch: text that its messages have in common is sent once, the rest is
substituted.

A body that fits into SendGrid's substitutions is substituted whole. Larger ones, as most pages
of a real shop are, have nearly everything in common with those of the same template: that is
said once, and only the rest is each person's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress, groupby
from json.encoder import encode_basestring_ascii
from operator import ne
from typing import Final

from winback.content.payloads import Email
from winback.providers._seam import Outgoing

# SendGrid's limit on one personalization's substitutions. A thousand of them, its limit on
# people in one request, stay far below the 30 MB that it takes as a body.
SUBSTITUTION_BYTES: Final = 10_000
# No text of a shop has this in it; a message that does goes alone.
_MARK: Final = "-wb_"
_PIECE: Final = re.compile(r"[^>\n]*[>\n]|[^>\n]+")
_WHOLE: Final = {"text": f"{_MARK}text-", "html": f"{_MARK}html-"}


@dataclass(frozen=True)
class Batch:
    """Messages of one request: the text that they share, and the text that is put in for each of
    them."""

    messages: Sequence[Outgoing]
    text: str = field(repr=False)
    html: str = field(repr=False)
    own: Sequence[dict[str, str]] = field(repr=False)


@dataclass(frozen=True)
class _Cut:
    """A message, with its bodies in pieces unless they fit whole."""

    message: Outgoing
    is_whole: bool
    text: Sequence[str] = ()
    html: Sequence[str] = ()


def together(messages: Sequence[Outgoing], size: int) -> Iterator[Batch]:
    """Pack messages of one sender into batches, at most `size` each."""
    alike: dict[tuple[bool, int, int], list[_Cut]] = {}
    for message in messages:
        cut = _cut(message)
        alike.setdefault((cut.is_whole, len(cut.text), len(cut.html)), []).append(cut)
    for group in alike.values():
        for start in range(0, len(group), size):
            yield from _batches(group[start : start + size])


def _batches(cuts: Sequence[_Cut]) -> Iterator[Batch]:
    """As few batches as it takes for all substitutions to be small enough."""
    messages = [cut.message for cut in cuts]
    if len(cuts) == 1:
        mail = messages[0].payload_as(Email)
        yield Batch(messages, mail.text, mail.html, [{}])
        return
    if _is_clear(messages):
        is_whole = cuts[0].is_whole
        batch = _whole(messages) if is_whole else _by_pieces(cuts)
        if is_whole or all(map(_fits, batch.own)):
            yield batch
            return
    half = len(cuts) // 2
    yield from _batches(cuts[:half])
    yield from _batches(cuts[half:])


def _whole(messages: Sequence[Outgoing]) -> Batch:
    return Batch(messages, _WHOLE["text"], _WHOLE["html"], [_all_of(m) for m in messages])


def _by_pieces(cuts: Sequence[_Cut]) -> Batch:
    own: list[dict[str, str]] = [{} for _ in cuts]
    text = _shared([cut.text for cut in cuts], "text", own)
    html = _shared([cut.html for cut in cuts], "html", own)
    return Batch([cut.message for cut in cuts], text, html, own)


def _shared(pages: Sequence[Sequence[str]], part: str, own: Sequence[dict[str, str]]) -> str:
    """The pieces that are the same in all pages, with marks for the others, which go to `own`."""
    first, places = pages[0], range(len(pages[0]))
    differs = {place for page in pages for place in compress(places, map(ne, first, page))}
    said, start = [], 0
    for is_own, run in groupby(place in differs for place in places):
        end = start + len(list(run))
        if is_own:
            mark = f"{_MARK}{part}{start}-"
            for page, pieces in zip(pages, own, strict=True):
                pieces[mark] = "".join(page[start:end])
        said.append(mark if is_own else "".join(first[start:end]))
        start = end
    return "".join(said)


def _cut(message: Outgoing) -> _Cut:
    """Cut after each tag and line, for some pages are one line; no piece is empty."""
    if _fits(_all_of(message)):
        return _Cut(message, is_whole=True)
    text, html = (_PIECE.findall(body) for body in _all_of(message).values())
    return _Cut(message, is_whole=False, text=text, html=html)


def _all_of(message: Outgoing) -> dict[str, str]:
    mail = message.payload_as(Email)
    return {_WHOLE["text"]: mail.text, _WHOLE["html"]: mail.html}


def _is_clear(messages: Sequence[Outgoing]) -> bool:
    return not any(_MARK in body for message in messages for body in _all_of(message).values())


def _fits(own: dict[str, str]) -> bool:
    """By its length in JSON, without the cost of writing it whole."""
    punctuation = 4 * len(own)
    strings = sum(len(encode_basestring_ascii(text)) for pair in own.items() for text in pair)
    return punctuation + strings <= SUBSTITUTION_BYTES
