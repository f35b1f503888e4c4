"""Read the text of a mail that came as HTML alone, with its quotes marked as in plain text."""

from __future__ import annotations

import html
import re
from typing import Final

# Only so much of a page is read: a person's words stand at its beginning.
LONGEST: Final = 200_000
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,20})([^<>]{0,2000})>")
_LINES: Final = frozenset(
    {"br", "p", "div", "tr", "li", "ul", "ol", "table", "hr", "blockquote", "h1", "h2", "h3", "pre"}
)
# The parts that show nothing, by how they begin and end.
_NOT_SHOWN: Final = (
    ("<!--", "-->"), ("<style", "</style>"), ("<script", "</script>"), ("<title", "</title>"),
    ("<template", "</template>"),
)  # fmt: skip
# Python refuses to read a longer number, and no letter has one.
_NO_LETTER: Final = re.compile(r"&#(?:\d{8,}|[xX][0-9a-fA-F]{8,});?")


def text_of(page: str) -> str:
    """The text that a page shows, line by line."""
    page = page[:LONGEST]
    for begin, end in _NOT_SHOWN:
        page = _without(page, begin, end)
    shown: list[str] = []
    depth = place = 0
    for tag in _TAG.finditer(page):
        shown.append(_flowing(page[place : tag.start()]))
        place = tag.end()
        name = tag[2].lower()
        if name == "blockquote":
            depth = max(0, depth + (-1 if tag[1] else 1))
        if name in _LINES:
            shown.append("\n> " if depth else "\n")
    shown.append(_flowing(page[place:]))
    lines = (" ".join(line.split()) for line in "".join(shown).split("\n"))
    return "\n".join(line for line in lines if line not in {"", ">"})


def _without(page: str, begin: str, end: str) -> str:
    """A page without the parts between these marks; a part that never ends counts as text."""
    kept, place, lower = list[str](), 0, page.lower()
    if len(lower) != len(page):  # a few letters are longer in lower case
        lower = page
    while (start := lower.find(begin, place)) >= 0 and (stop := lower.find(end, start)) >= 0:
        kept.append(page[place:start])
        place = stop + len(end)
    return "".join([*kept, page[place:]])


def _flowing(text: str) -> str:
    """The text between tags: a line break there is a blank."""
    return html.unescape(_NO_LETTER.sub(" ", text)).replace("\n", " ").replace("\r", " ")
