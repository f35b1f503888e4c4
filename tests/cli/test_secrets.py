"""No secret is in what a command says or leaves, or in its arguments; `.env` is private."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path

import pytest

from winback.base.settings import Settings
from winback.cli import main
from winback.readiness.doctor import findings

pytestmark = pytest.mark.long

SECRET = "hunter2-and-more"
ENV = {
    "WINBACK_SENDGRID_API_KEY": f"SG.{SECRET}",
    "WINBACK_TWILIO_AUTH_TOKEN": SECRET,
    "WINBACK_TWILIO_ACCOUNT_SID": "AC1",
}
URL = f"postgresql://winback:{SECRET}@127.0.0.1:1/winback"
COMMANDS = (
    "stop", "go", "doctor", "inbox", "suppressions holds", "reconcile list", "replay-events",
    "why c1", "load nowhere", "build", "erase c1", "serve --port 1 --host 256.0.0.1",
    "run --mode live", "run --mode nonsense",
)  # fmt: skip


def winback(command: str) -> str:
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(io.StringIO()) as out,
        redirect_stderr(io.StringIO()) as said,
        suppress(SystemExit),
    ):
        patch.setattr(sys, "argv", ["winback", *command.split()])
        main()
    return out.getvalue() + said.getvalue()


@pytest.mark.parametrize("ledger_url", ["", URL, URL.replace("postgresql", "nonsense")])
def test_no_command_says_or_leaves_a_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ledger_url: str
) -> None:
    for name, value in {**ENV, "WINBACK_LEDGER_URL": ledger_url, "WINBACK_HOME": "home"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    for command in COMMANDS:
        said = winback(command)
        assert said, command
        assert SECRET not in said, command
        assert "Traceback" not in said, command
    for path in (tmp_path / "home").rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path
    assert SECRET not in repr(Settings.load())


def test_a_receiver_has_no_secret_among_its_arguments(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in ENV.items()))
    environment = {**os.environ, "WINBACK_HOME": str(tmp_path / "home")}
    with subprocess.Popen(
        [sys.executable, "-m", "winback.cli", "serve", "--port", "0"],
        cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as serving:  # fmt: skip
        assert "Receiving" in serving.stdout.readline()
        of = Path("/proc") / str(serving.pid)
        assert SECRET not in (of / "cmdline").read_text()
        assert SECRET not in (of / "environ").read_text(), "a child would inherit it"
        serving.terminate()
        assert SECRET not in serving.stdout.read()


def test_doctor_names_an_env_file_that_every_user_may_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    file, settings = tmp_path / ".env", Settings.load(home=tmp_path / "home")
    for mode, is_named in ((0o644, True), (0o604, True), (0o640, False), (0o600, False)):
        file.touch()
        file.chmod(mode)
        named = [line for line in findings(settings) if line.startswith(".env ")]
        assert bool(named) is is_named
        assert all(line.endswith(f"chmod o= {file}") for line in named)
