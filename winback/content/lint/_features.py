"""What of HTML and CSS a mail program of twelve lacks: `mail_features.csv`, from caniemail's data.

`finds` says by what a feature is known: a tag, an attribute, a property, a value, a function, a
unit, a part of a selector, an at-rule, or how an image's address ends. `fallback` says how the
mail reads without it; where that is empty, the template must bring a fallback of its own.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Final

from winback.content.lint._css import Declaration
from winback.content.lint._page import Element, Page

# By their names at caniemail: family and platform.
CLIENTS: Final[Mapping[str, tuple[str, str]]] = {
    "Apple Mail": ("apple-mail", "macos"),
    "iPhone Mail": ("apple-mail", "ios"),
    "Gmail": ("gmail", "desktop-webmail"),
    "Gmail on iPhone": ("gmail", "ios"),
    "Gmail on Android": ("gmail", "android"),
    "Outlook on Windows": ("outlook", "windows"),
    "Outlook.com": ("outlook", "outlook-com"),
    "Outlook on Mac": ("outlook", "macos"),
    "Yahoo": ("yahoo", "desktop-webmail"),
    "Samsung Mail": ("samsung-email", "android"),
    "Thunderbird": ("thunderbird", "macos"),
    "GMX": ("gmx", "desktop-webmail"),
}
TABLE: Final = Path(__file__).with_name("mail_features.csv")
# Elements inside of which others may stand for them.
_HOLD_FALLBACKS: Final = frozenset(("audio", "video", "object"))
_FUNCTION: Final = re.compile(r"(?<![\w-])([a-z-]+\()")
_UNIT: Final = re.compile(r"(?<![\w#.-])-?\d*\.?\d+([a-z]+)(?![\w-])")


@dataclass(frozen=True)
class Feature:
    """A feature, by what it is known, and the mail programs that lack it."""

    name: str
    kind: str
    pattern: str
    without: str
    fallback: str


def mail_programs() -> tuple[str, ...]:
    """The mail programs that are asked."""
    return tuple(CLIENTS)


@cache
def features() -> tuple[Feature, ...]:
    """The table, a row for each thing by which a feature is known."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Feature(row["feature"], kind, pattern, row["without"], row["fallback"])
            for row in csv.DictReader(file)
            for kind, _, pattern in (find.partition(" ") for find in row["finds"].split("|"))
        )


def lacking(page: Page) -> Iterator[tuple[Feature, str]]:
    """Features without a fallback that a page uses, each once, and the words that show it."""
    seen = set[str]()
    for feature, shown in _used(page):
        if not feature.fallback and feature.name not in seen:
            seen.add(feature.name)
            yield feature, shown


def _used(page: Page) -> Iterator[tuple[Feature, str]]:
    for element in page.elements:
        yield from _of_element(element)
        if not element.is_hidden:
            yield from _of_block(element.style, element.attributes.get("bgcolor", ""))
    for rule in page.rules:
        if not rule.selector:
            yield from _matching("at", partial(_heads, head=rule.condition))
        # What an at-rule or Outlook.com's own attribute brings comes on top of what holds.
        elif not rule.condition and not rule.selector.startswith("[data-ogs"):
            yield from _matching("selector", partial(_selects, selector=rule.selector))
            yield from _of_block(rule.declarations, "")


def _of_element(element: Element) -> Iterator[tuple[Feature, str]]:
    if not (element.tag in _HOLD_FALLBACKS and _has_fallback(element)):
        yield from _named("tag", element.tag)
    for name, value in element.attributes.items():
        yield from _named("attribute", name)
        yield from _named("attribute", f"{element.tag} {name}={value.lower()}")
    if element.tag == "img":
        address = element.attributes.get("src", "").lower()
        ending = re.split(r"[?#]", address)[0].rpartition(".")[2]
        yield from _named("image", "data:" if address.startswith("data:") else f".{ending}")


def _has_fallback(element: Element) -> bool:
    return any(it.tag in {"img", "a"} for it in element.all())


def _of_block(block: Sequence[Declaration], ground: str) -> Iterator[tuple[Feature, str]]:
    """The features of declarations, save those before which a plain one stands."""
    plain = {"background-color"} if ground else set[str]()
    for it in block:
        found = [*_of_declaration(it)]
        name = "background-color" if it.name.startswith("background") else it.name
        if not found:
            plain.add(name)
        elif name not in plain:
            yield from found


def _of_declaration(it: Declaration) -> Iterator[tuple[Feature, str]]:
    value = it.value.lower()
    if value == "none":
        return
    yield from _named("property", it.name)
    yield from _named("value", value)
    yield from _named("value", f"{it.name}={value}")
    for name in _FUNCTION.findall(value):
        yield from _named("function", name)
    for name in _UNIT.findall(value):
        yield from _named("unit", name)


def _selects(pattern: str, selector: str) -> bool:
    return re.search(rf"(?<!:){re.escape(pattern)}(?![\w-])", selector) is not None


def _heads(pattern: str, head: str) -> bool:
    """`@name`, or `@name (condition` with what a condition begins with."""
    name, _, condition = pattern.partition(" ")
    own, _, rest = head.lower().partition(" ")
    return own == name and condition.strip("(") in rest


def _named(kind: str, name: str) -> Iterator[tuple[Feature, str]]:
    if feature := _by_name().get((kind, name)):
        yield feature, name


def _matching(kind: str, fits: Callable[[str], bool]) -> Iterator[tuple[Feature, str]]:
    for feature in features():
        if feature.kind == kind and fits(feature.pattern):
            yield feature, feature.pattern


@cache
def _by_name() -> Mapping[tuple[str, str], Feature]:
    return {(it.kind, it.pattern): it for it in features()}
