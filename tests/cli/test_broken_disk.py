"""A full disk or a broken file is one line: what is lost, what to do and how to silence."""

from __future__ import annotations

import errno
import io
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stderr
from contextlib import suppress as suppress_error
from datetime import UTC, datetime
from pathlib import Path

import pytest

from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.cli import main
from winback.cli._trouble import disk_trouble
from winback.ledger import LedgerUnavailable, open_ledger, suppress

AT = datetime(2026, 3, 10, tzinfo=UTC)
SILENCE = "To silence this machine meanwhile, make an empty file STOP under WINBACK_HOME"
COMMANDS = (
    ("stop",),
    ("go",),
    ("doctor",),
    ("inbox",),
    ("suppressions", "holds"),
    ("suppressions", "export", "out.csv"),
    ("suppressions", "import", "list.csv"),
    ("reconcile", "list"),
    ("serve", "--port", "0"),
)


def winback(home: Path, *arguments: str) -> tuple[int, str]:
    """The command as a person calls it; its exit code and what it says to stderr."""
    with pytest.MonkeyPatch.context() as patch, redirect_stderr(io.StringIO()) as said:
        patch.setenv("WINBACK_HOME", str(home))
        patch.chdir(home.parent)
        patch.setattr(sys, "argv", ["winback", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    return int(ended.value.code or 0), said.getvalue()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    with open_ledger(Settings.load(home=folder)) as ledger, ledger.write() as connection:
        suppress(
            connection, group="email", address="ann@example.com", reason="stop", source="import",
            occurred_at=AT, recorded_at=AT,
        )  # fmt: skip
    (tmp_path / "list.csv").write_text("email\nbob@example.com\n")
    return folder


def random_bytes(file: Path) -> None:
    file.write_bytes(os.urandom(50_000))


def text(file: Path) -> None:
    file.write_text("no database, but a note\n" * 100)


def half(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def a_page_and_a_bit(file: Path) -> None:
    os.truncate(file, 5_000)


def a_few_bytes(file: Path) -> None:
    os.truncate(file, 60)


def zeros(file: Path) -> None:
    file.write_bytes(b"\0" * 50_000)


def no_header(file: Path) -> None:
    file.write_bytes(b"\xff" * 100 + file.read_bytes()[100:])


def rubbish_inside(file: Path) -> None:
    kept = file.read_bytes()
    file.write_bytes(kept[:4096] + b"\xff" * (len(kept) - 4096))


def is_about_damage(line: str) -> bool:
    return (
        line.startswith("the ledger's database is damaged (SQLITE_")
        and "It is left as it is" in line
        and "put your newest backup in its place" in line
        and line.endswith(SILENCE)
    )


@pytest.mark.parametrize(
    "damage",
    [random_bytes, text, half, a_page_and_a_bit, a_few_bytes, zeros, no_header, rubbish_inside],
)
def test_a_damaged_ledger_is_refused_and_left_as_it_is(home: Path, damage) -> None:
    damage(home / "ledger.db")
    before = (home / "ledger.db").read_bytes()
    with pytest.raises(LedgerUnavailable) as refused:
        open_ledger(Settings.load(home=home))
    assert is_about_damage(str(refused.value))
    assert (home / "ledger.db").read_bytes() == before


def test_with_a_damaged_ledger_every_command_ends_in_one_line(home: Path) -> None:
    random_bytes(home / "ledger.db")
    before = (home / "ledger.db").read_bytes()
    for command in COMMANDS:
        code, said = winback(home, *command)
        assert code == 1, (command, said)
        (line,) = said.splitlines()
        assert is_about_damage(line.removeprefix("winback: ")), (command, line)
    assert (home / "ledger.db").read_bytes() == before


@pytest.fixture
def full_disk(tmp_path: Path) -> Path:
    """A home on a disk of its own, with no byte free."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mounted, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small disk")
    yield disk / "home"
    subprocess.run(["umount", "-l", str(disk)], check=True)  # noqa: S607


def fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as file, suppress_error(OSError):
        while file.write(b"\0" * 4096):
            pass
    assert not os.statvfs(disk).f_bavail


def test_a_full_disk_is_one_line_and_what_was_kept_is_there_afterwards(
    home: Path, full_disk: Path
) -> None:
    shutil.copytree(home, full_disk)
    shop = home.parent / "shop"
    shop.mkdir()
    (shop / "customers.csv").write_text("customer_id\nc1\n")
    (shop / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,total_amount\no1,c1,2025-03-01T10:00:00Z,12.50\n"
    )
    fill(full_disk.parent)
    for command in (*COMMANDS, ("load", str(shop))):
        code, said = winback(full_disk, *command)
        assert code == 1, (command, said)
        assert "Traceback" not in said
        line = said.splitlines()[-1]
        assert line.startswith(("winback: the ledger's database", "winback: the disk is full"))
        assert "is lost" in line
        assert "Next: " in line
        assert line.endswith(SILENCE)
    (full_disk / "STOP").touch()
    (full_disk.parent / "filler").unlink()
    assert winback(full_disk, "load", str(shop))[0] == 0
    assert winback(full_disk, "suppressions", "export", "out.csv")[0] == 0
    assert "ann@example.com" in (full_disk.parent / "out.csv").read_text()
    assert winback(full_disk, "go")[0] == 1  # still silenced by the file


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full or broken (No space"),
        (OSError(errno.EDQUOT, "quota"), "full or broken (Disk quota exceeded)"),
        (OSError(errno.EIO, "I/O"), "full or broken (Input/output error)"),
        (OSError("Error writing bytes. Detail: No space left on device"), "(No space left"),
        (RuntimeError("IO Error: Could not write file: No space left on device"), "(No space"),
        (RuntimeError("this limit was set by 'max_temp_directory_size'"), "(max_temp_directory"),
        (caused(RuntimeError("flow"), OSError(errno.ENOSPC, "full")), "(No space left"),
        (OSError(errno.EROFS, "Read-only file system", "/h/x"), "/h/x: Read-only file system"),
        (OSError(errno.EISDIR, "Is a directory", "/h/x"), "/h/x: Is a directory"),
        (OSError(errno.EACCES, "Permission denied"), ""),
        (ValueError("a defect of ours"), ""),
        (UsageError("--format 'x' is none of ours"), ""),
    ],
)
def test_what_a_disk_causes_is_told_from_a_defect(error: Exception, says: str) -> None:
    line = disk_trouble(error)
    assert says in line
    assert bool(line) == bool(says)
    assert "\n" not in line
