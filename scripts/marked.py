"""Files of which a script writes a part, between two lines that mark it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

END: Final = "      # The end of what make docs writes.\n"


def between(path: Path, start: str, end: str, body: str) -> str:
    """The file's text with `body` between its marks, each of which it has once."""
    before, rest = path.read_text(encoding="utf-8").split(start)
    after = rest.split(end, 1)[1]
    return f"{before}{start}{body}{end}{after}"


def columns(told: Iterable[tuple[str, str, str]], *, not_null: bool) -> str:
    """Columns of a contract by name, type and description."""
    constraint = "        constraints:\n          - type: not_null\n" if not_null else ""
    return "".join(
        f"      - name: {name}\n"
        # JSON is YAML, so a sentence may hold what YAML reads as more than words.
        f"        description: {json.dumps(text, ensure_ascii=False)}\n"
        f"        data_type: {sql_type}\n{constraint}"
        for name, sql_type, text in told
    )
