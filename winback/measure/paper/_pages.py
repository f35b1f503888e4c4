"""The templates of pages, with tables whose numbers stand to the right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Environment

from winback.base.page_templates import page_templates

_MONEY = ("cost", "revenue", "net")


def templates(folder: Path) -> Environment:
    """The templates of a folder, which extend `paper.html` and import `parts.html`."""
    environment = page_templates(folder, Path(__file__).parent)
    environment.filters["cell"] = _cell
    environment.globals["numbers"] = _number_columns
    return environment


def _number_columns(rows: Sequence[dict[str, Any]]) -> set[str]:
    return {
        column
        for row in rows
        for column, value in row.items()
        if column.endswith("_percent")
        or (isinstance(value, int | float | Decimal) and not isinstance(value, bool))
    }


def _cell(value: object, column: str) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float | Decimal):
        is_fine = column.startswith(_MONEY) or 0 < abs(float(value)) < 1
        return f"{value:,.2f}" if is_fine else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
