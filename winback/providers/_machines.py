"""Which user agents are machines; the list is data: machines.toml."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Final

_AGENTS_FILE: Final = Path(__file__).with_name("machines.toml")


def is_machine_agent(agent: str) -> bool:
    """Whether no person opens or clicks under this name. An empty one tells nothing."""
    return _pattern().search(agent) is not None


@cache
def _pattern() -> re.Pattern[str]:
    groups = tomllib.loads(_AGENTS_FILE.read_text(encoding="utf-8")).values()
    return re.compile("|".join(agent for group in groups for agent in group), re.IGNORECASE)
