"""With a year of orders `winback init` proposes each customer's own rhythm, by real replays."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from audience_builds import Tables, load_tables
from seeded import give_seeds

from winback.base.settings import Settings
from winback.cli import main

# two presets, thirteen looks each.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
NEWEST = datetime(2026, 3, 31, 12, tzinfo=UTC)


def tables() -> Tables:
    """Customers who come back each three weeks and each ten, and some of both who stopped."""
    orders = []
    for number in range(40):
        rhythm = 21 if number % 2 else 70
        # Every eighth stopped in the half year that is looked at.
        stops = 150 if number % 8 in {0, 1} else 0
        orders += [
            {
                "order_id": f"{number} {ago}",
                "customer_id": f"c{number}",
                "ordered_at": (NEWEST - timedelta(days=ago)).isoformat(),
                "total_amount": "20.00",
            }
            for ago in range(stops + number % 5, 720, rhythm)
        ]
    return {
        "customers": [
            {"customer_id": f"c{n}", "email": f"c{n}@example.com", "country": "US"}
            for n in range(40)
        ],
        "orders": orders,
        "consents": [
            {
                "customer_id": f"c{n}",
                "channel": "email",
                "status": "granted",
                "basis": "express",
                "occurred_at": (NEWEST - timedelta(days=800)).isoformat(),
            }
            for n in range(40)
        ],
    }


def test_a_year_of_orders_proposes_the_own_rhythm_beside_the_fixed_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings.load(home=tmp_path / "home")
    load_tables(settings, tables(), tmp_path / "files")
    give_seeds(settings)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "240")  # no cell of the table is cut
    monkeypatch.setenv("WINBACK_HOME", str(settings.home))
    monkeypatch.setattr(sys, "argv", ["winback", "init", "--brand", "Tea"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    out = capsys.readouterr().out
    said = " ".join(out.split())
    assert "Proposed lapse preset: personal" in said
    # The folder has become a project of its own.
    assert 'set this line in winback.toml, under [vars]: lapse_preset = "personal"' in said
    cells = [
        [cell.strip() for cell in re.split("[│┃]", line)[1:-1]]
        for line in out.splitlines()
        if line[:1] in {"│", "┃"}
    ]
    header, *rows = [row for row in cells if row[0] in {"preset", "personal", "fixed"}]
    names = [name.replace(" ", "_") for name in header]
    personal, fixed = (dict(zip(names, row, strict=True)) for row in rows)
    assert (personal["segment"], fixed["segment"]) == ("newly_lapsed", "lapsed_30_45")
    # By fixed days whoever comes each ten weeks enters again and again, and comes back alone.
    assert int(fixed["came_back"]) > int(personal["came_back"])
    assert int(fixed["messages"]) > int(personal["messages"])
    assert int(personal["caught"]) > 0
