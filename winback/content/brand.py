"""The brand file: how a shop's mails look. It is `brand.toml`, beside `.env`; any line may lack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from winback.base.errors import UsageError
from winback.base.settings import BRAND_SETTINGS, Settings, read_toml
from winback.content._safe import web_address

# WCAG 2.2, level AA, for text of ordinary size.
LEAST_CONTRAST: Final = 4.5
_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_FONT: Final = re.compile(r"[\w ,'-]{1,200}")


@dataclass(frozen=True)
class Colors:
    """The colors of a mail, as `#rrggbb`."""

    page: str
    card: str
    text: str
    soft: str
    link: str


_LIGHT: Final = Colors("#f3f4f1", "#ffffff", "#1c1f1d", "#4d554f", "#14532d")
_DARK: Final = Colors("#121512", "#1c201d", "#eef1ee", "#b6beb8", "#86d8a4")


@dataclass(frozen=True)
class Brand:
    """How a mail looks. The brand's name and addresses are settings, which the file may set."""

    logo: str = ""
    font: str = "system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif"
    accent: str = "#14532d"
    on_accent: str = "#ffffff"
    light: Colors = field(default=_LIGHT)
    dark: Colors = field(default=_DARK)

    def look(self) -> dict[str, Any]:
        """The names that the layout finds under `look`."""
        own = {name: getattr(self, name) for name in ("logo", "font", "accent", "on_accent")}
        return {**own, **asdict(self.light), "dark": asdict(self.dark)}


def read_brand(settings: Settings) -> Brand:
    """Read the brand file; a shop without one gets our colors.

    Raises UsageError, in one line, for what the file can't say: an unknown name, a value that is
    no color, font or address, and two colors of which one can't be read on the other.
    """
    if not settings.brand_file.exists():
        return Brand()
    told = read_toml(settings.brand_file)
    name = settings.brand_file.name
    known = {
        "brand": {*BRAND_SETTINGS, "logo", "font"},
        "colors": {"accent", "on_accent", *_names()},
        "dark": _names(),
    }
    for table, values in told.items():
        names = known.get(table)
        if names is None or not isinstance(values, dict):
            raise UsageError(f"{name}: there is no table [{table}]; there are {_listed(known)}")
        for key, value in values.items():
            if key not in names:
                raise UsageError(f"{name}: [{table}] has no {key}; it has {_listed(names)}")
            _check(f"{name}: {key} of [{table}]", key, value)
    colors = told.get("colors", {})
    own = told.get("brand", {}) | colors
    brand = Brand(
        **{key: own[key] for key in ("logo", "font", "accent", "on_accent") if key in own},
        light=_colors(_LIGHT, colors),
        dark=_colors(_DARK, told.get("dark", {})),
    )
    _check_contrast(name, brand)
    return brand


def _names() -> set[str]:
    return {it.name for it in fields(Colors)}


def _listed(names: Any) -> str:
    return ", ".join(sorted(names))


def _colors(usual: Colors, told: Mapping[str, str]) -> Colors:
    return Colors(**{name: told.get(name, getattr(usual, name)) for name in _names()})


def _check(what: str, key: str, value: object) -> None:
    if key in BRAND_SETTINGS:
        return  # they are checked as the settings that they are
    if key == "logo":
        if not str(value).startswith("https://") or not web_address(value):
            raise UsageError(f"{what} is no https address")
    elif key == "font":
        if not _FONT.fullmatch(str(value)):
            raise UsageError(
                f"{what} is no list of fonts, such as Georgia, 'Times New Roman', serif"
            )
    elif not _COLOR.fullmatch(str(value)):
        raise UsageError(f"{what} is no color, such as #14532d")


def _check_contrast(name: str, brand: Brand) -> None:
    pairs = [(brand.on_accent, brand.accent)]
    for colors in (brand.light, brand.dark):
        pairs += [(colors.text, colors.card), (colors.link, colors.card)]
        pairs += [(colors.text, colors.page), (colors.soft, colors.page)]
    for words, ground in pairs:
        if (found := contrast(words, ground)) < LEAST_CONTRAST:
            raise UsageError(
                f"{name}: {words} can't be read on {ground}: their contrast is {found:.1f}, and "
                f"{LEAST_CONTRAST} is the least. Next: take a darker or a lighter one"
            )


def contrast(one: str, other: str) -> float:
    """The contrast of two colors, 1 to 21, as WCAG 2.2 counts it."""
    darker, lighter = sorted((_light(one), _light(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _light(color: str) -> float:
    values = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
