"""A real Prefect server for the session, and a small shop to run on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flow_shop import OPENS, Shop, small_shop

import quality
from flows._prefect import quiet_prefect

quiet_prefect()


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[str]:
    """Its API's address; and one process for all the gates of its runs."""
    from prefect.settings import get_current_settings
    from prefect.testing.utilities import prefect_test_harness

    with (
        quality.gate(sends=True).beside(),
        prefect_test_harness(server_startup_timeout=120),
    ):
        yield str(get_current_settings().api.url)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A loaded shop whose settings the flows read from the environment."""
    home = tmp_path / "home"
    monkeypatch.setenv("WINBACK_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    return small_shop(home, loaded_at=OPENS)
