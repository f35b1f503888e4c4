"""The deployment `digest` mails the owner the month's digest with the report, and once."""

from __future__ import annotations

from pathlib import Path

import pytest
from published_tables import write_tables
from report_tables import MESSAGES, publish
from sinks import mail_server

from flows.digest import digest
from winback.base.settings import Settings

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("prefect_server")]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path))
    write_tables(publish(Settings.load()), {"messages": MESSAGES}, {"messages": []})
    return tmp_path


def test_without_an_address_nobody_is_mailed() -> None:
    state = digest(return_state=True)
    assert (state.is_completed(), state.name) == (True, "Nobody to mail to")


def test_a_digest_leaves_once_with_the_report_beside_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    with mail_server(heard) as url:
        monkeypatch.setenv("WINBACK_REPORT_MAIL_TO", "owner@shop.example")
        monkeypatch.setenv("WINBACK_WATCH_SMTP_URL", url)
        first = digest(return_state=True)
    assert first.message == "The digest of April 2026 has left"
    (mail,) = heard
    assert "To: owner@shop.example" in mail
    assert 'filename="report.html"' in mail
    # Nobody listens there any more.
    assert digest(return_state=True).name == "Sent before"
    (home / "digest.json").write_text("not what we wrote")
    again = digest(return_state=True)
    assert again.is_failed()
    assert "took no mail (ConnectionRefusedError)" in str(again.message)


def test_a_digest_that_is_asked_for_again_leaves_again(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setenv("WINBACK_REPORT_MAIL_TO", "owner@shop.example")
    for _ in range(2):
        with mail_server(heard) as url:
            monkeypatch.setenv("WINBACK_WATCH_SMTP_URL", url)
            assert digest(again=True, return_state=True).is_completed()
    assert len(heard) == 2
