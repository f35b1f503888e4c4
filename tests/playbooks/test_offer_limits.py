"""Limits of an offer by real builds: who gets what is left, what was told holds, what stacks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playbook_runs import READ, Season, customer_ids, land, project_copy, query, utc

from winback.base.settings import Settings

pytestmark = pytest.mark.slow
# A Thursday, 15:30 in New York.
START = utc(2026, 3, 5, 20, 30)
PEOPLE = [
    name for name, _ in zip(customer_ids("sms_email", is_holdout=False), range(3), strict=False)
]


def shop(orders: list[dict[str, Any]] | None = None) -> dict[str, list[dict[str, Any]]]:
    ordered_at = START - timedelta(days=35)
    return {
        "customers": [
            {
                "customer_id": name, "email": f"{name}@example.com",
                "phone": f"+1212555{number:04d}", "country": "US", "timezone": "America/New_York",
            }
            for number, name in enumerate(PEOPLE, 100)
        ],
        "orders": [
            {"order_id": f"o-{name}", "customer_id": name, "ordered_at": ordered_at,
             "total_amount": 20}
            for name in PEOPLE
        ] + (orders or []),
        "consents": [
            {"customer_id": name, "channel": channel, "status": "granted",
             "basis": "express_written", "occurred_at": ordered_at}
            for name in PEOPLE
            for channel in ("email", "sms")
        ],
    }  # fmt: skip


@pytest.fixture
def season(tmp_path: Path) -> Iterator[Season]:
    """A shop whose welcome offer is for one customer a month, with a small budget."""
    with project_copy(tmp_path) as project:
        seed = project / "seeds" / "offers.csv"
        text = seed.read_text()
        row = "welcome_back_20,percent,20,,shared,WELCOME20,30,,,,,"
        assert row in text
        seed.write_text(text.replace(row, row[:-4] + ",2,500,,"))
        yield Season(Settings.load(home=tmp_path / "home"))


def step_one(season: Season) -> dict[str, tuple[str, str]]:
    rows = query(season.settings, "from send_decisions where step = 1")
    return {row["customer_id"]: (row["decision"], row["blocked_by"]) for row in rows}


def kept_out(season: Season) -> str:
    """Whom the playbook did not take and why, as its funnel says."""
    rows = query(season.settings, "from audience_funnel where playbook_id = 'sms_email'")
    (reason,) = [row["reason"] for row in rows if "offer_" in (row["reason"] or "")]
    return reason


def test_an_offer_stops_at_its_limits_and_what_was_told_goes_on(season: Season) -> None:
    land(season.settings, shop())
    season.live(START, select=(*READ, "+audience_funnel"))
    decided = step_one(season)
    told = sorted(decided)
    (waits,) = set(PEOPLE) - set(told)
    assert set(decided.values()) == {("send", "")}
    assert kept_out(season) == "offer_used_up 1"

    # The reminders of those who were told go out; the third does not begin.
    season.live(START + timedelta(days=1), select=(*READ, "+audience_funnel"))
    assert waits not in step_one(season)
    assert kept_out(season) == "offer_used_up 1"
    sent = [(row["customer_id"], row["step"]) for row in season.messages.values()]
    assert sorted(sent) == sorted([(name, step) for name in told for step in (1, 2)])


def test_a_month_whose_budget_was_redeemed_tells_nobody_more(season: Season) -> None:
    used = {
        "order_id": "used", "customer_id": PEOPLE[0], "ordered_at": START - timedelta(days=1),
        "total_amount": 20, "discount_amount": 5, "coupon_code": "welcome20",
    }  # fmt: skip
    land(season.settings, shop([used]))
    season.live(START, select=(*READ, "+audience_funnel"))
    # Nobody begins what can't be given to them.
    assert step_one(season) == {}
    # The first bought, and is no candidate.
    assert kept_out(season) == "offer_used_up 2"
    assert not season.messages
