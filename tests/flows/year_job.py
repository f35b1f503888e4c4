"""What a year of runs leaves in Prefect's database: `make test-year`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows._prefect import SERVER

SCRIPT = Path(__file__).with_name("year_of_runs.py")
RUNS_A_DAY = 96


@pytest.mark.timeout(1800)
def test_a_year_of_runs_leaves_what_a_month_leaves(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={**os.environ, **SERVER, "PREFECT_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    kept, *months = map(json.loads, done.stdout.splitlines())
    assert kept == {"run_days": 30, "event_days": 7}
    second, last = months[1], months[-1]
    assert last["day"] == 360
    assert last["flow_run"] == kept["run_days"] * RUNS_A_DAY
    tables = set(last) - {"bytes", "day"}
    assert {name: last[name] for name in tables} == {name: second[name] for name in tables}
    assert all(last[name] for name in ("log", "artifact", "events"))
    # SQLite gives nothing back, and writes where something was.
    assert last["bytes"] < 1.05 * second["bytes"]
    sys.stdout.write(
        f"{second['bytes']:,} bytes after two months, {last['bytes']:,} after a year\n"
    )
