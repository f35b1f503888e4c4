"""Prefect artifacts of a run. They are visible to every user of the UI: no contact data."""

from __future__ import annotations

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from winback.base.duck import Rows


def keep_table(key: str, rows: Rows, description: str) -> None:
    """Keep rows as a table artifact; values become what JSON can hold."""
    table = [{name: _plain(value) for name, value in row.items()} for row in rows]
    create_table_artifact(key=key, table=table, description=description)


def keep_page(key: str, markdown: str, description: str) -> None:
    """Keep a page in Markdown as an artifact."""
    create_markdown_artifact(key=key, markdown=markdown, description=description)


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
