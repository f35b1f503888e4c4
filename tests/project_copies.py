"""Copies of the dbt project that a test may edit."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from seeded import keep_seeds

from winback.warehouse import _dbt, _last_parse


def copy_project(to: Path) -> Path:
    """Copy the dbt project; of the copy only what is edited will be parsed."""
    shutil.copytree(_dbt.DBT_DIR, to, ignore=shutil.ignore_patterns("target", "logs"))
    lend_parse(to)
    return to


def lend_parse(copy: Path) -> None:
    """Give a copy of the dbt project the last parse of the project itself, if there was one."""
    keep_seeds()  # which parses it, once for all workers
    parses = Path(os.environ["XDG_CACHE_HOME"]) / "winback" / "dbt"
    own, its = (parses / _last_parse._key(it, "duckdb") for it in (_dbt.DBT_DIR, copy))
    if own.exists():
        shutil.copytree(own, its)
