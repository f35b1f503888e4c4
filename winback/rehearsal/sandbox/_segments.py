"""How many segments carriers make of a text. It is counted here by itself, from the standard
(3GPP TS 23.038), so that a slip in what we count elsewhere shows against it."""

from __future__ import annotations

import re
from typing import Final

_PLAIN: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Two septets each, which no segment boundary parts.
_ESCAPED: Final = frozenset("\f^{}\\[~]|€")
_TOLL_FREE: Final = re.compile(r"\+1(?:800|833|844|855|866|877|888)\d{7}")


def num_segments(body: str, sender: str) -> int:
    """The segments of a body; one from a toll-free number has a longer header on each."""
    is_toll_free = _TOLL_FREE.fullmatch(sender) is not None
    if all(sign in _PLAIN or sign in _ESCAPED for sign in body):
        units = ["xx" if sign in _ESCAPED else "x" for sign in body]
        single, several = 160, 152 if is_toll_free else 153
    else:
        units = ["x" * (2 if ord(sign) > 0xFFFF else 1) for sign in body]
        single, several = 70, 66 if is_toll_free else 67
    if len("".join(units)) <= single:
        return 1
    segments = [""]
    for unit in units:
        if len(segments[-1] + unit) > several:
            segments.append("")
        segments[-1] += unit
    return len(segments)
