"""What leaves in the next 24 hours is counted by hour and step, with the price of one part each."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from published_tables import write_tables
from typer.testing import CliRunner

from winback.base.errors import WinbackError
from winback.cli._app import app
from winback.measure.last_screen import read_hours, tell_next_day

NOW = datetime(2026, 3, 1, 8, 20, tzinfo=UTC)
COLUMNS = {
    "send_decisions": (
        "customer_id varchar, playbook_id varchar, step bigint, channel varchar, "
        "decision varchar, blocked_by varchar, send_after_at timestamptz"
    ),
    "next_steps": (
        "customer_id varchar, playbook_id varchar, step bigint, channel varchar, due_at timestamptz"
    ),
    "outbox": (
        "action varchar, customer_id varchar, playbook_id varchar, step bigint, channel varchar, "
        "cost_cents_per_part decimal(12, 4)"
    ),
    "next_changes": "hangs_on varchar, what varchar, changes_at timestamptz",
}
ROWS: dict[str, list[tuple[object, ...]]] = {
    "send_decisions": [
        # Its window has been open for an hour.
        ("c0", "first", 1, "sms", "send", "", "2026-03-01 07:00:00+00"),
        ("c1", "first", 1, "sms", "send", "", "2026-03-01 08:20:00+00"),
        ("c2", "first", 1, "sms", "deferred", "window", "2026-03-01 15:30:00+00"),
        # Nobody knows when.
        ("c3", "first", 1, "sms", "deferred", "in_transit", None),
        ("c4", "first", 1, "sms", "holdout", "holdout", None),
        ("c5", "first", 1, "sms", "deferred", "window", "2026-03-02 08:20:00+00"),
    ],
    "next_steps": [
        ("c6", "first", 2, "sms", "2026-03-01 15:59:00+00"),
        ("c7", "first", 3, "email", "2026-03-02 08:19:00+00"),
        ("c8", "first", 3, "email", "2026-03-04 08:19:00+00"),
    ],
    "outbox": [
        ("plan", "c0", "first", 1, "sms", 4),
        ("plan", "c1", "first", 1, "sms", 1),
        ("plan", "c2", "first", 1, "sms", 4),
        ("cancel", "c4", "first", 1, "sms", None),
    ],
    "next_changes": [
        ("shop", "day", "2026-03-02 00:00:00+00"),
        ("ledger", "window", "2026-03-01 15:30:00+00"),
        ("ledger", "cap", "2026-03-09 00:00:00+00"),
    ],
}


def write(folder: Path, rows: dict[str, list[tuple[object, ...]]]) -> Path:
    return write_tables(folder, COLUMNS, rows)


def test_each_message_counts_in_its_hour_and_none_beyond_a_day(tmp_path: Path) -> None:
    day = read_hours(write(tmp_path, ROWS), now=NOW)
    found = [
        (row["hour"].isoformat(), row["step"], row["messages"], row["cost_cents"])
        for row in day.hours
    ]
    assert found == [
        ("2026-03-01T08:00:00+00:00", 1, 2, 5.0),
        ("2026-03-01T15:00:00+00:00", 1, 1, 4.0),
        # No text of this step is written yet: the price is that of texts.
        ("2026-03-01T15:00:00+00:00", 2, 1, 3.0),
        ("2026-03-02T08:00:00+00:00", 3, 1, 0.0),
    ]
    assert "\n".join(tell_next_day(day, "Europe/Berlin")) == (
        "5 messages for 0.12 or more leave in the 24 hours from Sun 1 Mar 2026 09:20 "
        "Europe/Berlin, as the last run decided:\n"
        "  Sun 1 Mar 2026 09:00 Europe/Berlin  first step 1 (text): 2 for 0.05\n"
        "  Sun 1 Mar 2026 16:00 Europe/Berlin  first step 1 (text): 1 for 0.04\n"
        "  Sun 1 Mar 2026 16:00 Europe/Berlin  first step 2 (text): 1 for 0.03\n"
        "  Mon 2 Mar 2026 09:00 Europe/Berlin  first step 3 (email): 1 for no known price\n"
        "Time alone changes nothing that is decided before Sun 1 Mar 2026 16:30 Europe/Berlin."
    )


def test_a_day_on_which_nothing_leaves_is_told_in_a_line(tmp_path: Path) -> None:
    day = read_hours(write(tmp_path, {}), now=NOW, is_dry_run=True)
    (line,) = tell_next_day(day, "UTC")
    assert line == (
        "No message leaves in the 24 hours from Sun 1 Mar 2026 08:20 UTC, as the last dry run "
        "decided."
    )


def test_the_command_reads_the_last_run_and_else_the_dry_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path))
    refused = CliRunner().invoke(app, ["next"]).exception
    assert isinstance(refused, WinbackError)
    assert str(refused) == "nothing is decided yet. Next: winback run"
    for name, rows in (("dry-run", ROWS), ("current", {})):
        folder = write(tmp_path / "published" / name, rows)
        manifest = dict.fromkeys(("run_id", "git_sha"), "-") | {"as_of": NOW.isoformat()}
        counts: dict[str, int] = {}
        whole = manifest | dict.fromkeys(("row_counts", "landed_rows", "segment_hashes"), counts)
        (folder / "manifest.json").write_text(json.dumps(whole))
        facts = json.loads(CliRunner().invoke(app, ["next", "--json"]).stdout)
        assert facts["is_dry_run"] == (name == "dry-run")
        assert sum(row["messages"] for row in facts["hours"]) == (5 if rows else 0)
