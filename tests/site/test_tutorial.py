"""The tutorial: its commands work one after the other, and its pictures are of them."""

from __future__ import annotations

import html
import re
import subprocess
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
PICTURES = ROOT / "docs" / "pictures"
# What each session must say.
SAID = (
    "0 rows rejected",
    "New in a playbook: 1 customer (sms_email 1)",
    "messages, each as it would be read",
    "Sent: no message in this run",
    "Sent: 1 message (sms_email step 2: 1)",
    "email of step 2: sent",
)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return import_module("make_pictures")


def words(svg: str) -> str:
    texts = re.findall(r"<text[^>]*>(.*?)</text>", svg, re.DOTALL)
    return " ".join(html.unescape(" ".join(texts)).replace("\u00a0", " ").split())


def test_every_session_has_a_picture_of_it_that_is_small_and_asks_no_other_host(
    script: ModuleType,
) -> None:
    sessions = script.sessions()
    assert len(sessions) == len(SAID)
    for name, command, said in zip(script.NAMES, sessions, SAID, strict=True):
        assert f"](pictures/{name}.svg)" in TUTORIAL
        svg = (PICTURES / f"{name}.svg").read_text(encoding="utf-8")
        assert command in words(svg)
        assert said in words(svg)
        assert "url(http" not in svg
        assert re.findall(r"\b(?:href|src)\s*=", svg) == []
    assert max(path.stat().st_size for path in PICTURES.iterdir()) < 100_000
    shown = set(re.findall(r"\(pictures/([\w.-]+)\)", TUTORIAL))
    assert shown == {path.name for path in PICTURES.iterdir()}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_its_commands_work_one_after_the_other(script: ModuleType, tmp_path: Path) -> None:
    for command, said in zip(script.sessions(), SAID, strict=True):
        done = subprocess.run(
            command.split(),
            cwd=ROOT,
            env={**script.environment(tmp_path / "home"), "FORCE_COLOR": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert said in done.stdout
