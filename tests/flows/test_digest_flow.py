"""The deployment `digest`, where nobody is named; test_run_report sends one."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.digest import digest

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_without_an_address_nobody_is_mailed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path))
    state = digest(return_state=True)
    assert (state.is_completed(), state.name) == (True, "Nobody to mail to")
