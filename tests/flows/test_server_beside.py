"""A run's own server: started beside, or not at all where another one is named."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows import _server
from winback.base.settings import Settings

pytestmark = pytest.mark.whole

# Looks at what was started, without a run: Prefect must not be imported yet.
STARTS = """
import os, sys, time
from flows._server import start_beside
from winback.base.settings import Settings
wait = start_beside(Settings.load())
print(os.environ.get("PREFECT_API_URL", ""), flush=True)
wait()
from prefect.client.orchestration import get_client
with get_client(sync_client=True) as client:
    print(client.api_healthcheck() is None, "prefect.server.api.server" in sys.modules, flush=True)
if "die" in sys.argv:
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def elsewhere(tmp_path: Path, prefect_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder and a home of Prefect in which nothing names a server."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.delenv("PREFECT_PROFILES_PATH", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(prefect_home))
    return tmp_path


def test_a_server_that_a_file_names_is_prefect_s_to_find(elsewhere: Path) -> None:
    assert not _server.is_server_named()
    for name, text in {
        "prefect.toml": "",
        ".env": "WINBACK_MODE=live\nPREFECT_API_URL=http://127.0.0.1:4200/api\n",
        "prefect/profiles.toml": '[profiles.local]\nPREFECT_API_URL = "http://a/api"\n',
    }.items():
        (elsewhere / name).write_text(text)
        assert _server.is_server_named(), name
        (elsewhere / name).unlink()
    (elsewhere / ".env").write_text("WINBACK_MODE=live\n")
    assert not _server.is_server_named()


def test_nothing_is_started_once_prefect_is_imported(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prefect", sys.modules.get("prefect", sys))
    _server.start_beside(Settings.load(home=elsewhere))()
    assert "PREFECT_API_URL" not in os.environ


def starts(folder: Path, *words: str, **more: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", STARTS, *words], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "WINBACK_HOME": str(folder / "home"), **more}, check=False, timeout=150,
    )  # fmt: skip
    return done.returncode, done.stdout.splitlines()


def servers(url: str) -> list[str]:
    port = url.rpartition(":")[2].partition("/")[0]
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes().decode(errors="replace").replace("\0", " "))
    return [line for line in found if f"--port {port} " in line]


@pytest.mark.slow
def test_it_is_there_for_the_run_and_gone_after_it_however_that_ends(elsewhere: Path) -> None:
    code, (url, found) = starts(elsewhere)
    assert (code, found) == (0, "True False")
    assert servers(url) == []
    code, (url, found) = starts(elsewhere, "die")
    assert (code, found) == (-signal.SIGKILL, "True False")
    for _ in range(100):
        if not servers(url):
            break
        signal.sigtimedwait([], 0.1)
    assert servers(url) == []


def test_a_named_server_is_taken_as_it_is(elsewhere: Path) -> None:
    named = "http://127.0.0.1:1/api"
    code, (url, *_) = starts(elsewhere, PREFECT_API_URL=named)
    assert url == named
    assert code == 0
    assert not (elsewhere / "home" / "control-room").exists()
