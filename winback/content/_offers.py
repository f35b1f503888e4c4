"""What an offer gives, in words: one sentence part for each kind and language."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from winback.base.languages import language as language_of
from winback.content._blocked import RenderBlocked
from winback.content._safe import one_line

# Each stands after "Enjoy", "Your" and "Start with", and before "with code".
_PERCENT: Final = {
    "en": "{value}% off",
    "de": "{value} % Rabatt",
    "fr": "{value} % de réduction",
    "es": "{value} % de descuento",
}
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "percent": _PERCENT,
    "vip": _PERCENT,
    "price_drop": _PERCENT,
    "amount": {
        "en": "{money} off",
        "de": "{money} Rabatt",
        "fr": "{money} de réduction",
        "es": "{money} de descuento",
    },
    "free_shipping": {
        "en": "free shipping",
        "de": "kostenloser Versand",
        "fr": "livraison gratuite",
        "es": "envío gratis",
    },
    "points": {
        "en": "{value} points",
        "de": "{value} Punkte",
        "fr": "{value} points",
        "es": "{value} puntos",
    },
    # The name is the shop's own, in one language for everybody.
    "gift": {
        "en": "free {detail}",
        "de": "gratis {detail}",
        "fr": "{detail} gratuit",
        "es": "{detail} gratis",
    },
}
_DEFAULT: Final = "en"


def offer_text(
    kind: str, value: Decimal | float | None, detail: object = None, language: object = None
) -> str:
    """What an offer gives, in words of a language; a language without words gets English.

    `value` is of the seed `offers`: percent, cents or points. Raises RenderBlocked for a kind
    without words, and for an offer that lacks its number, its currency or its name.
    """
    words = _WORDS.get(kind)
    if words is None:
        raise RenderBlocked("unknown_offer", f"no words for an offer of kind {kind!r}")
    spoken = str(language or _DEFAULT).lower().partition("-")[0]
    spoken = spoken if spoken in words else _DEFAULT
    number, name = _number(value), one_line(detail)
    pattern = words[spoken]
    is_lacking = (
        ("{value}" in pattern and not number)
        or ("{detail}" in pattern and not name)
        or ("{money}" in pattern and not (number and name))
    )
    if is_lacking:
        raise RenderBlocked("unknown_offer", f"an offer of kind {kind!r} lacks what it gives")
    return pattern.format(
        value=f"{number.normalize():f}",
        detail=name,
        money=language_of(spoken).money(round(number), name) if "{money}" in pattern else "",
    )


def _number(value: Decimal | float | None) -> Decimal:
    """The value, or zero for what is no number above it."""
    try:
        number = Decimal(str(value or 0))
    except InvalidOperation:
        return Decimal(0)
    return number if number.is_finite() and number > 0 else Decimal(0)
