"""The project's seeds, loaded and tested once for all tests that build a shop of their own."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from winback.base.settings import Settings
from winback.warehouse import _build, _dbt

# As a later build of a home: what is not selected is there.
NO_SEEDS = ("--exclude-resource-type", "seed")


def give_seeds(settings: Settings) -> None:
    """Give a new home a warehouse with the seeds in it, which take a third of its first build."""
    kept = keep_seeds().warehouse_path
    settings.warehouse_path.parent.mkdir(parents=True, exist_ok=True)
    for name in (kept.name, "seeds.sha256"):
        shutil.copy(kept.with_name(name), settings.warehouse_path.parent)


def seeded(settings: Settings, command: Sequence[str], told: Mapping[str, Any]) -> _dbt.DbtResult:
    """dbt in a new home that is given the seeds."""
    give_seeds(settings)
    return _dbt.invoke_dbt(settings, [*command, *NO_SEEDS], told)


def build_models(settings: Settings, as_of: datetime, *models: str) -> None:
    """Build these models in a new home, without data tests."""
    command = ["build", "--no-write-json", "--select", *models]
    command += ["--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"]
    seeded(settings, command, _dbt.dbt_vars(settings, as_of))


def keep_seeds() -> Settings:
    """The home whose warehouse holds the seeds; who comes first loads them, and others wait."""
    # Shared by all workers, as tests/conftest.py has it.
    kept = Path(os.environ["XDG_CACHE_HOME"]) / "seeded" / _dbt.seeds_digest()
    kept.mkdir(parents=True, exist_ok=True)
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        home = Settings.load(home=kept / "home")
        home.warehouse_path.parent.mkdir(parents=True, exist_ok=True)
        with _build._seeds_loaded(home) as already:
            if not already:
                _dbt.invoke_dbt(home, SEEDS, _dbt.dbt_vars(home, datetime(2026, 3, 2, tzinfo=UTC)))
    return home


SEEDS = (
    "build", "--select", "resource_type:seed", "--exclude-resource-type", "unit_test",
    "--indirect-selection", "buildable",
)  # fmt: skip
