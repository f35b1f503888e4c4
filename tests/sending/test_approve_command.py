"""`winback approvals` and `winback approve`: what waits, and a person's yes or no."""

from __future__ import annotations

import getpass
import json
import platform
from pathlib import Path

import pytest
from outbox_rows import NOW, outbox_row
from sqlalchemy import update
from typer.testing import CliRunner

from winback.base.clock import FixedClock
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.cli._app import app
from winback.ledger import open_ledger, tables
from winback.sending import plan

pytestmark = pytest.mark.long


@pytest.fixture
def winback(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "HOME": str(tmp_path / "home"),
        "APPROVAL": "always",
        "PUBLIC_BASE_URL": "https://hooks.example.com",
        "TWILIO_MESSAGING_SERVICE_SID": "MG1",
    }.items():
        monkeypatch.setenv(f"WINBACK_{name}", value)
    return lambda *words: CliRunner().invoke(app, words)


def plan_texts(*numbers):
    settings = Settings.load()
    with open_ledger(settings) as ledger:
        rows = [outbox_row(number, first_name="Secret") for number in numbers]
        plan(ledger, rows, settings, FixedClock(NOW))


def waiting(winback):
    return json.loads(winback("approvals", "--json").stdout)


def test_without_a_ledger_nothing_waits(winback, tmp_path, monkeypatch):
    assert winback("approvals").output == "Nothing waits for approval.\n"
    monkeypatch.setenv("WINBACK_APPROVAL", "off")
    assert winback("approve").output == (
        "Nothing waits: WINBACK_APPROVAL is off, and no send here asks.\n"
    )
    assert not (tmp_path / "home" / "ledger.db").exists()


def test_what_waits_is_listed_and_approved_by_who_is_logged_in(winback):
    plan_texts(1, 2)
    told = waiting(winback)
    (facts,) = told["waiting"]
    assert told["needed"] is True
    assert (facts["playbook_id"], facts["step"], facts["messages"]) == ("sms_email", 1, 2)
    assert facts["cost_cents"] == 1.58
    assert facts["decision"] is None
    assert "Hi Alexandra" in facts["renders"][0]["words"]
    assert Path(facts["page"]).exists()
    for words in (("approvals",), ("approve",)):
        lines = winback(*words).output
        assert f"Next: winback approve {facts['id']}" in lines
        assert "Hi Alexandra" in lines
        assert facts["page"] in lines
        assert "Secret" not in lines
        assert "+1555" not in lines
    done = winback("approve", facts["id"])
    me = f"{getpass.getuser()}@{platform.node()}"
    assert done.output == (
        f"Approved by {me}: step 1 of sms_email (2 messages) leaves with the next run\n"
    )
    assert waiting(winback) == {"needed": True, "waiting": []}
    assert winback("approve").output == "Nothing waits for approval.\n"


def test_a_refusal_is_told_with_its_note_until_somebody_approves(winback):
    plan_texts(1)
    (facts,) = waiting(winback)["waiting"]
    words = ("--refuse", "--note", "the code is wrong", "--by", "Ann", "--json")
    done = json.loads(winback("approve", facts["id"], *words).stdout)
    assert (done["decision"], done["decided_by"], done["note"]) == (
        "no",
        "Ann",
        "the code is wrong",
    )
    (facts,) = waiting(winback)["waiting"]
    assert (facts["decision"], facts["decided_by"]) == ("no", "Ann")
    assert "was refused by Ann (the code is wrong)" in winback("approvals").output
    assert winback("approve", facts["id"], "--by", "Bo").exit_code == 0
    assert waiting(winback)["waiting"] == []


def test_a_mistake_is_one_line(winback):
    plan_texts(1)
    (old,) = waiting(winback)["waiting"]
    refused = winback("approve", "nothing").exception
    assert isinstance(refused, UsageError)
    assert str(refused) == "there is no request 'nothing'. Next: winback approvals"
    assert isinstance(winback("approve", "--refuse").exception, UsageError)
    plan_texts(1, 2)
    (new,) = waiting(winback)["waiting"]
    refused = winback("approve", old["id"]).exception
    assert isinstance(refused, WinbackError)
    assert str(refused) == (
        f"step 1 of sms_email has changed since {old['id']} was asked. "
        f"Next: winback approve {new['id']}"
    )
    with open_ledger(Settings.load()) as ledger, ledger.write() as connection:
        connection.execute(update(tables.approvals).values(expires_at=NOW))
    assert "has expired" in str(winback("approve", new["id"]).exception)
    (asked_anew,) = waiting(winback)["waiting"]
    assert winback("approve", asked_anew["id"]).exit_code == 0
