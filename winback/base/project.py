"""Vars and seeds of the dbt project, for the little that the engine must judge by the same."""

from __future__ import annotations

import csv
from functools import cache
from typing import Any

import yaml

from winback.base.places import PROJECT_DIR


def project_vars() -> dict[str, Any]:
    """The vars of dbt_project.yml, as they stand there."""
    return dict(_read())


@cache
def project_seed(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a seed, all values as text, empty where SQL reads null."""
    path = PROJECT_DIR / "dbt_project" / "seeds" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def _read() -> dict[str, Any]:
    text = (PROJECT_DIR / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8")
    # By the parser in C where there is one: the other takes a tenth of a worker's start.
    parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    project: dict[str, Any] = parser.get_single_data()
    return dict(project["vars"])
