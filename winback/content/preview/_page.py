"""The page of a preview: one HTML file that loads nothing, with frames as phones and mails show."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Final

from winback.base.page_templates import page_templates
from winback.base.whole import written_whole
from winback.content.preview._messages import Shown

# A narrow phone's and a wide mail program's width, in CSS pixels.
_WIDTHS: Final = (375, 700)


def write_page(
    messages: Sequence[Shown],
    path: Path,
    *,
    title: str,
    intro: str,
    lacking: Sequence[str] = (),
) -> Path:
    """Write the page to `path`, for its owner alone; returns it."""
    environment = page_templates(Path(__file__).parent)
    environment.filters["money"] = _money
    steps = [
        (playbook, step, list(shown))
        for (playbook, step), shown in groupby(messages, lambda it: (it.playbook_id, it.step))
    ]
    text = environment.get_template("page.html").render(
        title=title,
        intro=intro,
        lacking=lacking,
        steps=steps,
        widths=_WIDTHS,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as file:
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
    return path


def _money(cents: Decimal) -> str:
    """Cents as an amount; that of a single text has four places."""
    amount = cents / 100
    return f"{amount:,.2f}" if amount >= 1 else f"{amount:.4f}"
