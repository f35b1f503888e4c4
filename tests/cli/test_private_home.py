"""Nobody else on the machine may look into a home; one that was open is closed."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from winback.base.private import keep_private, open_to_others
from winback.base.settings import Settings
from winback.readiness.doctor import findings

OTHERS = stat.S_IRWXG | stat.S_IRWXO


@pytest.fixture(autouse=True)
def umask():
    """As most machines have it; afterwards as it was."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_paths(home: Path) -> list[str]:
    everything = [home, *home.rglob("*")]
    return sorted(
        str(path.relative_to(home))
        for path in everything
        if not path.is_symlink() and path.stat().st_mode & OTHERS
    )


def winback(home: Path, *arguments: str) -> None:
    command = [Path(".venv/bin/winback").absolute(), *arguments]
    environment = {**os.environ, "WINBACK_HOME": str(home)}
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=300)


def shop(folder: Path) -> Path:
    folder.mkdir()
    (folder / "customers.csv").write_text("customer_id,email\nc1,c1@example.com\n")
    (folder / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,total_amount\no1,c1,2025-03-01,12\no2,c1,never,1\n"
    )
    return folder


@pytest.mark.slow
def test_what_commands_leave_is_their_users_alone_and_an_older_home_is_mended(tmp_path):
    home = tmp_path / "home"
    winback(home, "load", str(shop(tmp_path / "shop")))
    winback(home, "stop", "--because", "a try")
    assert {path.name for path in home.iterdir()} >= {"landing", "ledger.db"}
    assert list(home.glob("landing/rejected/*.csv"))
    assert open_paths(home) == []
    for path in (home, *home.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    winback(home, "load", str(tmp_path / "shop"))
    assert open_paths(home) == []


@pytest.mark.parametrize(
    "name",
    [
        "ledger.db", "ledger.db-wal", "ledger.db-shm", "STOP", "landing/shop/customers.parquet",
        "landing/events/open/a.jsonl", "landing/rejected/orders-1.csv", "warehouse/winback.duckdb",
        "published/1/outbox.parquet", "reports/report.html", "sandbox/keys.json",
        "dbt/logs/dbt.log", "control-room/run-server.log", "watch.json",
    ],
)  # fmt: skip
def test_each_thing_in_a_home_is_closed(tmp_path, name):
    home = tmp_path / "home"
    path = home / name
    path.parent.mkdir(parents=True)
    path.write_text("+15550001\n")
    path.chmod(0o664)
    assert open_to_others(home) == [home / name.split("/", maxsplit=1)[0], home]
    keep_private(home)
    assert open_paths(home) == []
    assert path.stat().st_mode & 0o777 == 0o600
    (home / "later").mkdir()
    assert (home / "later").stat().st_mode & 0o777 == 0o700


def test_what_is_not_ours_stays_as_it_is(tmp_path):
    """A home may be a folder that holds other things, and links lead out of it."""
    home = tmp_path / "home"
    (home / "photos").mkdir(parents=True)
    (home / "landing").mkdir()
    (tmp_path / "elsewhere").write_text("")
    (home / "landing" / "link").symlink_to(tmp_path / "elsewhere")
    (home / "published").symlink_to(tmp_path)
    keep_private(home)
    assert (home / "landing").stat().st_mode & OTHERS == 0
    for path in (home, home / "photos", tmp_path / "elsewhere"):
        assert path.stat().st_mode & stat.S_IRGRP, path


def test_doctor_closes_a_home_and_names_what_it_can_not_close(tmp_path, monkeypatch):
    home = tmp_path / "home"
    (home / "landing").mkdir(parents=True)
    settings = Settings.load(home=home)
    assert not any("WINBACK_HOME" in line for line in findings(settings))
    assert open_paths(home) == []
    (home / "landing").chmod(0o755)

    def refuse(path: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))

    # Root, who runs tests here and there, owns everything.
    monkeypatch.setattr(Path, "chmod", refuse)
    [line] = [line for line in findings(settings) if "WINBACK_HOME" in line]
    assert line == (
        "WINBACK_HOME has 1 files or folders that other users of this machine may read, as "
        "landing (they hold addresses and keys). "
        f"Next, as their owner: chmod -R go= {home.resolve()}/landing"
    )
