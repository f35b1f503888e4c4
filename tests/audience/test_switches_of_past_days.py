"""What each switch would have meant on a past day of a small shop, by real replays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from audience_builds import Tables, load_tables
from seeded import give_seeds
from test_what_steers import AS_OF, tables

from winback.base.settings import Settings
from winback.measure import backtest as room

HOW = ("enter_only_with_it", "enter_only_without", "on_another_day", "other_playbooks")
# a replay for each switch.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def with_the_lost() -> Tables:
    """The shop in which columns steer, with somebody lost, and an order of the last day."""
    found = {name: [dict(row) for row in rows] for name, rows in tables().items()}
    # Beyond the days on which the shop's own rhythm has an order coming.
    for order in found["orders"]:
        if order["customer_id"] in {"looked around", "silent", "wants texts", "answers texts"}:
            order["ordered_at"] = (AS_OF - timedelta(days=44, hours=6)).isoformat()
    email = {"customer_id": "lost", "email": "lost@example.com", "country": "US"}
    agreed = {"customer_id": "lost", "channel": "email", "status": "granted",
              "basis": "express_written"}  # fmt: skip
    found["customers"].append(email)
    found["consents"].append({**agreed, "occurred_at": (AS_OF - timedelta(days=60)).isoformat()})
    for who, ago in (("lost", 400), ("newest", 0)):
        at = (AS_OF - timedelta(days=ago, hours=6)).isoformat()
        order = {"order_id": who, "customer_id": who, "ordered_at": at, "total_amount": "20.00"}
        found["orders"].append(order)
    return found


def test_each_switch_tells_whom_it_would_have_touched(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    settings = Settings.load(home=tmp_path_factory.mktemp("switches"))
    load_tables(settings, with_the_lost(), tmp_path_factory.mktemp("files") / "files")
    give_seeds(settings)
    span = room.span_of(settings, AS_OF.date(), AS_OF.date())
    rows: dict[str, dict[str, Any]] = {
        row["switch"]: row for row in room.switch_table(settings, span, room.chosen("all"))
    }
    assert {name: row["now"] for name, row in rows.items()} == {
        "lapse_basis": "off", "season": "off", "channel_order": "on", "hours": "on",
        "expected_order": "on", "lost": "on",
    }  # fmt: skip
    touched = {
        name: {
            key: row[key] for key in row if key.startswith(("enter", "on_", "other")) and row[key]
        }
        for name, row in rows.items()
    }
    assert touched == {
        # Who looked around five days ago is in no win-back then.
        "lapse_basis": {"enter_only_without": 1},
        "season": {"enter_only_without": 1},
        # Who asked for texts gets the texts.
        "channel_order": {"other_playbooks": 1},
        "hours": {},
        "expected_order": {"enter_only_without": 1},
        "lost": {"other_playbooks": 1},
    }
    assert rows["lapse_basis"]["messages_more"] < 0
    assert rows["expected_order"]["messages_more"] < 0
    assert rows["lost"]["messages_more"] < 0
    # The seeds and the ledger are as they were.
    assert list(settings.home.glob("replay-*")) == []
