"""The documents, searched by words and read by name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from winback.base.errors import UsageError
from winback.base.places import HOUSE_DIR

FOLDER: Final = HOUSE_DIR / "docs"
_MOST: Final = 8
_WORD: Final = re.compile(r"\w{2,}")


def search(words: str, folder: Path = FOLDER) -> list[dict[str, str]]:
    """The paragraphs that have the most of the words, each with its page."""
    wanted = {word.casefold() for word in _WORD.findall(words)}
    found = []
    for path in sorted(folder.glob("*.md")):
        heading = ""
        for paragraph in path.read_text(encoding="utf-8").split("\n\n"):
            if paragraph.startswith("#"):
                heading = paragraph.lstrip("# ").partition("\n")[0]
            has = wanted & {word.casefold() for word in _WORD.findall(f"{heading} {paragraph}")}
            if has:
                told = {"page": path.stem, "heading": heading, "text": paragraph[:1500]}
                found.append((-len(has), len(paragraph), path.stem, told))
    found.sort(key=lambda it: it[:3])
    return [told for *_, told in found[:_MOST]]


def read(page: str, folder: Path = FOLDER) -> str:
    """One page. Raises UsageError where there is none of that name."""
    pages = {path.stem: path for path in folder.glob("*.md")}
    if page not in pages:
        raise UsageError(f"there is no page {page!r}; there are {', '.join(sorted(pages))}")
    return pages[page].read_text(encoding="utf-8")
