"""`winback send-test`: one message to the operator through the real client, counted nowhere."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from winback.base.settings import Settings
from winback.cli import main
from winback.ledger import open_ledger, tables

pytestmark = pytest.mark.long


@pytest.fixture
def send_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path))

    def run(*arguments: str) -> int:
        return command(monkeypatch, "send-test", *arguments)

    return run


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["winback", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def taken(home: Path) -> list[tuple[str, str, str]]:
    """What the sandbox took: provider, our id, recipient."""
    path = home / "sandbox" / "sandbox.db"
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as sandbox:
        return sandbox.execute("select provider, our_id, recipient from messages").fetchall()


@pytest.mark.parametrize(
    ("arguments", "to", "provider", "says"),
    [
        (("sms_email", "2"), "me@shop.example", "sendgrid", "email, variant arrivals"),
        (("sms_email", "2", "--variant", "offer"), "me@shop.example", "sendgrid", "variant offer"),
        (("sms_four_step", "1"), "+1 202-555-0123", "twilio", "It costs some 0."),
    ],
)
def test_one_message_leaves_and_is_counted_nowhere(
    *,
    send_test: Any,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: tuple[str, ...],
    to: str,
    provider: str,
    says: str,
) -> None:
    assert send_test(*arguments, "--to", to, "--mode", "sandbox") == 0
    told = capsys.readouterr().out
    assert told.startswith(f"Sent: {arguments[0]} step {arguments[1]}")
    assert says in told
    ((by, our_id, recipient),) = taken(tmp_path)
    assert by == provider
    # Twilio is given no id of ours.
    assert provider == "twilio" or our_id.startswith("test-")
    assert recipient == to.replace(" ", "").replace("-", "")
    # What comes back for it belongs to no message.
    with open_ledger(Settings.load()) as ledger, ledger.read() as connection:
        assert connection.execute(tables.messages.select()).all() == []
        events = connection.execute(tables.provider_events.select()).all()
        assert {event.message_id for event in events} <= {None}


def test_a_stop_and_an_opt_out_hold_a_test_too(
    send_test: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    mail = ("sms_email", "2", "--to", "me@shop.example", "--mode", "sandbox")
    assert command(monkeypatch, "stop") == 0
    capsys.readouterr()
    assert send_test(*mail) == 1
    assert capsys.readouterr().err.startswith("winback: Nothing was sent: email is stopped by")
    assert command(monkeypatch, "go") == 0
    listed = tmp_path / "unsubscribed.csv"
    listed.write_text("email\nMe@shop.example\n")
    arguments = ("suppressions", "import", str(listed))
    assert command(monkeypatch, *arguments) == 0
    capsys.readouterr()
    assert send_test(*mail) == 1
    assert "This address has opted out" in capsys.readouterr().err
    assert taken(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("sms_email", "2", "--to", "me@shop.example"), 2, "A dry run sends nothing."),
        (("sms_email", "2", "--to", "+12025550123", "--mode", "sandbox"), 2, "an email address"),
        (("sms_four_step", "1", "--to", "me@a.example", "--mode", "sandbox"), 2, "a phone number"),
        (("sms_email", "99", "--to", "me@a.example", "--mode", "sandbox"), 2, "no step 99"),
        (
            ("sms_email", "2", "--to", "me@a.example", "--variant", "b", "--mode", "sandbox"),
            2,
            "The step has no variant 'b'; it has arrivals, offer.",
        ),
        (("sms_email", "2", "--to", "me@a.example", "--mode", "live"), 1, "live mode is not ready"),
    ],
)
def test_what_can_not_be_sent_is_one_line(
    *,
    send_test: Any,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    assert send_test(*arguments) == code
    told = capsys.readouterr().err
    assert says in told
    assert len(told.splitlines()) == 1
    # Contact data stays out of errors.
    assert arguments[3] not in told
    assert taken(tmp_path) == []


def test_what_the_provider_refuses_is_told_and_fails(
    send_test: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from winback.providers import Outcome

    monkeypatch.setattr(
        "winback.providers.sendgrid.channel.EmailChannel.send",
        lambda *_: Outcome("refused", "the key may not send", status=403),
    )
    arguments = ("sms_email", "2", "--to", "me@a.example", "--mode", "sandbox", "--json")
    assert send_test(*arguments) == 1
    found = capsys.readouterr()
    assert json.loads(found.out)["outcome"] == "refused"
    assert "The provider did not take it (refused): the key may not send." in found.err
