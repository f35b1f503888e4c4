"""A home that is backed up, with its ledger in either database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from backup_house import BackupHouse


@pytest.fixture
def house(tmp_path: Path, ledger_url: str, request: pytest.FixtureRequest) -> BackupHouse:
    make: Callable[[], str] = str
    if ledger_url:
        make = request.getfixturevalue("make_schema")
    return BackupHouse(tmp_path, ledger_url, make)
