"""What the generated pages share: seeds to read, cells and tables to write."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]


def seed_rows(name: str, root: Path = ROOT) -> list[dict[str, str]]:
    """The rows of a seed, in its order."""
    path = root / f"dbt_project/seeds/{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cell(text: str) -> str:
    """A text in one line, as a table takes it."""
    return " ".join(text.split()).replace("|", r"\|")


def host(url: str) -> str:
    """Whose page it is, for a link."""
    return url.split("/")[2].removeprefix("www.")


def filled(name: str, **parts: str) -> str:
    """The page whose words are in pages/, with each `{part}` that stands on a line of its own."""
    text = Path(__file__).with_name("pages").joinpath(name).read_text(encoding="utf-8")
    for part, written in parts.items():
        before, after = text.split(f"\n{{{part}}}\n")
        text = f"{before}\n{written.strip()}\n{after}"
    return text


def table(head: str, rows: Iterable[tuple[str, ...]]) -> str:
    """A table of Markdown; `head` names its columns, with a `|` between them."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"| {head} |", "|" + "---|" * (head.count("|") + 1), *lines])
