"""A customer who was erased stays so: no build or backtest names them, and none may reach them."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from winback.base.clock import WallClock
from winback.base.settings import Settings
from winback.landing import load
from winback.people.erasure import erase

TRACES = ("Ann.Zyx@Example.com", "15112345678", "Annzyx")
DAY = date(2026, 3, 10)


def write_shop(folder: Path) -> None:
    folder.mkdir()
    ann = f"c1,{TRACES[0]},+49{TRACES[1]},{TRACES[2]},DE\n"
    others = "".join(f"c{n},p{n}@example.com,,Bob,DE\n" for n in range(2, 40))
    heads = "customer_id,email,phone,first_name,country\n"
    (folder / "customers.csv").write_text(heads + ann + others)
    ordered = [
        (f"c{n}", DAY - timedelta(days=40 * times)) for n in range(1, 40) for times in (1, 2)
    ]
    ordered.append(("c2", DAY - timedelta(days=1)))
    orders = "".join(f"o{place},{who},{day},40\n" for place, (who, day) in enumerate(ordered))
    (folder / "orders.csv").write_text("order_id,customer_id,ordered_at,total_amount\n" + orders)


def traces(home: Path) -> list[str]:
    """Files under HOME that hold one of the words, whatever their format."""
    found = []
    for path in filter(Path.is_file, home.rglob("*")):
        text = path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            text += str(duckdb.read_parquet(str(path)).fetchall())
        found += [f"{path.name}: {it}" for it in TRACES if it.casefold() in text.casefold()]
    return found


def winback(home: Path, *arguments: str) -> None:
    environment = {"WINBACK_HOME": str(home), "PATH": "/usr/bin:/bin", "DO_NOT_TRACK": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "winback.cli", *arguments], cwd=home.parent, env=environment,
        text=True, capture_output=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not any(it in done.stdout + done.stderr for it in (*TRACES, "Traceback"))


def contactable(home: Path, *customers: str) -> int:
    eligibility = duckdb.read_parquet(f"{home}/published/current/channel_eligibility.parquet")
    theirs = eligibility.filter(f"customer_id in {(*customers, '')}")
    assert len(theirs) == 2 * len(customers), "both channels of each were judged"
    return len(theirs.filter("is_eligible or ok_address and ok_suppression"))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_builds_and_a_backtest_after_an_erasure_neither_name_nor_reach_them(tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = Settings.load(home=home)
    write_shop(tmp_path / "shop")
    load(tmp_path / "shop", settings, WallClock())
    assert traces(home)
    pseudonym = erase(settings, WallClock(), "c1").pseudonym
    winback(home, "build")
    assert contactable(home, pseudonym) == 0
    assert traces(home) == []
    winback(home, "build", "--as-of", str(DAY))
    assert contactable(home, pseudonym) == 0
    days = ("--from", str(DAY - timedelta(days=8)), "--to", str(DAY - timedelta(days=4)))
    winback(home, "backtest", "--segment", "lapsed_30_45", *days, "--presets", "fixed")
    assert traces(home) == []
    # The shop sends them again, and a day before the erasure is computed anew.
    load(tmp_path / "shop", settings, WallClock())
    winback(home, "build", "--as-of", str(DAY - timedelta(days=3)))
    assert contactable(home, "c1", pseudonym) == 0
    assert contactable(home, "c3") > 0, "others are as they were"
