"""`winback lint`: what it says of the shipped messages, and of what a run would hold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.whole


def lint(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "winback.cli", "lint", *arguments],
        env={**os.environ, "WINBACK_HOME": str(home), **settings},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_shipped_messages_pass_in_every_language(tmp_path: Path) -> None:
    ended = lint(tmp_path, WINBACK_LANGUAGES="en,de,fr,es")
    assert ended.returncode == 0, ended.stdout
    assert "0 findings that hold a step, 0 matters of taste" in ended.stdout
    assert not any(tmp_path.iterdir())


def test_what_a_run_would_hold_ends_it_with_1_and_names_what_to_do(tmp_path: Path) -> None:
    ended = lint(tmp_path, "sms_email", WINBACK_SHOP_URL="http://shop.example.org")
    assert ended.returncode == 1
    assert (
        "held: templates/sms_email/1.txt: insecure_link: a link to shop.example.org is not https. "
        "Next: begin the address with https://\n"
    ) in ended.stdout
    told = json.loads(
        lint(tmp_path, "sms_email", "--json", WINBACK_SHOP_URL="http://shop.example.org").stdout
    )
    assert told["stopped"] == len(told["findings"]) > 0
    assert {it["rule"] for it in told["findings"]} == {"insecure_link"}


def test_a_playbook_that_is_not_there_is_named(tmp_path: Path) -> None:
    ended = lint(tmp_path, "no_such")
    assert ended.returncode == 2
    assert "there is no playbook 'no_such'" in ended.stderr
