"""A command imports what it uses when it runs: help and a person's story come at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from winback import __version__
from winback.base.duck import connect, literal
from winback.base.settings import Settings
from winback.ledger import note_stage_end, open_ledger

pytestmark = pytest.mark.long

# What takes a tenth of a second or more, or brings along what does.
HEAVY = (
    "alembic", "cryptography", "dbt", "great_expectations", "jinja2", "matplotlib", "numpy",
    "pandas", "prefect", "pyarrow", "requests", "scipy", "sendgrid", "sqlalchemy", "statsmodels",
    "twilio", "uvicorn",
)  # fmt: skip
TELLS = """
import atexit, sys
atexit.register(lambda: print("LOADED", *sorted(sys.modules), file=sys.stderr))
from winback.cli import main
main()
"""


def loaded(home: Path, *arguments: str, code: int = 0) -> set[str]:
    """The packages that a command had imported when it had done its work."""
    done = subprocess.run(
        [sys.executable, "-c", TELLS, *arguments],
        env={**os.environ, "WINBACK_HOME": str(home)}, cwd=home.parent,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("LOADED "))
    return {name.partition(".")[0] for name in line.split()[1:]}


@pytest.mark.parametrize("arguments", [("--help",), ("run", "--help"), ("inbox", "--help")])
def test_help_needs_neither_a_database_nor_settings(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    found = loaded(tmp_path / "home", *arguments)
    assert "winback" in found
    assert found & {*HEAVY, "duckdb", "pydantic_settings"} == set()


def test_the_story_of_a_person_needs_duckdb_alone(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path / "home")
    published = settings.published_dir / "current"
    published.mkdir(parents=True)
    manifest = {
        "run_id": "r1", "as_of": "2026-03-02T15:30:00+00:00", "git_sha": "", "row_counts": {},
        "landed_rows": {}, "segment_hashes": {},
    }  # fmt: skip
    (published / "manifest.json").write_text(json.dumps(manifest))
    with connect() as connection:
        connection.execute(
            f"""
            copy (
                select 'c''1' as customer_id, 'GB' as country, '' as region,
                    timestamptz '2026-01-01 00:00:00Z' as last_order_at, 1 as order_count,
                    100 as net_revenue_cents, null as rfm_segment, 'low' as value_tier
            ) to {literal(published / "customers.parquet")} (format parquet)
            """
        )
    found = loaded(settings.home, "why", "c'1")
    assert "duckdb" in found
    assert found & set(HEAVY) == set()


def test_what_each_run_tells_of_codes_needs_no_pandas_and_no_api_of_a_shop(
    tmp_path: Path,
) -> None:
    redemptions = literal(tmp_path / "offer_redemptions.parquet")
    with connect() as connection:
        connection.execute(
            "copy (select 'o' as offer_id, 'own' as code_kind, true as is_by_stranger)"
            f" to {redemptions} (format parquet)"
        )
    code = (
        "import sys; from pathlib import Path; from winback.codes import leaked_codes;"
        "print(leaked_codes(Path(sys.argv[1])), *sys.modules, sep='\\n')"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True,
        timeout=60,
    ).stdout.splitlines()  # fmt: skip
    assert told[0].startswith("Codes used by another person than they were given to: 1 of 1.")
    assert {"pandas", "requests", "winback.landing", "winback.pulling"} & {*told} == set()


def test_the_watchdog_needs_no_prefect_where_no_server_is_named(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path / "home")
    with open_ledger(settings) as ledger, ledger.write() as connection:
        note_stage_end(connection, "send", at=datetime(2026, 3, 2, tzinfo=UTC))
    found = loaded(settings.home, "watch", code=1)
    assert "sqlalchemy" in found
    assert "prefect" not in found


def test_commands_are_grouped_by_what_one_wants_and_h_is_help(tmp_path: Path) -> None:
    told = [said(tmp_path, option) for option in ("-h", "--help")]
    assert told[0] == told[1]
    groups = ("Start", "Look", "Send", "People", "Operate")
    places = [told[0].index(f"─ {group} ─") for group in groups]
    assert "─ Commands ─" not in told[0], "each command is in a group"
    assert places == sorted(places)
    assert "--install-completion" in told[0]
    assert said(tmp_path, "run", "-h") == said(tmp_path, "run", "--help")


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    assert said(tmp_path, "--version") == f"winback {__version__}\n"


def said(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "winback.cli", *arguments],
        cwd=folder, capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
