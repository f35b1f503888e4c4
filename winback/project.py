"""The vars of the dbt project, for the little that the engine must judge by the same number."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from winback.settings import PROJECT_DIR


def project_vars() -> dict[str, Any]:
    """The vars of dbt_project.yml, as they stand there."""
    return dict(_read())


@cache
def _read() -> dict[str, Any]:
    text = (PROJECT_DIR / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8")
    project: dict[str, Any] = yaml.safe_load(text)
    return dict(project["vars"])
