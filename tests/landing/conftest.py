"""Fixtures: an empty shop, and the real data sets."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from importlib.metadata import files
from pathlib import Path

import pytest
from landing_shop import Shop

from winback.base.clock import FixedClock
from winback.base.settings import Settings


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    settings = Settings.load(home=tmp_path / "home", shop_timezone="America/New_York")
    return Shop(tmp_path / "shop", settings, FixedClock(datetime(2025, 6, 1, 12, tzinfo=UTC)))


@pytest.fixture
def home(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The shop's home for the commands, which find it in the environment."""
    monkeypatch.setenv("WINBACK_HOME", str(shop.settings.home))
    return monkeypatch


@pytest.fixture(scope="session")
def retail_file() -> Path:
    """The first 240,007 lines of the UCI file; the test skips where it isn't there."""
    default = Path(__file__).resolve().parents[3] / "shared"
    shared = Path(os.environ.get("WINBACK_TEST_SHARED", default))
    path = shared / "data" / "online_retail_raw_first240007.parquet"
    if not path.exists():
        pytest.skip(f"needs the UCI data: {path} (set WINBACK_TEST_SHARED)")
    return path


@pytest.fixture(scope="session")
def cdnow_dir() -> Path:
    """Where the lifetimes wheel keeps both CDNOW logs (found without importing it)."""
    [master] = [path for path in files("lifetimes") or () if path.name == "CDNOW_master.txt"]
    return Path(str(master.locate())).parent
