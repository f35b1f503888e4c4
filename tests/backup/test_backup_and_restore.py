"""A backup is whole or counts for nothing, and its copy holds all and sends nothing."""

from __future__ import annotations

import json
import os
import stat
import threading
from datetime import timedelta
from typing import Any

import pytest
from backup_house import NOW, BackupHouse, die_before, killed
from sqlalchemy import select
from typer.testing import CliRunner

from winback import backup
from winback.backup import _backup, _place, _restore, back_up, list_backups, restore
from winback.base.clock import FixedClock
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.cli._app import app
from winback.inbound._log import LogWriter
from winback.ledger import LedgerFenced, export_ledger, open_ledger, tables
from winback.people.audiences import audiences
from winback.people.erasure import erase
from winback.providers import Record
from winback.sending import send_due

pytestmark = [pytest.mark.long, pytest.mark.both_databases]
CLOCK = FixedClock(NOW)


def rows(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    with open_ledger(settings) as ledger, ledger.read() as connection:
        return {
            name: [
                {k: v for k, v in row.items() if k != "exported_version"}
                for row in connection.execute(
                    select(table).order_by(*table.primary_key.columns)
                ).mappings()
            ]
            for name, table in tables.metadata.tables.items()
            if name not in {"meta", "claim_holders"}
        }


def files(settings: Settings) -> dict[str, bytes]:
    landing = settings.landing_dir
    return {
        path.relative_to(landing).as_posix(): path.read_bytes()
        for path in sorted(landing.rglob("*"))
        if path.is_file() and path.suffix != ".lock" and path.parent.parent.name != "ledger"
    }


def test_a_restored_copy_has_every_row_and_file(house: BackupHouse) -> None:
    with open_ledger(house.settings) as ledger:
        export_ledger(ledger, house.settings.ledger_landing_dir)
    made = house.back_up()
    copy = house.elsewhere("copy")
    done = restore(copy, CLOCK, str(house.place))
    assert (done.backup_id, done.made_at) == (made.backup_id, NOW)
    assert rows(copy) == rows(house.settings)
    assert files(copy) == files(house.settings)
    assert (copy.home / "restored.env").read_text() == "WINBACK_BRAND_NAME=A shop\n"
    secret = {"WINBACK_SENDGRID_API_KEY"}
    assert set(done.not_included) - {"WINBACK_LEDGER_URL"} == secret
    # Its rows are exported anew, since landing has none of them.
    with open_ledger(copy) as ledger:
        assert export_ledger(ledger, copy.ledger_landing_dir)["messages"] == 39


def test_a_restored_copy_sends_nothing_and_says_what_to_do(house: BackupHouse) -> None:
    house.back_up()
    copy = house.elsewhere("copy")
    restore(copy, CLOCK, str(house.place))
    adopting = copy.model_copy(update={"adopt_ledger": "new"})
    for settings in (copy, adopting):
        with open_ledger(settings) as ledger:
            assert "winback adopt" in ledger.fenced
            with pytest.raises(LedgerFenced, match="restored copy"):
                send_due(ledger, settings, CLOCK)
    # The setting for a ledger that was moved adopts no restored one.
    with open_ledger(copy) as ledger:
        known = copy.model_copy(update={"adopt_ledger": ledger.instance_id})
    with open_ledger(known) as ledger:
        assert ledger.fenced
    with pytest.raises(WinbackError, match="winback adopt"):
        back_up(copy, CLOCK, str(house.folder / "other"))


def test_what_is_unchanged_is_stored_once(house: BackupHouse) -> None:
    first = house.back_up()
    house.add(range(40, 42))
    second = house.back_up(NOW + timedelta(hours=1))
    assert second.backup_id != first.backup_id
    # Two messages change some pieces of the ledger; no file of landing is stored again.
    assert second.new_bytes <= second.ledger_bytes
    copy = house.elsewhere("early")
    restore(copy, CLOCK, str(house.place), at=first.backup_id)
    assert len(rows(copy)["messages"]) == 39


@pytest.mark.only_sqlite
def test_its_files_are_its_users_alone(house: BackupHouse) -> None:
    old = os.umask(0o022)
    try:
        house.back_up()
        restore(house.elsewhere("copy"), CLOCK, str(house.place))
    finally:
        os.umask(old)
    for path in (*house.place.rglob("*"), *(house.folder / "copy").rglob("*")):
        assert not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO), path


def test_a_backup_is_of_one_moment_while_others_write(house: BackupHouse) -> None:
    """Each transaction writes a message and its attempt: no backup has one of them alone."""
    over = threading.Event()
    written: list[int] = []

    def write() -> None:
        number = 1000
        log = LogWriter(house.settings.events_dir, CLOCK)
        log.start()
        with open_ledger(house.settings) as ledger:
            while not over.is_set():
                number += 1
                with ledger.write() as connection:
                    connection.execute(
                        tables.links.insert(),
                        [{"token": f"t{number}", "message_id": "m", "pos": 0, "url": "u" * 500}],
                    )
                    connection.execute(
                        tables.evidence.insert(),
                        [{"evidence_id": f"t{number}", "kind": "listed", "seen_at": NOW}],
                    )
                log.append(Record("winback", "click", NOW, "", {}, b"x")).result()
                written.append(number)
        log.stop()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        while not written:
            pass
        made = [house.back_up(NOW + timedelta(minutes=n)) for n in range(3)]
    finally:
        over.set()
        thread.join()
    counts = []
    for n, it in enumerate(made):
        copy = house.elsewhere(f"copy{n}")
        restore(copy, CLOCK, str(house.place), at=it.backup_id)
        kept = rows(copy)
        links = {row["token"] for row in kept["links"]}
        assert links == {row["evidence_id"] for row in kept["evidence"]}
        counts.append(len(links))
    assert counts == sorted(counts)
    assert counts[-1] > 0


@pytest.mark.only_sqlite
@pytest.mark.parametrize("damage", ["cut", "flip", "gone", "manifest", "piece"])
def test_a_damaged_backup_is_refused_in_one_line(house: BackupHouse, damage: str) -> None:
    made = house.back_up()
    manifest = house.place / "backups" / f"{made.backup_id}.json"
    body = json.loads(manifest.read_text())
    name = body["ledger"]["pieces"][0][0] if damage == "piece" else body["files"][0]["sha256"]
    path = house.place / "objects" / name[:2] / name
    content = path.read_bytes()
    if damage == "cut":
        path.write_bytes(content[:-1])
    elif damage == "gone":
        path.unlink()
    elif damage == "manifest":
        manifest.write_text(manifest.read_text().replace('"bytes": ', '"bytes": 1', 1))
    else:
        path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    copy = house.elsewhere("copy")
    with pytest.raises(WinbackError) as refused:
        restore(copy, CLOCK, str(house.place))
    assert "\n" not in str(refused.value)
    assert "Next: " in str(refused.value)
    assert not copy.home.exists(), "nothing is written before all is checked"
    # The next backup finds what is damaged and stores it again.
    house.back_up(NOW + timedelta(hours=1))
    restore(copy, CLOCK, str(house.place))
    whole, damaged = list_backups(str(house.place), house.settings)
    assert (len(whole), len(damaged)) == ((1, 1) if damage == "manifest" else (2, 0))


@pytest.mark.only_sqlite
def test_a_home_that_is_not_empty_is_left_alone(house: BackupHouse) -> None:
    house.back_up()
    before = files(house.settings)
    with pytest.raises(WinbackError, match="not empty"):
        restore(house.settings, CLOCK, str(house.place))
    assert files(house.settings) == before


@pytest.mark.only_postgresql
def test_a_database_in_use_is_left_alone(house: BackupHouse) -> None:
    house.back_up()
    copy = house.settings.model_copy(update={"home": house.folder / "copy"})
    with pytest.raises(WinbackError, match="an empty database"):
        restore(copy, CLOCK, str(house.place))
    assert len(rows(house.settings)["messages"]) == 39


def test_an_erasure_after_the_backup_holds_in_its_copy(house: BackupHouse) -> None:
    first = house.back_up()
    erase(house.settings, CLOCK, "c1")
    house.back_up(NOW + timedelta(days=1))
    copy = house.elsewhere("copy")
    done = restore(copy, CLOCK, str(house.place), at=first.backup_id)
    assert done.erased == 1
    found = [
        path
        for path in copy.home.rglob("*")
        if path.is_file() and b"ann@example.com" in path.read_bytes()
    ]
    assert found == []
    kept = rows(copy)
    assert not [row for row in kept["messages"] if row["customer_id"] == "c1"]
    assert [row["reason"] for row in kept["suppressions"]] == ["erased", "erased"]


def test_old_backups_are_dropped_with_what_they_alone_need(house: BackupHouse) -> None:
    house.back_up()
    (house.settings.landing_dir / "shop" / "orders.parquet").write_bytes(b"another")
    newest = house.back_up(NOW + timedelta(days=2))
    place, settings = str(house.place), house.settings
    before = len(list(house.place.glob("objects/??/*")))
    assert backup.drop_old(place, settings, older_than=NOW + timedelta(days=9)) == 1
    assert len(list(house.place.glob("objects/??/*"))) < before
    assert [it.backup_id for it in list_backups(place, settings)[0]] == [newest.backup_id]
    restore(house.elsewhere("copy"), CLOCK, str(house.place))


BACKUP_STEPS = [
    (_place.Place, "keep", 1), (_place.Place, "keep", 4), (_backup, "copy_out", 1),
    (_place.Place, "keep_erased", 1), (_place.Place, "write_manifest", 1),
    (_place.json, "dump", 1),
]  # fmt: skip


@pytest.mark.only_sqlite
@pytest.mark.parametrize("step", range(len(BACKUP_STEPS)))
def test_a_killed_backup_counts_for_nothing_and_the_next_is_whole(
    house: BackupHouse, step: int
) -> None:
    def run() -> None:
        die_before(*BACKUP_STEPS[step])
        house.back_up()

    assert killed(run)
    assert list_backups(str(house.place), house.settings) == ([], [])
    with pytest.raises(UsageError, match="no whole backup"):
        restore(house.elsewhere("none"), CLOCK, str(house.place))
    house.back_up()
    copy = house.elsewhere("copy")
    restore(copy, CLOCK, str(house.place))
    assert rows(copy) == rows(house.settings)
    assert not list(house.place.rglob("*.unfinished"))


RESTORE_STEPS = [
    (_restore, "_note", 1), (_restore, "_put_ledger", 1), (_restore, "mark_restored", 1),
    (_restore, "_put", 1), (_restore, "_put", 3), (_restore, "_put_erased", 1),
    (_restore, "erase_again", 1),
]  # fmt: skip


@pytest.mark.only_sqlite
@pytest.mark.parametrize("step", range(len(RESTORE_STEPS)))
def test_a_killed_restore_sends_nothing_and_is_repeated(house: BackupHouse, step: int) -> None:
    house.back_up()
    copy = house.elsewhere("copy")

    def run() -> None:
        die_before(*RESTORE_STEPS[step])
        restore(copy, CLOCK, str(house.place))

    assert killed(run)
    if (copy.home / "ledger.db").exists():
        with open_ledger(copy) as ledger:
            assert ledger.fenced
    restore(copy, CLOCK, str(house.place))
    assert rows(copy) == rows(house.settings)
    assert files(copy) == files(house.settings)
    assert not list(copy.home.rglob("*unfinished")) + list(copy.home.glob("*restoring*"))


@pytest.mark.only_sqlite
def test_a_place_that_can_not_be_a_folder_is_one_line(house: BackupHouse) -> None:
    (house.folder / "file").touch()
    with pytest.raises(WinbackError, match="Next: another folder"):
        back_up(house.settings, CLOCK, str(house.folder / "file" / "backups"))


@pytest.mark.only_sqlite
def test_a_copy_knows_who_is_in_a_list_for_ads(house: BackupHouse) -> None:
    """They are to be taken out at the platform when they leave it, whichever disk is lost."""
    theirs = house.settings.audiences_dir / "at_risk-meta"
    theirs.mkdir(parents=True)
    state = {"segment": "at_risk", "platform": "meta", "exported_at": "", "remove_since": ""}
    (theirs / "audience.json").write_text(json.dumps(state))
    (theirs / "include.csv").write_text("email,phone\nab12,\n")
    house.back_up()
    copy = house.elsewhere("copy")
    restore(copy, CLOCK, str(house.place))
    [it] = audiences(copy)
    assert (it.segment, it.platform, it.included) == ("at_risk", "meta", 1)


@pytest.mark.only_sqlite
@pytest.mark.parametrize("url", ["https://example.com/b", "file://host/b"])
def test_another_url_is_refused(house: BackupHouse, url: str) -> None:
    with pytest.raises(UsageError, match="a folder, a file:// or an s3:// URL"):
        back_up(house.settings, CLOCK, url)


@pytest.mark.only_sqlite
def test_the_commands(house: BackupHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    run = CliRunner().invoke
    monkeypatch.setenv("WINBACK_HOME", str(house.settings.home))
    url = house.place.as_uri()
    assert "name a folder" in str(run(app, ["backup"]).exception)
    assert "WINBACK_HOME" in str(run(app, ["backup", str(house.settings.home / "b")]).exception)
    made = run(app, ["backup", url, "--json", "--keep-days", "3"])
    backup_id = json.loads(made.output)["backup"]["backup_id"]
    assert backup_id in run(app, ["backup", url, "--list"]).output
    monkeypatch.setenv("WINBACK_BACKUP_TO", url)
    assert f"backup: the newest is 0.0 hours old ({backup_id})" in run(app, ["doctor"]).output
    monkeypatch.setenv("WINBACK_HOME", str(house.folder / "copy"))
    assert "Next: winback adopt" in run(app, ["restore", "--at", backup_id]).output
    assert "not empty" in str(run(app, ["restore"]).exception)
