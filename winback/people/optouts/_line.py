"""One row of a list, however the list is written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One row: the physical line where it begins, its text, its cells unless they are broken."""

    number: int
    text: str
    cells: list[str] | None
