"""A newcomer's way, from a clone to a message in the sandbox, as `scripts/newcomer.py` plays it."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return import_module("newcomer")


def test_at_most_eight_commands_lead_there_and_the_docs_show_them(script: ModuleType) -> None:
    typed = script.commands(Path("exports"), datetime(2026, 3, 2, 15, tzinfo=UTC))
    assert len(typed) <= 8
    told = (ROOT / "docs" / "first-hour.md").read_text(encoding="utf-8")
    for command in typed[1:]:
        words = command.split()
        assert " ".join(words[:2]).removeprefix(".venv/bin/") in told


def test_its_shop_has_days_of_three_kinds_paid_and_national_numbers(
    script: ModuleType, tmp_path: Path
) -> None:
    script.write_shop(tmp_path / "shop", datetime(2026, 3, 2, 15, tzinfo=UTC))
    rows = {
        path.stem: next(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        for path in (tmp_path / "shop").iterdir()
    }
    assert rows["customers"]["created_at"] == "06/01/2025"
    assert rows["customers"]["phone"] == "07700 900000"
    assert rows["orders"]["ordered_at"] == "2025-04-16T15:00:00Z"
    assert rows["orders"]["status"] == "paid"
    assert rows["consents"]["occurred_at"] == "6 January 2025"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_newcomer_finds_their_customers_and_writes_to_them_in_the_sandbox(
    script: ModuleType, tmp_path: Path
) -> None:
    *_, load, dry, preview, sandbox, why = (it[2] for it in script.play(tmp_path, demo=False))
    assert "0 rows rejected" in load
    assert "Would get a message now: 32 customers" in dry
    assert Path(preview.splitlines()[-1]).is_file()
    assert "Sent: 32 messages (sms_email step 1: 32)" in sandbox
    assert "text of step 1: sent" in why
