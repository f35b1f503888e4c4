"""A damaged file of ours is one line that names it and the next command, whoever meets it."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from winback.base.clock import FixedClock
from winback.base.errors import BuildFailure, UsageError
from winback.base.settings import Settings
from winback.cli import main
from winback.cli._broken import broken_file
from winback.landing import load
from winback.ledger import export_ledger, open_ledger, suppress

pytestmark = pytest.mark.long

AT = datetime(2026, 3, 10, tzinfo=UTC)


def winback(home: Path, *arguments: str) -> tuple[int, str]:
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()) as said,
    ):
        patch.setenv("WINBACK_HOME", str(home))
        patch.setattr(sys, "argv", ["winback", *arguments])
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0), said.getvalue()
    return 0, said.getvalue()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that is loaded, a ledger that is exported, and a published set of two tables."""
    root = tmp_path_factory.mktemp("made")
    shop, home = root / "shop", root / "home"
    shop.mkdir()
    (shop / "customers.csv").write_text("customer_id,phone\nc1,\n")
    (shop / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,total_amount\no1,c1,2026-01-01,40\n"
    )
    (shop / "consents.csv").write_text(
        "customer_id,channel,status,occurred_at\nc1,email,granted,2026-01-01\n"
    )
    settings = Settings.load(home=home)
    load(shop, settings, FixedClock(AT))
    with open_ledger(settings) as ledger:
        with ledger.write() as connection:
            suppress(
                connection, group="email", address="ann@example.com", reason="stop",
                source="import", occurred_at=AT, recorded_at=AT,
            )  # fmt: skip
        export_ledger(ledger, settings.ledger_landing_dir)
    folder = settings.published_dir / "run1"
    folder.mkdir(parents=True)
    (settings.published_dir / "current").symlink_to("run1")
    (folder / "manifest.json").write_text("{}")
    rows = [{"customer_id": f"c{n}", "n": n} for n in range(100)]
    for table in ("customers", "lapse_status"):
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{table}.parquet")
    return root


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path, symlinks=True, dirs_exist_ok=True)
    return tmp_path / "home"


def half(kept: bytes) -> bytes:
    return kept[: len(kept) // 2]


def nothing(_: bytes) -> bytes:
    return b""


def garbage(_: bytes) -> bytes:
    return b"garbage" * 90


def no_thrift(kept: bytes) -> bytes:
    return kept[:4] + b"\xff" * (len(kept) - 12) + kept[-8:]


def false_length(kept: bytes) -> bytes:
    return kept[:-8] + b"\xff\xff\xff\x7fPAR1"


def false_pages(kept: bytes) -> bytes:
    """The end, which tells what the file holds, is as it was."""
    return kept[:4] + b"\xff" * 60 + kept[64:]


DAMAGE = [half, nothing, garbage, no_thrift, false_length, false_pages]


@pytest.mark.parametrize("damage", DAMAGE[1:4])
@pytest.mark.parametrize(
    ("table", "option"), [("customers", []), ("consents", []), ("consents", ["--replace"])]
)
def test_a_load_over_a_damaged_table_is_one_line_and_changes_nothing(
    home: Path, table: str, option: list[str], damage: Callable[[bytes], bytes]
) -> None:
    path = home / "landing" / "shop" / f"{table}.parquet"
    path.write_bytes(damage(path.read_bytes()))
    before = {file: file.read_bytes() for file in path.parent.iterdir()}
    code, said = winback(home, "load", str(home.parent / "shop"), *option)
    assert code == 1
    assert said.splitlines()[-1] == (
        f"winback: {path} is damaged and can't be read. Next: put its newest backup in its "
        "place; if there is none, move it away and load all of the shop's files again "
        "(winback load DIR)"
    )
    assert {file: file.read_bytes() for file in path.parent.iterdir()} == before
    path.unlink()
    assert winback(home, "load", str(home.parent / "shop"))[0] == 0


@pytest.mark.parametrize("damage", DAMAGE)
def test_doctor_names_a_damaged_table(home: Path, damage: Callable[[bytes], bytes]) -> None:
    path = home / "landing" / "shop" / "customers.parquet"
    path.write_bytes(damage(path.read_bytes()))
    code, said = winback(home, "doctor")
    assert code == 1
    assert f"{path} is damaged and can't be read" in said.splitlines()[-1]


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", ["manifest.json", "customers.parquet", "lapse_status.parquet"])
def test_a_damaged_published_set_is_told_by_why(
    home: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    path = home / "published" / "run1" / name
    text = (
        '{"run_id": "", "as_of": "2026-03-10", "git_sha": "", "row_counts": {}, '
        '"landed_rows": {}, "segment_hashes": {}}'
    )
    (path.parent / "manifest.json").write_text(text)
    path.write_bytes(damage(path.read_bytes()))
    code, said = winback(home, "why", "c1")
    assert code == 1
    (line,) = said.splitlines()
    assert line == (
        f"winback: {path.resolve()} is damaged and can't be read. "
        "Next: winback build, which publishes it anew; nothing is lost"
    )


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_part_is_told_and_written_anew_from_the_ledger(
    home: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(home))
    settings = Settings.load()
    folder = settings.ledger_landing_dir / "suppressions"
    (path,) = folder.glob("00000001*")
    path.write_bytes(damage(path.read_bytes()))
    code, said = winback(home, "erase", "c1", "--dry-run")
    if damage is not false_pages:
        assert code == 1
    line = broken_file(BuildFailure("dbt failed: whatever it says of a file"))
    assert line == (
        f"{path} is damaged and can't be read. Next: empty it (: > {path}), then winback run, "
        "which writes it anew from the ledger; nothing is lost"
    )
    assert code == 0 or said.splitlines()[-1] == f"winback: {line}"
    os.truncate(path, 0)
    with open_ledger(settings) as ledger:
        assert export_ledger(ledger, settings.ledger_landing_dir)["suppressions"] == 1
        assert export_ledger(ledger, settings.ledger_landing_dir)["suppressions"] == 0
    rows = pq.read_table(folder).to_pylist()
    assert [(row["address"], row["reason"]) for row in rows] == [("ann@example.com", "stop")]
    assert broken_file(BuildFailure("dbt failed: something else")) == ""


def test_where_every_file_is_whole_an_error_stays_what_it_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(home))
    for error in (ValueError("a defect of ours"), UsageError("wrong"), KeyError("x")):
        assert broken_file(error) == ""
    (home / "landing" / "shop" / "orders.parquet").write_bytes(b"")
    assert "orders.parquet" in broken_file(ValueError("what a reader says"))
    assert broken_file(UsageError("wrong")) == ""
    assert broken_file(KeyError("x")) == ""
