"""Parts that live outside this package and come in by name, so that imports run one way.

`flows` and `quality` know `winback`; the command line finds them through the entry
points that `pyproject.toml` declares, and never imports them.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from winback.base.errors import WinbackError


def part(name: str) -> Any:
    """The part registered under `winback.parts`, imported now: they are heavy."""
    for found in entry_points(group="winback.parts", name=name):
        return found.load()
    raise WinbackError(f"this winback was installed before it had {name!r}. Next: make setup")
