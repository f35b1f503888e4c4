"""docs/columns.md: the columns of the published tables, from the contracts that dbt enforces."""

from __future__ import annotations

from typing import Any, Final

import yaml
from page_parts import ROOT, cell, filled, table

from winback.warehouse import PUBLIC_TABLES

PAGE: Final = ROOT / "docs" / "columns.md"


def page() -> str:
    """The page as it should be."""
    return filled(PAGE.name, tables="\n\n".join(map(_section, sorted(PUBLIC_TABLES))))


def _section(name: str) -> str:
    text = (ROOT / f"dbt_project/models/marts/{name}.yml").read_text(encoding="utf-8")
    [model] = [it for it in yaml.safe_load(text)["models"] if it["name"] == name]
    rows = table("column | type | filled | is", map(_row, model["columns"]))
    return f"## {name}\n\n{cell(model['description'])}\n\n{rows}"


def _row(column: dict[str, Any]) -> tuple[str, ...]:
    is_always = any(it["type"] == "not_null" for it in column.get("constraints", []))
    values = [
        value
        for test in column.get("data_tests", [])
        if isinstance(test, dict)
        for value in test.get("accepted_values", {}).get("arguments", {}).get("values", [])
    ]
    told = cell(column["description"])
    if values and not all(str(value) in told for value in values):
        told += f" One of {', '.join(f'`{value}`' for value in values)}."
    always = "always" if is_always else ""
    return f"`{column['name']}`", column["data_type"], always, told
