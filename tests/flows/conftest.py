"""A real Prefect server for the session, and a small shop to run on."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flow_shop import OPENS, Shop, small_shop

import quality
from flows._prefect import quiet_prefect

quiet_prefect()


@pytest.fixture(scope="session")
def new_prefect_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the session's server leaves its database as it was when it had just made it."""
    return tmp_path_factory.mktemp("new") / "prefect.db"


@pytest.fixture(scope="session")
def prefect_server(new_prefect_database: Path) -> Iterator[str]:
    """Its API's address; and one process for all the gates of its runs."""
    from prefect.settings import get_current_settings
    from prefect.testing.utilities import prefect_test_harness

    with (
        quality.gate(sends=True).beside(),
        prefect_test_harness(server_startup_timeout=120),
    ):
        made = get_current_settings().server.database.connection_url
        assert made is not None
        path = made.get_secret_value().removeprefix("sqlite+aiosqlite:///")
        with (
            closing(sqlite3.connect(path)) as there,
            closing(sqlite3.connect(new_prefect_database)) as kept,
        ):
            there.backup(kept)
        yield str(get_current_settings().api.url)


@pytest.fixture
def prefect_home(tmp_path: Path, prefect_server: str, new_prefect_database: Path) -> Path:
    """A home for another server, which need not make its database: that takes four seconds."""
    home = tmp_path / "prefect"
    home.mkdir()
    shutil.copy(new_prefect_database, home)
    return home


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A loaded shop whose settings the flows read from the environment."""
    home = tmp_path / "home"
    monkeypatch.setenv("WINBACK_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    return small_shop(home, loaded_at=OPENS)
