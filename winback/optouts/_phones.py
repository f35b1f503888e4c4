"""A number in a list, read as the numbering plan has it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from winback.ledger import normalize

_E164: Final = re.compile(r"[+][1-9][0-9]{7,14}")


def read_phone(text: str, countries: Sequence[str]) -> list[str]:  # noqa: ARG001  # not yet
    """What a number may mean, most often one; none where nobody can read it.

    `countries` are those whose national numbers may stand there.
    """
    text = normalize("phone", text)
    text = "+" + text[2:] if text.startswith("00") else text
    return [text] if _E164.fullmatch(text) else []
