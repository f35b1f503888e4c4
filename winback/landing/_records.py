"""Where the records of a CSV block end, told by its quotes alone and without reading a field."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

_QUOTE, _COMMA, _LF, _CR = b'",\n\r'


class Records(NamedTuple):
    """The whole records of a block: where each ends, and how many lines stand before it.

    `size` is the bytes that they take; what stands behind belongs to a record that is still open.
    `lines` is how many physical lines they are.
    """

    ends: Any
    lines_before: Any
    lines: int

    @property
    def size(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0


def find_records(block: bytes) -> Records | None:
    """The records of a block that begins with one; None where a quote stands in a wrong place.

    A quote is right if it opens a field, closes one, or is one of two within a quoted field. A
    line end without a line feed, and a blank record, are for a reader that goes line by line.
    """
    text = np.frombuffer(block, np.uint8)
    quotes = np.flatnonzero(text == _QUOTE)
    feeds = np.flatnonzero(text == _LF)
    if not _are_regular(text, quotes) or not _end_with_feeds(text):
        return None
    is_end = np.searchsorted(quotes, feeds) % 2 == 0
    [numbers] = np.nonzero(is_end)
    ends = feeds[is_end] + 1
    sizes = np.diff(ends, prepend=0)
    if len(ends) and _has_blank(text, ends, sizes):
        return None
    before = np.concatenate(([0], numbers + 1))
    return Records(ends, before[:-1], int(before[-1]))


def _are_regular(text: Any, quotes: Any) -> bool:
    opening, closing = quotes[::2], quotes[1::2]
    before = text[opening - 1]
    is_opening = (before == _COMMA) | (before == _LF) | (before == _QUOTE)
    if len(opening) and opening[0] == 0:
        is_opening[0] = True
    after = text[np.minimum(closing + 1, len(text) - 1)]
    is_closing = (after == _COMMA) | (after == _LF) | (after == _CR) | (after == _QUOTE)
    if len(closing) and closing[-1] == len(text) - 1:
        is_closing[-1] = True
    return bool(is_opening.all() and is_closing.all())


def _end_with_feeds(text: Any) -> bool:
    """Whether each carriage return has its line feed; one at the very end may be half of a pair."""
    returns = np.flatnonzero(text == _CR)
    followed = text[np.minimum(returns + 1, len(text) - 1)]
    return bool(((followed == _LF) | (returns == len(text) - 1)).all())


def _has_blank(text: Any, ends: Any, sizes: Any) -> bool:
    return bool(((sizes == 1) | ((sizes == 2) & (text[ends - 2] == _CR))).any())
