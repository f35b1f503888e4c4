"""What one text alone does not tell: only the rest of its column can."""

from __future__ import annotations

from enum import Enum


class Doubt(Enum):
    """A text that can be read in two ways."""

    OPEN = "open"
