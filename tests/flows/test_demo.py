"""The demo: it decides a test, says so in a sentence, shows the way on, and asks no other host."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flows._demo_offers import DemoOffers
from flows.demo import OPENS, RUN_DAYS
from winback.base.clock import FixedClock
from winback.base.places import PROJECT_DIR
from winback.base.settings import Settings
from winback.codes import pool_lines
from winback.ledger import open_ledger
from winback.warehouse import _dbt

# Every process of the demo notes here whom it would reach, but for this machine itself.
NOTES_OTHERS = """
import os, sys
def note(event, arguments):
    host = None
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    if isinstance(host, bytes):
        host = host.decode()
    if host and host not in {"localhost", "127.0.0.1", "::1", "0.0.0.0"}:
        with open(os.environ["OTHER_HOSTS"], "a") as others:
            others.write(f"{event} {host}\\n")
sys.addaudithook(note)
"""


@pytest.mark.parametrize("playbook", ["sms_email", "sms_four_step"])
def test_every_step_finds_a_day_for_who_enters_in_the_first_week(playbook: str) -> None:
    with (PROJECT_DIR / "dbt_project" / "seeds" / "playbook_steps.csv").open() as file:
        steps = [row for row in csv.DictReader(file) if row["playbook_id"] == playbook]
    for entered in (day for day in RUN_DAYS if day < 7):
        at = entered
        for step in steps:
            first, last = (at + int(step[name]) for name in ("min_days", "max_days"))
            if first > RUN_DAYS[-1]:
                break
            at = next((day for day in RUN_DAYS if first <= day <= last), -1)
            assert at >= 0, (entered, step["step"])


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_demo_decides_a_test_shows_the_way_on_and_asks_no_other_host(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(NOTES_OTHERS)
    others, home = tmp_path / "others", tmp_path / "demo"
    begin = f"import pathlib, flows.demo as d; d.HOME = pathlib.Path({str(home)!r}); d.demo()"
    done = subprocess.run(
        [sys.executable, "-c", begin],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "OTHER_HOSTS": str(others)},
        capture_output=True, text=True, check=False, timeout=1100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert not others.exists(), others.read_text()
    assert re.search(r"The messages of \w+ work\. Of 100 customers", done.stdout)
    offers = re.search(
        r"([\d,]+) customers got a code of their own, and ([\d,]+) orders came with one. 1 was "
        r"placed by somebody else.*\n.* of them: 300 got it, and (\d+) had to wait. ([\d,]+) lost",
        done.stdout,
    )
    assert offers
    assert all(int(figure.replace(",", "")) > 0 for figure in offers.groups())
    way = done.stdout.partition("Where to look next")[2]
    gates = re.search(r"file://(\S+)", way)
    tables = re.search(r"every table +(\S+)", way)
    who = re.search(r"winback why (\S+)", way)
    assert gates
    assert tables
    assert who
    assert Path(gates[1]).is_file()
    assert Path(tables[1], "outbox.parquet").is_file()
    told = subprocess.run(
        [sys.executable, "-m", "winback.cli", "why", who[1]],
        env={**os.environ, "WINBACK_HOME": str(home)},
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    assert who[1] in told


def test_the_demo_edits_offers_of_a_copy_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_dbt, "DBT_DIR", _dbt.DBT_DIR)  # put back after the test
    shipped = (PROJECT_DIR / "dbt_project" / "seeds" / "offers.csv").read_bytes()
    offers = DemoOffers(tmp_path)
    offers.write()
    settings = Settings.load(home=tmp_path / "home")
    with open_ledger(settings) as ledger:
        offers.fill(ledger, settings, FixedClock(OPENS))
        lines = pool_lines(ledger, settings, at=OPENS, offers_file=offers.file)
    assert {(it.offer_id, it.is_in_use, it.left > 0) for it in lines} == {
        ("welcome_back_20", True, True), ("vip_25", True, True),
    }  # fmt: skip
    assert tmp_path / "dbt_project" == _dbt.DBT_DIR
    assert (PROJECT_DIR / "dbt_project" / "seeds" / "offers.csv").read_bytes() == shipped
    assert offers.percents()["vip_25"] == ("", 25)
