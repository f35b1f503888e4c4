"""The watchdog speaks of a stage that has not ended well in time, and says so once."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sinks import mail_server, webhook
from typer.testing import CliRunner

from winback.base.clock import FixedClock, WallClock
from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.cli._app import app
from winback.ledger import note_mode, note_stage_end, open_ledger
from winback.readiness.notify import AGAIN, notify
from winback.readiness.watch import LIMITS, LIMITS_FOR_PERSONS, limits, watch
from winback.rehearsal import sandbox
from winback.sending import stop_all
from winback.sending.brakes import _stops

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def settings(tmp_path: Path, ledger_url: str) -> Settings:
    return Settings.load(home=tmp_path / "home", ledger_url=ledger_url)


def ended(settings: Settings, at: datetime, *stages: str) -> None:
    with open_ledger(settings) as ledger, ledger.write() as connection:
        for stage in stages:
            note_stage_end(connection, stage, at=at)


def set_mode(settings: Settings, mode: str, at: datetime) -> None:
    with open_ledger(settings) as ledger, ledger.write() as connection:
        note_mode(connection, mode, by="ada@shop", at=at)


def silent(settings: Settings, now: datetime) -> list[str]:
    return [it.stage for it in watch(settings, now=now).stages if it.is_silent]


@pytest.mark.both_databases
def test_a_stage_is_silent_once_its_last_good_end_is_too_long_ago(settings: Settings) -> None:
    assert watch(settings, now=NOW).problems == []
    ended(settings, NOW, *LIMITS)
    assert silent(settings, NOW + 12 * MINUTE) == []
    assert silent(settings, NOW + 13 * MINUTE) == ["collect", "reconcile", "reply"]
    assert silent(settings, NOW + 41 * MINUTE) == ["collect", "reconcile", "reply", "send"]
    ended(settings, NOW + 40 * MINUTE, "collect", "reconcile", "reply", "send")
    assert silent(settings, NOW + 41 * MINUTE) == []
    (line,) = watch(settings, now=NOW + 41 * MINUTE + timedelta(hours=26)).problems[-1:]
    assert line == (
        "measure has not ended well since Mon 2 Mar 2026 12:00 UTC, for 1,601 minutes "
        "(1,560 minutes are allowed). Next: winback doctor --repair"
    )


@pytest.mark.only_sqlite
def test_a_stage_that_never_ended_is_silent_since_the_house_was_told_to_send(
    settings: Settings,
) -> None:
    ended(settings, NOW, "collect")
    assert silent(settings, NOW + 10 * MINUTE) == []  # nobody has said that the rest should run
    assert silent(settings, NOW + timedelta(days=9)) == ["collect"]
    set_mode(settings, "live", NOW)
    assert silent(settings, NOW + 10 * MINUTE) == []
    assert silent(settings, NOW + timedelta(days=9)) == list(LIMITS)
    told = watch(settings, now=NOW + timedelta(days=9)).problems
    assert told[1].startswith("reconcile has never ended well (12 minutes are allowed). Next: ")
    set_mode(settings, "dry-run", NOW)
    found = watch(settings, now=NOW + timedelta(days=9))
    assert (found.stages, found.problems) == ([], [])
    assert found.why == "the mode of the house is dry-run: no stage has to run"


@pytest.mark.only_sqlite
def test_a_stop_that_nobody_asked_for_and_a_ledger_that_is_away_are_told(
    settings: Settings,
) -> None:
    ended(settings, NOW, *LIMITS)
    with open_ledger(settings) as ledger, ledger.write() as connection:
        stop_all(connection, reason="a wrong price", now=NOW)
    assert watch(settings, now=NOW).problems == []
    with open_ledger(settings) as ledger, ledger.write() as connection:
        _stops.stop(connection, "email", "auth", "SendGrid refuses the key", now=NOW)
    assert watch(settings, now=NOW).problems == ["email is stopped: SendGrid refuses the key"]
    (settings.home / "ledger.db").write_bytes(b"no database at all" * 100)
    (line,) = watch(settings, now=NOW).problems
    assert line.startswith("the ledger's database is damaged")


@pytest.mark.only_sqlite
def test_the_limits_are_settings(settings: Settings) -> None:
    own = settings.model_copy(update={"watch_limits": "send=60, measure=0"})
    assert limits(own) == {
        name: timedelta(minutes=60 if name == "send" else minutes)
        for name, minutes in (LIMITS | LIMITS_FOR_PERSONS).items()
        if name != "measure"
    }
    for wrong in ("send", "sned=3", "send=soon", "send=-1"):
        with pytest.raises(UsageError, match=r"WINBACK_WATCH_LIMITS: .* is not a stage"):
            limits(settings.model_copy(update={"watch_limits": wrong}))


@pytest.mark.only_sqlite
def test_the_command_says_so_by_its_exit_code_and_as_json(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(settings.home))
    now = WallClock().now()
    ended(settings, now, *LIMITS)
    done = CliRunner().invoke(app, ["watch"])
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "All is well.")
    ended(settings, now - timedelta(days=3), "send")
    assert CliRunner().invoke(app, ["watch"]).exit_code == 1
    done = CliRunner().invoke(app, ["watch", "--json"])
    facts = json.loads(done.stdout)
    assert (done.exit_code, facts["ok"]) == (1, False)
    assert [row["stage"] for row in facts["stages"] if row["is_silent"]] == ["send"]
    assert len(facts["problems"]) == 1


@pytest.mark.only_sqlite
def test_a_trouble_is_told_once_again_after_hours_and_so_is_its_end(settings: Settings) -> None:
    heard: list[str] = []
    with webhook(200, heard) as url:
        own = Settings.load(home=settings.home, watch_webhook_url=url, brand_name="Shop & Co")
        assert "a-secret" not in repr(own)
        assert notify(own, [], now=NOW) == []  # nothing was wrong before
        assert notify(own, ["send has not ended well for 41 minutes"], now=NOW) == []
        assert notify(own, ["send has not ended well for 43 minutes"], now=NOW + MINUTE) == []
        assert heard == ["winback at Shop & Co:\nsend has not ended well for 41 minutes"]
        notify(own, ["send …", "reply …"], now=NOW + 2 * MINUTE)
        notify(own, ["send …", "reply …"], now=NOW + 3 * MINUTE)
        assert len(heard) == 2
        notify(own, ["send …", "reply …"], now=NOW + 2 * MINUTE + AGAIN)
        assert len(heard) == 3
        notify(own, [], now=NOW + 3 * MINUTE + AGAIN)
        notify(own, [], now=NOW + 4 * MINUTE + AGAIN)
        assert heard[3:] == ["winback at Shop & Co:\nAll is well again."]


@pytest.mark.only_sqlite
def test_a_mail_is_sent_by_the_server_that_is_set(settings: Settings) -> None:
    heard: list[str] = []
    with mail_server(heard) as url:
        own = Settings.load(home=settings.home, watch_mail_to="ops@example.com", watch_smtp_url=url)
        assert notify(own, ["send has not ended well"], now=NOW) == []
    (mail,) = heard
    assert "To: ops@example.com" in mail
    assert "Subject: winback at Example Shop: send has not ended well" in mail


@pytest.mark.only_sqlite
def test_a_mail_goes_by_the_shops_own_account_where_no_server_is_set(settings: Settings) -> None:
    with sandbox.start(settings, FixedClock(NOW), deliver=False) as running:
        own = Settings.load(
            home=settings.home, watch_mail_to="ops@example.com", **running.overrides()
        )
        assert notify(own, ["send has not ended well"], now=NOW) == []
        wrong = own.model_copy(update={"sendgrid_api_key": SecretStr("wrong")})
        assert notify(wrong, ["reply …"], now=NOW) == ["SendGrid took no mail (auth)"]
        with closing(sqlite3.connect(sandbox.sandbox_dir(own) / "sandbox.db")) as database:
            mails = database.execute("select recipient, body from messages natural join requests")
            ((recipient, body),) = mails.fetchall()
    assert recipient == "ops@example.com"
    assert "send has not ended well" in body


@pytest.mark.only_sqlite
def test_who_could_not_be_told_is_told_the_next_time(settings: Settings) -> None:
    heard: list[str] = []
    with webhook(500, heard) as url:
        own = Settings.load(home=settings.home, watch_webhook_url=url)
        for _ in range(2):
            failed = notify(own, ["send …"], now=NOW)
            assert failed == ["WINBACK_WATCH_WEBHOOK_URL answered 500"]
    assert len(heard) == 2
    gone = Settings.load(
        home=settings.home,
        watch_webhook_url=url,
        watch_mail_to="ops@example.com",
        watch_smtp_url=url.replace("http", "smtp"),
    )
    assert notify(gone, ["send …"], now=NOW) == [
        "WINBACK_WATCH_WEBHOOK_URL did not answer (ConnectionError)",
        "WINBACK_WATCH_SMTP_URL took no mail (ConnectionRefusedError)",
    ]
    none = own.model_copy(
        update={"watch_webhook_url": type(own.watch_smtp_url)(""), "watch_mail_to": "a@example.com"}
    )
    assert notify(none, ["send …"], now=NOW) == [
        "WINBACK_WATCH_SMTP_URL is no address of a mail server, like smtp://host:587"
    ]
