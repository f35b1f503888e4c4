"""What came in since the newest backup is kept a second time, and a restore puts it back."""

from __future__ import annotations

import json
import shutil
import stat
import time
from datetime import timedelta
from pathlib import Path

import pytest
from backup_house import NOW, BackupHouse, message
from pydantic import SecretStr
from typer.testing import CliRunner

from winback.backup import _backup as backup_module
from winback.backup import adopt, back_up, restore
from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.cli._app import app
from winback.inbound import PersonRequest, Receiver, collect, copy_events, write_request
from winback.inbound._fetched import keep_records
from winback.ledger import insert_new, is_suppressed, open_ledger, tables
from winback.people.erasure import erase
from winback.providers import Record
from winback.providers.own.choices import preference_record, unsubscribe_record

pytestmark = pytest.mark.long

CLOCK = FixedClock(NOW)
LATER = FixedClock(NOW + timedelta(hours=3))


@pytest.fixture
def home(house: BackupHouse) -> Settings:
    house.settings = house.settings.model_copy(update={"backup_to": str(house.place)})
    return house.settings


def since(house: BackupHouse) -> dict[str, bytes]:
    folder = house.place / "since" / "events"
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*"))}


def parts(settings: Settings) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(settings.events_dir.glob("*.jsonl"))}


def restored(house: BackupHouse, name: str = "copy", at: str = "") -> Settings:
    shutil.rmtree(house.settings.home)
    # Without keys nobody is asked what left: nothing ever did.
    copy = house.elsewhere(name).model_copy(update={"sendgrid_api_key": SecretStr("")})
    restore(copy, LATER, str(house.place), at=at)
    return copy


def is_out(settings: Settings, address: str, group: str = "email") -> bool:
    with open_ledger(settings) as ledger, ledger.read() as connection:
        return is_suppressed(connection, group=group, address=address)  # type: ignore[arg-type]


def test_an_opt_out_on_our_own_page_outlives_the_disk(house: BackupHouse, home: Settings) -> None:
    """It is in no list of a provider, and in no backup."""
    house.back_up()
    with open_ledger(home) as ledger:
        receiver = Receiver(ledger, home, CLOCK)
        receiver.start()
        receiver._lanes[""].log.append(unsubscribe_record("m1", NOW)).result()
        while not since(house):  # moments after it was sealed, while the receiver goes on
            time.sleep(0.01)
        receiver.stop()
    assert is_out(home, "ann@example.com")
    copy = restored(house)
    assert not is_out(copy, "ann@example.com")
    report = adopt(copy, LATER, hold=("email", "phone", "post"), sleep=lambda _: None)
    assert is_out(copy, "ann@example.com")
    assert not is_out(copy, "bob@example.com")
    assert (report.heard_until, report.restored_at) == (NOW, LATER.now())


def test_each_part_is_copied_once_and_dropped_once_a_backup_has_it(
    house: BackupHouse, home: Settings
) -> None:
    keep_records(home, CLOCK, [unsubscribe_record("m1", NOW)])
    assert copy_events(home, CLOCK) == 0, "a disk that is not mounted has no folder of backups"
    house.back_up()
    assert copy_events(home, CLOCK) == 0, "the backup has them"
    keep_records(home, CLOCK, [unsubscribe_record("m2", NOW)])
    assert copy_events(home, CLOCK) == 1
    assert copy_events(home, CLOCK) == 0
    assert next(iter(since(house).items())) in parts(home).items()
    for path in house.place.rglob("*"):
        assert not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO), path
    house.back_up(NOW + timedelta(hours=1))
    assert since(house) == {}
    assert copy_events(home, CLOCK) == 0


def test_an_earlier_backup_gets_what_later_ones_and_the_copy_heard(
    house: BackupHouse, home: Settings
) -> None:
    first = house.back_up()
    keep_records(home, CLOCK, [unsubscribe_record("m1", NOW)])
    second = house.back_up(NOW + timedelta(hours=1))
    keep_records(home, CLOCK, [unsubscribe_record("m2", NOW)])
    with open_ledger(home) as ledger:
        collect(ledger, home, FixedClock(NOW + timedelta(hours=2)))
    before = parts(home)
    copy = restored(house, at=first.backup_id)
    assert parts(copy) == before
    # A later backup that is damaged may have had what is nowhere else.
    (house.place / "backups" / f"{second.backup_id}.json").write_text("{}")
    other = house.elsewhere("other")
    done = restore(other, LATER, str(house.place), at=first.backup_id)
    assert (done.came_in, done.heard_until) == (1, NOW)


def test_what_comes_behind_a_part_that_is_nowhere_is_read(
    house: BackupHouse, home: Settings
) -> None:
    house.back_up()
    folder = house.place / "since" / "events"
    folder.mkdir(parents=True)
    record = unsubscribe_record("m1", NOW)
    (folder / "w-000000000003.jsonl").write_text(record.to_line())
    copy = restored(house)
    with open_ledger(copy) as ledger:
        collect(ledger, copy, LATER)
    assert is_out(copy, "ann@example.com")


def test_who_is_erased_is_erased_in_the_second_copy(house: BackupHouse, home: Settings) -> None:
    house.back_up()
    body = b"From=%2B4915112345678&Body=hello"
    keep_records(home, CLOCK, [Record("twilio", "inbound", NOW, "", {}, body)])
    with open_ledger(home) as ledger:
        collect(ledger, home, CLOCK)
    erase(home, CLOCK, "c1")
    assert since(house).items() <= parts(home).items()
    with open_ledger(home) as ledger:
        collect(ledger, home, CLOCK)
    assert list((house.place / "erased").glob("*.json")), "also of a backup from before it"
    for path in (house.place / "since").rglob("*.json*"):
        assert b"4915112345678" not in path.read_bytes()
    copy = restored(house)
    assert b"ann@example.com" not in (copy.home / "ledger.db").read_bytes()


def test_a_request_for_a_person_outlives_the_disk(house: BackupHouse, home: Settings) -> None:
    house.back_up()
    write_request(home, PersonRequest("r1", "erase", "a.myshopify.com", "c1", (), NOW))
    assert copy_events(home, CLOCK) == 1
    copy = restored(house)
    assert json.loads((copy.landing_dir / "requests" / "r1.json").read_text())["done_at"] is None


def test_a_choice_by_a_message_that_the_copy_does_not_know_counts_once_it_does(
    house: BackupHouse, home: Settings
) -> None:
    """Sent after the backup, refused after it: the message is made anew by the next plan."""
    house.back_up()
    late = message(77, message_id="late", address="cy@example.com", customer_id="c7")
    choices = [
        unsubscribe_record("late", NOW),
        preference_record("late", "pause", NOW, until_at=NOW + timedelta(days=9)),
    ]
    keep_records(home, CLOCK, choices)
    copy_events(home, CLOCK)
    copy = restored(house)
    adopt(copy, LATER, hold=("email", "phone", "post"), sleep=lambda _: None)
    assert not is_out(copy, "cy@example.com")
    with open_ledger(copy) as ledger:
        with ledger.write() as connection:
            insert_new(connection, tables.messages, [late])
        assert collect(ledger, copy, LATER).suppressed == 1
        assert collect(ledger, copy, LATER).suppressed == 0
        with ledger.read() as connection:
            events = connection.execute(tables.provider_events.select()).all()
            wishes = connection.execute(tables.preferences.select()).all()
    assert is_out(copy, "cy@example.com")
    assert {(row.message_id, row.matched_by) for row in events} == {("late", "message_id")}
    assert {row.kind for row in wishes} == {"pause"}


def test_a_choice_by_a_message_that_the_provider_shows_silences_its_address(
    house: BackupHouse, home: Settings
) -> None:
    from winback.ledger import keep_found
    from winback.providers import Left
    from winback.sending import found_row

    left = Left("sendgrid", "email", "p1", "cy@example.com", NOW, message_id="late")
    with open_ledger(home) as ledger:
        with ledger.write() as connection:
            keep_found(connection, [found_row(connection, left)])
        keep_records(home, CLOCK, [unsubscribe_record("late", NOW)])
        assert collect(ledger, home, CLOCK).suppressed == 1
    assert is_out(home, "cy@example.com")
    assert b"cy@example.com" not in (home.home / "ledger.db").read_bytes()


def test_the_shop_s_own_project_is_in_the_backup(
    house: BackupHouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shop = tmp_path / "shop"
    own = {
        "winback.toml": "[vars]\n", "segments/mine.sql": "select 1", "seeds/offers.csv": "a\n",
        "templates/sms_email/1.txt": "Hello", "models/report.sql": "select 2",
    }  # fmt: skip
    for name, text in {**own, ".env": "WINBACK_SENDGRID_API_KEY=SG.secret"}.items():
        (shop / name).parent.mkdir(parents=True, exist_ok=True)
        (shop / name).write_text(text)
    monkeypatch.setattr(backup_module, "SHOP_DIR", shop)
    house.back_up()
    copy = house.elsewhere("copy")
    # What the command itself makes of a project before it restores anything.
    (copy.home / "project").mkdir(parents=True)
    (copy.home / ".project.lock").touch()
    done = restore(copy, LATER, str(house.place))
    folder = copy.home / "restored-project"
    found = {it.relative_to(folder).as_posix(): it for it in folder.rglob("*") if it.is_file()}
    assert {name: it.read_text() for name, it in found.items()} == own
    assert done.project_files == len(own)
    for path in house.place.rglob("*"):
        assert path.is_dir() or b"SG.secret" not in path.read_bytes()


def test_the_commands_say_what_nobody_knows(
    house: BackupHouse, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(home, CLOCK, str(house.place))
    keep_records(home, CLOCK, [unsubscribe_record("m1", NOW)])
    copy_events(home, FixedClock(NOW + timedelta(minutes=30)))
    run = CliRunner().invoke
    monkeypatch.setenv("WINBACK_HOME", str(house.folder / "copy"))
    monkeypatch.setenv("WINBACK_BACKUP_TO", str(house.place))
    said = run(app, ["restore"]).output
    assert "1 files that came in after it are restored as well" in said
    assert "choices on our own pages after Tue 10 Mar 2026 20:30 UTC" in said
    said = run(app, ["adopt", "--hold", "email", "--hold", "phone", "--as-of", "2026-03-11"]).output
    assert "who opted out on our own pages after Tue 10 Mar 2026 20:30 UTC and before" in said
