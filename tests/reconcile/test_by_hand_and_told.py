"""What an operator settles by hand, and what the command and the story of a person say."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from reconcile_parts import House
from typer.testing import CliRunner

from winback.base.errors import UsageError, WinbackError
from winback.cli._app import app
from winback.ledger import LedgerFenced
from winback.reconcile import open_messages, release, settle_as_sent

pytestmark = pytest.mark.long

DAY = timedelta(days=1)


@pytest.fixture
def given_up(house: House) -> str:
    """A mail of which nobody will ever know."""
    (lost,) = house.add(1, channel="email", expires_at=house.clock.now() + 9 * DAY)
    house.fail("drop")
    house.send()
    assert house.reconcile(after=DAY).unknown_final == 1
    return lost


@pytest.mark.both_databases
def test_what_was_given_up_goes_again_only_by_hand_and_with_a_reason(
    house: House, given_up: str
) -> None:
    (told,) = open_messages(house.ledger)
    assert (told.message_id, told.state, told.reason) == (
        given_up, "unknown_final", "unknown:silence",
    )  # fmt: skip
    house.plan_again()
    assert house.send().counts == {}
    with pytest.raises(UsageError, match="say why"):
        release(house.ledger, house.clock, given_up, because=" ")
    why = "not in SendGrid's activity feed"
    assert release(house.ledger, house.clock, given_up, because=why) == "planned"
    assert why in {row["payload"] for row in house.rows("evidence")}
    house.plan_again()
    assert house.send().counts == {"accepted": 1}
    assert house.message(given_up)["attempt_no"] == 2
    with pytest.raises(WinbackError, match="is accepted: only what is unknown"):
        release(house.ledger, house.clock, given_up, because="again")


def test_what_left_is_settled_as_sent_when_it_was_tried(house: House, given_up: str) -> None:
    (attempt,) = house.rows("attempts")
    assert settle_as_sent(house.ledger, house.clock, given_up, because="she wrote back") == (
        "accepted"
    )
    row = house.message(given_up)
    assert (row["accepted_at"], row["matched_by"]) == (attempt["started_at"], "settled")
    assert sum(house.states().values()) == 1


def test_what_is_past_its_range_is_released_into_expired(house: House, given_up: str) -> None:
    house.clock.advance(9 * DAY)
    assert release(house.ledger, house.clock, given_up, because="no") == "expired"


def test_an_unknown_id_and_a_copied_ledger_are_refused(house: House) -> None:
    from dataclasses import replace

    with pytest.raises(UsageError, match="no message 'm9'"):
        release(house.ledger, house.clock, "m9", because="no")
    with pytest.raises(LedgerFenced):
        release(replace(house.ledger, fenced="a copy"), house.clock, "m9", because="no")


def run(house: House, *arguments: str) -> str:
    done = CliRunner().invoke(app, ["reconcile", *arguments])
    assert "p1@example.com" not in done.output
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


@pytest.fixture
def environment(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of the house, for commands that read their own."""
    names = [
        "sendgrid_base_url", "sendgrid_webhook_public_keys", "twilio_base_url",
        "twilio_account_sid", "twilio_messaging_service_sid",
    ]  # fmt: skip
    for name in names:
        monkeypatch.setenv(f"WINBACK_{name.upper()}", getattr(house.settings, name))
    for name in ("sendgrid_api_key", "twilio_auth_token"):
        secret = getattr(house.settings, name).get_secret_value()
        monkeypatch.setenv(f"WINBACK_{name.upper()}", secret)
    monkeypatch.setenv("WINBACK_HOME", str(house.settings.home))


@pytest.mark.usefixtures("environment")
def test_the_command_settles_and_says_what_came_of_it(house: House) -> None:
    house.add(1, 2)
    house.fail("drop_accepted")
    house.send()
    now = house.clock.now()
    early = run(house, "--mode", "sandbox", "--as-of", (now + DAY / 200).isoformat())
    assert "1 wait until Tue 10 Mar 2026 20:15 UTC" in early
    assert "1 messages of unknown outcome, not sent again without proof" in early
    house.clock.advance(timedelta(minutes=15))
    done = run(house, "--mode", "sandbox", "--as-of", house.clock.now().isoformat())
    assert "Done: 1 proved to be sent" in done
    assert house.states() == {"accepted": 2}
    assert "0 messages may have been sent" in run(house, "list")


@pytest.mark.usefixtures("environment")
def test_the_command_is_a_dry_run_unless_told_otherwise(house: House) -> None:
    house.add(1)
    house.fail("drop_accepted")
    house.send()
    house.clock.advance(DAY)
    said = run(house, "--as-of", house.clock.now().isoformat())
    assert "A dry run asks nobody and changes nothing" in said
    assert (house.states(), house.evidence()) == ({"unknown": 1}, [])


@pytest.mark.usefixtures("environment")
def test_the_command_lists_releases_and_settles_by_hand(house: House, given_up: str) -> None:
    assert f"{given_up}  unknown_final (unknown:silence), email" in run(house, "list")
    now = house.clock.now().isoformat()
    said = run(house, "release", given_up, "--because", "not in the feed", "--as-of", now)
    assert f"{given_up} is planned" in said
    refused = subprocess.run(
        [sys.executable, "-m", "winback.cli", "reconcile", "settle", given_up, "--because", "x"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert "is planned: only what is unknown is settled by hand" in refused.stderr
