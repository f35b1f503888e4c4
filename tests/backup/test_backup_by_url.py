"""Backups in a storage: whole there or not counted, and restored as from a folder."""

from __future__ import annotations

from datetime import timedelta

import pytest
from backup_house import NOW, BackupHouse, die_before, killed
from pyarrow import fs
from pydantic import SecretStr
from s3_server import KEY, SECRET, breaking_off
from typer.testing import CliRunner

from winback.backup import back_up, drop_old, last_backup, list_backups, restore
from winback.base.clock import FixedClock
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.base.storage import Bucket
from winback.cli._app import app
from winback.ledger import LedgerFenced, open_ledger
from winback.sending import send_due

pytestmark = pytest.mark.long

CLOCK = FixedClock(NOW)
URL = "s3://lake/backups"


@pytest.fixture
def settings(house: BackupHouse, lake: fs.S3FileSystem, s3_endpoint: str) -> Settings:
    keys = {"storage_key_id": SecretStr(KEY), "storage_secret": SecretStr(SECRET)}
    house.settings = house.settings.model_copy(update={"storage_endpoint": s3_endpoint} | keys)
    return house.settings


def objects(lake: fs.S3FileSystem) -> set[str]:
    select = fs.FileSelector("lake/backups/objects", recursive=True, allow_not_found=True)
    return {it.base_name for it in lake.get_file_info(select) if it.type == fs.FileType.File}


def read(settings: Settings) -> dict[str, bytes]:
    """The shop's files and raw callbacks."""
    folder = settings.landing_dir
    tops = [path for name in ("shop", "events") for path in (folder / name).rglob("*")]
    return {str(it.relative_to(folder)): it.read_bytes() for it in tops if it.is_file()}


@pytest.mark.both_databases
def test_a_lost_disk_is_restored_from_a_storage(
    house: BackupHouse, settings: Settings, lake: fs.S3FileSystem
) -> None:
    first = back_up(settings, CLOCK, URL)
    assert first.new_bytes > 0
    house.add(range(40, 45))
    newest = back_up(settings, FixedClock(NOW + timedelta(hours=1)), URL)
    assert newest.new_bytes < first.new_bytes, "what is unchanged goes over once"
    assert last_backup(URL, settings) is not None
    assert not (settings.home / "backup-copy").exists()
    copy = house.elsewhere("copy")
    assert restore(copy, CLOCK, URL).backup_id == newest.backup_id
    assert read(copy) == read(settings)
    with open_ledger(copy) as ledger, pytest.raises(LedgerFenced, match="restored"):
        send_due(ledger, copy, CLOCK)
    there = objects(lake)
    assert drop_old(URL, settings, older_than=NOW + timedelta(days=9)) == 1
    assert objects(lake) < there
    assert [it.backup_id for it in list_backups(URL, settings)[0]] == [newest.backup_id]
    restore(house.elsewhere("another"), CLOCK, URL)


@pytest.mark.parametrize("which", [1, 2], ids=["before the contents", "before the manifest"])
def test_a_killed_backup_counts_for_nothing_and_the_next_is_whole(
    house: BackupHouse, settings: Settings, which: int
) -> None:
    def die() -> None:
        die_before(Bucket, "upload", which)
        back_up(settings, CLOCK, URL)

    assert killed(die)
    assert list_backups(URL, settings) == ([], [])
    made = back_up(settings, CLOCK, URL)
    assert restore(house.elsewhere("copy"), CLOCK, URL).backup_id == made.backup_id


def test_a_network_that_breaks_leaves_the_backup_of_before(
    house: BackupHouse, settings: Settings, s3_endpoint: str
) -> None:
    first = back_up(settings, CLOCK, URL)
    house.add(range(40, 400))
    with breaking_off(s3_endpoint, after_bytes=20_000) as way:
        broken = settings.model_copy(update={"storage_endpoint": way})
        with pytest.raises(WinbackError, match=URL) as error:
            back_up(broken, FixedClock(NOW + timedelta(hours=1)), URL)
    assert SECRET not in str(error.value)
    assert [it.backup_id for it in list_backups(URL, settings)[0]] == [first.backup_id]


def test_a_damaged_content_is_told_before_anything_is_written(
    house: BackupHouse, settings: Settings, lake: fs.S3FileSystem
) -> None:
    back_up(settings, CLOCK, URL)
    name = min(objects(lake))
    with lake.open_output_stream(f"lake/backups/objects/{name[:2]}/{name}") as file:
        file.write(b"other")
    copy = house.elsewhere("copy")
    with pytest.raises(WinbackError, match=rf"is damaged.*{URL} --list"):
        restore(copy, CLOCK, URL)
    assert not copy.home.exists()


def test_a_url_with_a_password_is_refused_without_it(settings: Settings) -> None:
    with pytest.raises(UsageError, match="s3://bucket/folder") as error:
        back_up(settings, CLOCK, "s3://me:hidden@lake/backups")
    assert "hidden" not in str(error.value)


def test_commands_take_the_url(
    settings: Settings, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {
        "HOME": str(settings.home), "LEDGER_URL": settings.ledger_url,
        "STORAGE_ENDPOINT": s3_endpoint, "STORAGE_KEY_ID": KEY, "STORAGE_SECRET": SECRET,
    }  # fmt: skip
    for name, value in told.items():
        monkeypatch.setenv(f"WINBACK_{name}", value)
    assert CliRunner().invoke(app, ["backup", URL]).exit_code == 0
    assert "1 whole backups" in CliRunner().invoke(app, ["backup", URL, "--list"]).output
