"""The bodies of a batch: what its messages have in common is said once, the rest is substituted.

A body that fits into SendGrid's substitutions is substituted whole. Larger ones, as most pages
of a real shop are, have nearly everything in common with those of the same template: that is
said once, and only the rest is each person's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from winback.channels._seam import Outgoing

# SendGrid's limit on one personalization's substitutions. A thousand of them, its limit on
# people in one request, stay far below the 30 MB that it takes as a body.
SUBSTITUTION_BYTES: Final = 10_000
# No words of a shop have this in them; who writes it goes alone.
_MARK: Final = "-wb_"
_PIECE: Final = re.compile(r"[^>\n]*[>\n]|[^>\n]+")
_WHOLE: Final = {"text": f"{_MARK}text-", "html": f"{_MARK}html-"}


@dataclass(frozen=True)
class Bodies:
    """What a request says once, and what it puts in there for each message, in their order."""

    text: str = field(repr=False)
    html: str = field(repr=False)
    own: list[dict[str, str]] = field(repr=False)


def together(messages: Sequence[Outgoing], size: int) -> Iterator[list[Outgoing]]:
    """Which messages can share a request, at most `size` each."""
    alike: dict[tuple[int, ...], list[Outgoing]] = {}
    for message in messages:
        alike.setdefault(_shape(message), []).append(message)
    for group in alike.values():
        for start in range(0, len(group), size):
            yield from _fitting(group[start : start + size])


def bodies(batch: Sequence[Outgoing]) -> Bodies:
    """The bodies of messages that `together` has put into one request."""
    if len(batch) == 1:
        return Bodies(batch[0].payload["text"], batch[0].payload["html"], [{}])
    if _is_whole(batch):
        own = [{mark: m.payload[part] for part, mark in _WHOLE.items()} for m in batch]
        return Bodies(_WHOLE["text"], _WHOLE["html"], own)
    own = [{} for _ in batch]
    return Bodies(_by_pieces(batch, "text", own), _by_pieces(batch, "html", own), own)


def _shape(message: Outgoing) -> tuple[int, ...]:
    """What messages must have alike to share a request: nothing, where a body fits whole."""
    pieces = {mark: message.payload[part] for part, mark in _WHOLE.items()}
    if _fits([pieces]):
        return ()
    return tuple(len(_pieces(text)) for text in pieces.values())


def _is_whole(batch: Sequence[Outgoing]) -> bool:
    """Whether these messages, alike in shape, are substituted whole."""
    return not _shape(batch[0])


def _fitting(batch: Sequence[Outgoing]) -> Iterator[list[Outgoing]]:
    """A batch, in as few parts as it takes for all substitutions to be small enough."""
    if len(batch) == 1 or (_is_clear(batch) and (_is_whole(batch) or _fits(bodies(batch).own))):
        yield list(batch)
        return
    half = len(batch) // 2
    yield from _fitting(batch[:half])
    yield from _fitting(batch[half:])


def _by_pieces(batch: Sequence[Outgoing], part: str, own: list[dict[str, str]]) -> str:
    """The pieces that are the same in all, with marks for the others, which go to `own`."""
    pages = [_pieces(message.payload[part]) for message in batch]
    differs = [len(set(piece)) > 1 for piece in zip(*pages, strict=True)]
    shared, start = [], 0
    for is_own, places in groupby(differs):
        end = start + len(list(places))
        if is_own:
            mark = f"{_MARK}{part}{start}-"
            for page, mine in zip(pages, own, strict=True):
                mine[mark] = "".join(page[start:end])
        shared.append(mark if is_own else "".join(pages[0][start:end]))
        start = end
    return "".join(shared)


def _pieces(text: str) -> list[str]:
    """A body cut after each tag and line, for some pages are one line; none is empty."""
    return _PIECE.findall(text)


def _is_clear(batch: Sequence[Outgoing]) -> bool:
    return not any(_MARK in message.payload[part] for message in batch for part in _WHOLE)


def _fits(own: Sequence[dict[str, str]]) -> bool:
    return all(len(json.dumps(pieces)) <= SUBSTITUTION_BYTES for pieces in own)
