"""The event log is the truth: read anew it leaves the same rows, and mends what was lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from inbound_parts import NOW, PHONE, Provider, add_message, rows, sg_event
from sqlalchemy import delete, update
from typer.testing import CliRunner

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.cli._app import app
from winback.inbound import ReplayReport, collect, replay_events
from winback.ledger import Ledger, release_hold, suppress, tables
from winback.providers.sendgrid import callbacks as _sendgrid

pytestmark = pytest.mark.long

Replay = Callable[..., ReplayReport]


@pytest.fixture
def replay(ledger: Ledger, settings: Settings, clock: FixedClock) -> Replay:
    def run(**options: bool) -> ReplayReport:
        collect(ledger, settings, clock)
        return replay_events(ledger, settings, clock, **options)

    return run


@pytest.fixture
def story(provider: Provider, ledger: Ledger, clock: FixedClock) -> None:
    """A bit of everything, told twice and in the wrong order."""
    add_message(ledger, "m1")
    add_message(ledger, "t1", channel="sms", address=PHONE, state="unknown", accepted_at=None)
    provider.events(sg_event("m1", "click", url="/a"), sg_event("m1", "delivered"), {"event": 3})
    provider.events(sg_event("m1", "delivered"), sg_event("m1", "unsubscribe"))
    provider.status("t1", "delivered")
    provider.status("t1", "sent")
    for minute, text in enumerate(("STOP", "yes", "stop it", "yes!")):
        clock.at = NOW + timedelta(minutes=minute)
        provider.text(text, sid=f"SM{minute}")


def everything(ledger: Ledger) -> dict[str, list[dict[str, Any]]]:
    return {name: rows(ledger, name) for name in ("provider_events", "suppressions", "messages")}


@pytest.mark.usefixtures("story")
def test_read_anew_the_log_leaves_the_same_rows(
    ledger: Ledger, replay: Replay, settings: Settings
) -> None:
    replay()
    before = everything(ledger)
    for write in (False, True):
        report = replay(write=write)
        assert (report.differences, report.can_be_written, report.unreadable) == (0, 0, 1)
        assert (report.events.same, report.suppressions.same) == (9, 3)
    assert everything(ledger) == before
    assert not list(settings.home.glob(".replay-*"))


@pytest.mark.usefixtures("story")
def test_what_was_lost_comes_back_with_all_that_it_does(ledger: Ledger, replay: Replay) -> None:
    replay()
    before = everything(ledger)
    with ledger.write() as connection:
        connection.execute(delete(tables.provider_events))
        connection.execute(delete(tables.suppressions))
        connection.execute(delete(tables.evidence))
        lost = {"state": "unknown", "accepted_at": None, "matched_by": None, "version": 1}
        connection.execute(
            update(tables.messages).where(tables.messages.c.message_id == "t1").values(lost)
        )
    add_message(ledger, "m2", address="m1@example.com", state="planned", accepted_at=None)
    report = replay()
    assert (len(report.events.missing), len(report.suppressions.missing)) == (9, 3)
    assert rows(ledger, "provider_events") == []
    replay(write=True)
    after = everything(ledger)
    assert after["provider_events"] == before["provider_events"]
    assert untimed(after["suppressions"]) == untimed(before["suppressions"])
    states = {row["message_id"]: row["state"] for row in after["messages"]}
    assert states == {"m1": "accepted", "t1": "accepted", "m2": "suppressed"}
    assert replay().differences == 0


def untimed(suppressions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = [row | {"recorded_at": None, "version": 0} for row in suppressions]
    return sorted(kept, key=lambda row: str(row["suppression_id"]))


@pytest.mark.usefixtures("story")
def test_a_parser_that_learned_something_corrects_earlier_rows(
    monkeypatch: pytest.MonkeyPatch, ledger: Ledger, replay: Replay
) -> None:
    replay()
    monkeypatch.setattr(_sendgrid, "is_machine_agent", lambda agent: True)
    report = replay(write=True)
    assert (report.events.columns, report.can_be_written) == ({"is_machine": 1}, 1)
    (click,) = [row for row in rows(ledger, "provider_events") if row["kind"] == "clicked"]
    assert (click["is_machine"], click["version"]) == (1, 2)  # and is exported again
    assert replay().differences == 0


@pytest.mark.usefixtures("story")
def test_what_did_not_come_as_an_event_stays_as_it_is(
    ledger: Ledger, replay: Replay, provider: Provider, clock: FixedClock
) -> None:
    clock.at = NOW + timedelta(hours=1)
    with ledger.write() as connection:  # what Twilio's API answered to a sending
        suppress(
            connection, group="phone", address=PHONE, reason="opted_out", source="sms",
            occurred_at=clock.at, recorded_at=clock.at,
        )  # fmt: skip
    clock.at = NOW + timedelta(hours=2)
    provider.text("yes", sid="SMlater")
    provider.text("not sure whether to cancel", sid="SMhold")
    replay()
    with ledger.write() as connection:
        assert release_hold(connection, group="phone", address=PHONE, released_at=clock.at) == 1
    before = everything(ledger)
    assert replay(write=True).differences == 0
    assert everything(ledger) == before


@pytest.mark.usefixtures("story")
def test_nothing_is_taken_away_for_want_of_a_part(
    ledger: Ledger, replay: Replay, settings: Settings
) -> None:
    replay()
    before = everything(ledger)
    stop = next(
        path for path in settings.events_dir.glob("*.jsonl") if "Body=STOP" in path.read_text()
    )
    stop.unlink()
    report = replay(write=True)
    assert (report.missing_parts, report.suppressions.only_in_ledger) == (1, 1)
    assert report.events.only_in_ledger >= 1
    assert everything(ledger)["suppressions"] == before["suppressions"]


def test_a_part_that_was_cut_off_stops_nothing_behind_it(
    provider: Provider, ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    broken = settings.events_dir / "20260101T000000Z-copied-000000000001.jsonl"
    assert provider.events(sg_event("m1", "open")).status_code == 204
    collect(ledger, settings, clock)
    whole = next(settings.events_dir.glob("*.jsonl")).read_text()
    damaged = (whole[:50], '{"provider": 1}', "[]", "\x00\xff", whole.rstrip("\n"))
    broken.write_text("\n".join(damaged), encoding="latin-1")
    (broken.parent / broken.name.replace("001.", "002.")).write_text(whole)
    report = collect(ledger, settings, clock)
    assert (report.parts, report.unreadable, report.duplicates) == (2, 4, 2)
    assert replay_events(ledger, settings, clock).differences == 0


def test_the_command_says_what_differs_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, ledger: Ledger, settings: Settings,
    provider: Provider, clock: FixedClock,
) -> None:  # fmt: skip
    monkeypatch.setenv("WINBACK_HOME", str(settings.home))
    add_message(ledger, "m1")
    provider.events(sg_event("m1", "click"), sg_event("m1", "delivered"))
    collect(ledger, settings, clock)
    told = CliRunner().invoke(app, ["replay-events"])
    assert (told.exit_code, "events: 2 the same, 0 missing" in told.output) == (0, True)
    with ledger.write() as connection:
        connection.execute(update(tables.provider_events).values(is_machine=1))
    told = CliRunner().invoke(app, ["replay-events"])
    assert "2 different (is_machine 2)" in told.output
    assert "winback replay-events --write" in str(told.exception)
    told = CliRunner().invoke(app, ["replay-events", "--write"])
    assert (told.exit_code, "written: 2 rows" in told.output) == (0, True)
    assert {row["is_machine"] for row in rows(ledger, "provider_events")} == {0}
