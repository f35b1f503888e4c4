"""A mail's page as a tree: its elements, their styles, and the words that are seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import Final

from winback.content.lint._css import Declaration, Rule, declarations, rules

_VOID: Final = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")
)
_UNSEEN: Final = frozenset(("head", "title", "style", "script", "template", "noscript"))
_IN_A_LINE: Final = frozenset(("a", "b", "em", "font", "i", "small", "span", "strong", "u"))
_BLANKS: Final = re.compile("[\\s\u00a0\u034f\u200b-\u200f\ufeff\u00ad]+")


@dataclass(eq=False)
class Element:
    """An element with its attributes, and the words and elements in it, in their order."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    parts: list[Element | str] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """The words right inside of it."""
        return [it for it in self.parts if isinstance(it, str)]

    @cached_property
    def style(self) -> tuple[Declaration, ...]:
        """What its own style attribute declares."""
        return declarations(self.attributes.get("style", ""))

    @cached_property
    def is_hidden(self) -> bool:
        """Whether it declares that nobody sees it, as a preheader does."""
        return any(
            (it.name, it.value.replace(" ", "").lower()) in {("display", "none"), ("opacity", "0")}
            for it in self.style
        )

    def all(self) -> Iterator[Element]:
        """Itself and all that is inside of it, in the page's order."""
        yield self
        for part in self.parts:
            if isinstance(part, Element):
                yield from part.all()

    def above(self) -> Iterator[Element]:
        """Itself and what it is in, up to the page."""
        at: Element | None = self
        while at is not None:
            yield at
            at = at.parent

    @property
    def words(self) -> str:
        """All words inside of it."""
        return tidy("".join(self.spoken(seen=False)))

    @property
    def seen_words(self) -> str:
        """What people read of it."""
        return tidy("".join(self.spoken(seen=True)))

    def spoken(self, *, seen: bool) -> Iterator[str]:
        """Its words in their order, blanks between blocks; all, or those that people see."""
        if seen and (self.tag in _UNSEEN or self.is_hidden):
            return
        if self.tag not in _IN_A_LINE:
            yield " "
        for part in self.parts:
            if isinstance(part, str):
                yield part
            else:
                yield from part.spoken(seen=seen)
        if self.tag not in _IN_A_LINE:
            yield " "


def tidy(text: str) -> str:
    """Words without the blanks around them and those that nobody sees."""
    return _BLANKS.sub(" ", text).strip()


class Page(HTMLParser):
    """Reads one page. What conditional comments hold is for Outlook alone and is left out."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self._at = self.root
        self._sheets: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self._at)
        self._at.parts.append(element)
        if tag not in _VOID:
            self._at = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        for element in self._at.above():
            if element.tag == tag and element.parent is not None:
                self._at = element.parent
                return

    def handle_data(self, data: str) -> None:
        if self._at.tag == "style":
            media = self._at.attributes.get("media", "")
            self._sheets.append(f"@media {media} {{ {data} }}" if media else data)
        else:
            self._at.parts.append(data)

    @cached_property
    def elements(self) -> list[Element]:
        """All elements, in the page's order."""
        return [it for it in self.root.all() if it.tag]

    @cached_property
    def rules(self) -> list[Rule]:
        """The rules of all its style sheets."""
        return [rule for sheet in self._sheets for rule in rules(sheet)]

    def seen(self) -> list[Element]:
        """The elements with words right inside of them that people see."""
        return [
            it
            for it in self.elements
            if any(map(tidy, it.texts))
            and not any(above.tag in _UNSEEN or above.is_hidden for above in it.above())
        ]

    @property
    def preheader(self) -> str:
        """The hidden words with which a mail begins, that a list of mails shows."""
        hidden = (it for it in self.elements if it.is_hidden and it.words)
        return next((it.words for it in hidden), "")
