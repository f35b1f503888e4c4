"""What is done for the persons themselves is watched in every mode of the house."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from winback.backup import back_up
from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.cli._app import app
from winback.inbound import PersonRequest, write_request
from winback.ledger import note_mode, open_ledger
from winback.people.requests import serve_requests
from winback.people.retention import retain
from winback.readiness.watch import watch

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings.load(home=tmp_path / "home")
    with open_ledger(settings) as ledger, ledger.write() as connection:
        note_mode(connection, "dry-run", by="ada@shop", at=NOW)
    return settings


def silent(settings: Settings, now: datetime) -> list[str]:
    return [it.stage for it in watch(settings, now=now).stages if it.is_silent]


def ask(settings: Settings, at: datetime) -> None:
    asked = PersonRequest("r1", "erase", "a.myshopify.com", "c1", (), at)
    write_request(settings, asked)


def export_list(settings: Settings, at: datetime, removed_since: datetime | None = None) -> Path:
    folder = settings.audiences_dir / "lapsed-meta"
    folder.mkdir(parents=True, exist_ok=True)
    state = {
        "segment": "lapsed", "platform": "meta", "exported_at": at.isoformat(),
        "remove_since": removed_since.isoformat() if removed_since else "",
    }  # fmt: skip
    (folder / "audience.json").write_text(json.dumps(state))
    if removed_since:
        (folder / "remove.csv").write_text("email,phone\nabc,\n")
    return folder


def test_a_house_of_which_nobody_asked_anything_has_nothing_to_watch(settings: Settings) -> None:
    found = watch(settings, now=NOW + 99 * HOUR)
    assert (found.stages, found.problems) == ([], [])
    assert found.why == "the mode of the house is dry-run: no stage has to run"


def test_a_request_that_no_run_takes_up_is_told(settings: Settings) -> None:
    ask(settings, NOW + 10 * HOUR)
    assert silent(settings, NOW + 12 * HOUR) == []
    assert silent(settings, NOW + 13 * HOUR) == ["requests"]
    (line,) = watch(settings, now=NOW + 13 * HOUR).problems
    assert line.startswith("requests has never ended well (130 minutes are allowed). Next: ")
    serve_requests(settings, FixedClock(NOW + 13 * HOUR))
    assert watch(settings, now=NOW + 99 * HOUR).problems == []  # none waits, and none is expected
    shopify = Settings.load(home=settings.home, shopify_webhook_secret="secret")
    assert silent(shopify, NOW + 15 * HOUR) == []
    assert silent(shopify, NOW + 16 * HOUR) == ["requests"]


def test_a_retention_that_does_not_come_is_told_where_something_is_to_go(
    settings: Settings,
) -> None:
    assert silent(settings, NOW + 99 * HOUR) == []
    keeps = settings.model_copy(update={"keep_words_days": 30})
    assert silent(keeps, NOW + 26 * HOUR) == []
    assert silent(keeps, NOW + 27 * HOUR) == ["retention"]
    retain(keeps, FixedClock(NOW + 27 * HOUR))
    assert silent(keeps, NOW + 53 * HOUR) == []
    assert silent(keeps, NOW + 54 * HOUR) == ["retention"]
    unwatched = keeps.model_copy(update={"watch_limits": "retention=0"})
    assert silent(unwatched, NOW + 54 * HOUR) == []


def test_a_backup_that_does_not_come_is_told(settings: Settings, tmp_path: Path) -> None:
    place = str(tmp_path / "backups")
    backed_up = settings.model_copy(update={"backup_to": place})
    assert silent(backed_up, NOW + 26 * HOUR) == []
    assert silent(backed_up, NOW + 27 * HOUR) == ["backup"]
    back_up(backed_up, FixedClock(NOW + 27 * HOUR), place)
    assert silent(backed_up, NOW + 53 * HOUR) == []
    assert silent(backed_up, NOW + 54 * HOUR) == ["backup"]
    # A backup to another folder is none that a restore would look for.
    back_up(backed_up, FixedClock(NOW + 54 * HOUR), str(tmp_path / "other"))
    assert silent(backed_up, NOW + 54 * HOUR) == ["backup"]


def test_a_list_for_ads_that_is_not_written_anew_is_told(settings: Settings) -> None:
    export_list(settings, NOW)
    assert silent(settings, NOW + 26 * HOUR) == []
    assert silent(settings, NOW + 27 * HOUR) == ["audiences"]


def test_who_waits_to_be_taken_out_is_named_by_doctor_and_after_a_day_by_the_watchdog(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = export_list(settings, NOW + 20 * HOUR, removed_since=NOW)
    assert watch(settings, now=NOW + 24 * HOUR).problems == []
    found = watch(settings, now=NOW + 25 * HOUR)
    (line,) = found.problems
    assert line == (
        "1 who left lapsed wait since 2026-03-02 to be taken out of the list at meta. Next: do so "
        f"with {folder}/remove.csv, then winback audience removed lapsed --for meta "
        f"--until {(NOW + 20 * HOUR).isoformat()}"
    )
    assert found.silences == {}
    monkeypatch.setenv("WINBACK_HOME", str(settings.home))
    assert f"ads: {found.problems[0]}" in CliRunner().invoke(app, ["doctor"]).output
    assert json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)["ads"] == found.problems
    CliRunner().invoke(app, ["audience", "removed", "lapsed", "--for", "meta"])
    assert "ads: " not in CliRunner().invoke(app, ["doctor"]).output
    assert watch(settings, now=NOW + 25 * HOUR).problems == []
