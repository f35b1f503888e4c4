"""Whether words can be read on their ground: in light, in dark, and as Gmail inverts colors."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from winback.content.brand import LEAST_CONTRAST, contrast
from winback.content.lint._css import Compound, Declaration, Rule, compounds, weight
from winback.content.lint._page import Element, Page

# WCAG 2.2, level AA, for large text: from 24 px, or from 18.66 px where it is bold.
LEAST_OF_LARGE: Final = 3.0
_LARGE: Final = 24.0
_LARGE_BOLD: Final = 18.66
_WHITE: Final = "#ffffff"
_BLACK: Final = "#000000"
_NAMED: Final = {
    "white": _WHITE, "black": _BLACK, "red": "#ff0000", "green": "#008000", "blue": "#0000ff",
    "gray": "#808080", "grey": "#808080", "silver": "#c0c0c0", "navy": "#000080",
    "yellow": "#ffff00", "orange": "#ffa500", "purple": "#800080", "teal": "#008080",
    "maroon": "#800000", "darkgray": "#a9a9a9", "lightgray": "#d3d3d3",
}  # fmt: skip
_HEX: Final = re.compile(r"#([0-9a-f]{6}|[0-9a-f]{3})(?![0-9a-f])", re.IGNORECASE)
_RGB: Final = re.compile(r"rgb\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})\s*\)", re.IGNORECASE)
_PIXELS: Final = re.compile(r"([\d.]+)px")
_HEADINGS: Final = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_DARK: Final = "prefers-color-scheme: dark"
# Outlook.com writes these attributes on what it darkens: of colors, and of grounds.
_OUTLOOK: Final = ("[data-ogsc]", "[data-ogsb]")


class Unreadable(NamedTuple):
    """Words that can't be read well in a mode: what they say, their colors, and their contrast."""

    mode: str
    words: str
    color: str
    ground: str
    contrast: float


def unreadable(page: Page) -> Iterator[Unreadable]:
    """Each pair of colors that is too close, once a mode."""
    of_light = set[tuple[str, str]]()
    for mode, sheet in _sheets(page.rules).items():
        styles = _Styles(sheet)
        # What can't be read in light is not told of again as it is inverted.
        seen = set(of_light) if mode == "inverted" else set[tuple[str, str]]()
        for element in page.seen():
            color, ground = styles.color(element), styles.ground(element)
            pair = (color, ground)
            if mode == "inverted":
                color, ground = inverted(color), inverted(ground)
            found, least = contrast(color, ground), styles.least(element)
            if found < least and pair not in seen:
                seen.add(pair)
                if mode == "light":
                    of_light.add(pair)
                yield Unreadable(mode, " ".join(element.texts).strip(), color, ground, found)


def inverted(color: str) -> str:
    """A color as Gmail turns it in its dark mode: as dark as it was light, of the same hue."""
    red, green, blue = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    hue, light, full = colorsys.rgb_to_hls(red, green, blue)
    turned = colorsys.hls_to_rgb(hue, 1 - light, full)
    return "#" + "".join(f"{round(value * 255):02x}" for value in turned)


def as_hex(value: str) -> str:
    """The color in a value of CSS, as `#rrggbb`; empty where there is none that we read."""
    if found := _HEX.search(value):
        digits = found[1].lower()
        return "#" + (digits if len(digits) == 6 else "".join(d * 2 for d in digits))
    if found := _RGB.search(value):
        return "#" + "".join(f"{min(255, int(part)):02x}" for part in found.groups())
    return next((_NAMED[word] for word in value.lower().split() if word in _NAMED), "")


def _sheets(rules: list[Rule]) -> dict[str, list[Rule]]:
    """The rules that hold in each mode; Gmail inverts what is light."""
    plain = [it for it in rules if not it.condition and not _is_outlooks(it.selector)]
    dark = [it for it in rules if _DARK in it.condition and it.selector]
    outlook = [it for it in rules if not it.condition and _is_outlooks(it.selector)]
    modes = {"light": plain, "inverted": plain}
    # A page that says nothing of dark modes is shown in light, or inverted.
    return modes | ({"dark": plain + dark} if dark else {}) | (
        {"dark in Outlook": plain + outlook} if outlook else {}
    )  # fmt: skip


def _is_outlooks(selector: str) -> bool:
    return selector.startswith(_OUTLOOK)


class _Styles:
    """The colors of the elements of a page, by its style sheets and their own attributes."""

    def __init__(self, sheet: list[Rule]) -> None:
        self._rules = [
            (steps, rule)
            for rule in sheet
            if (steps := compounds(_without_outlook(rule.selector))) is not None and steps
        ]
        self._known: dict[int, Mapping[str, str]] = {}

    def color(self, element: Element) -> str:
        for it in element.above():
            own = self._own(it)
            if found := as_hex(own.get("color", "")):
                return found
            if it.tag == "a":
                return "#0000ee"
        return _BLACK

    def ground(self, element: Element) -> str:
        for it in element.above():
            own = self._own(it)
            for name in ("background-color", "background"):
                if found := as_hex(own.get(name, "")):
                    return found
        return _WHITE

    def least(self, element: Element) -> float:
        size, is_bold = 16.0, False
        for it in element.above():
            own = self._own(it)
            is_bold = is_bold or it.tag in {"b", "strong", *_HEADINGS}
            is_bold = is_bold or own.get("font-weight", "") in {"bold", "600", "700", "800", "900"}
            if found := _PIXELS.match(own.get("font-size", "")):
                size = float(found[1])
                break
        is_large = size >= _LARGE or (is_bold and size >= _LARGE_BOLD)
        return LEAST_OF_LARGE if is_large else LEAST_CONTRAST

    def _own(self, element: Element) -> Mapping[str, str]:
        """What is declared of an element itself, the strongest last."""
        if id(element) in self._known:
            return self._known[id(element)]
        ranked: list[tuple[tuple[object, ...], Declaration]] = []
        for place, (steps, rule) in enumerate(self._rules):
            if _fits(steps, element):
                rank = (False, *weight(steps), place)
                ranked += [((it.is_important, *rank), it) for it in rule.declarations]
        ranked += [((it.is_important, True, 0, 0, 0, 0), it) for it in element.style]
        own = {"background-color": element.attributes.get("bgcolor", "")}
        for _, it in sorted(ranked, key=lambda pair: pair[0]):
            own[it.name] = it.value
            if it.name == "background" and as_hex(it.value):
                own["background-color"] = it.value
        self._known[id(element)] = own
        return own


def _without_outlook(selector: str) -> str:
    """A selector without the attribute that stands on what is around all of the mail."""
    for mark in _OUTLOOK:
        if selector.startswith(f"{mark} "):
            return selector.removeprefix(mark).strip()
    return selector


def _fits(steps: tuple[Compound, ...], element: Element) -> bool:
    """Whether the last step is the element, and those before it are what it is in."""
    *outer, last = steps
    if not last.fits(element.tag, element.attributes):
        return False
    above = element.above()
    next(above)
    return all(any(step.fits(it.tag, it.attributes) for it in above) for step in reversed(outer))
