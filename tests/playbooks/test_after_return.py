"""Who came back leaves the win-back at once, and gets the follow-up where it is switched on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playbook_runs import Season, customer_ids, hash_unit, land, project_copy, utc

from winback.base.settings import Settings

pytestmark = pytest.mark.slow
START = utc(2026, 3, 5, 20, 30)
# Dealt into the treatment of both.
WHO = next(
    name
    for name in customer_ids("sms_email", is_holdout=False)
    if hash_unit(f"{name}|after_return") >= 0.10
)


@pytest.fixture
def season(tmp_path: Path) -> Iterator[Season]:
    settings = Settings.load(home=tmp_path / "home", _env_file=None)
    ordered_at, back_at = START - timedelta(days=35), START + timedelta(days=1, hours=12)
    land(
        settings,
        {
            "customers": [
                {"customer_id": WHO, "email": f"{WHO}@example.com", "country": "US",
                 "timezone": "America/New_York"}
            ],
            "orders": [
                {"order_id": name, "customer_id": WHO, "ordered_at": at, "total_amount": 20}
                for name, at in (("old", ordered_at), ("back", back_at))
            ],
            "consents": [
                {"customer_id": WHO, "channel": "email", "status": "granted",
                 "basis": "express_written", "occurred_at": ordered_at}
            ],
        },
    )  # fmt: skip
    with project_copy(tmp_path) as copy:
        seed = copy / "seeds" / "playbooks.csv"
        text = seed.read_text()
        off = next(line for line in text.splitlines() if line.startswith("after_return,"))
        seed.write_text(text.replace(off, off.replace(",false,", ",true,")))
        yield Season(settings)


def test_who_is_back_leaves_at_once_and_is_thanked_when_the_parcel_should_be_there(
    season: Season,
) -> None:
    season.live(START)
    assert {row["playbook_id"] for row in season.enrollments.values()} == {"sms_email"}
    before = set(season.messages)
    season.live(START + timedelta(days=2))
    (end,) = season.ends.values()
    assert (end["exit_reason"], len(season.enrollments)) == ("purchase", 1)
    assert set(season.messages) == before, "nobody who waits for a parcel is written to"
    # The order is of two days after START, and a parcel takes five days.
    season.live(START + timedelta(days=7))
    (follow_up,) = (r for r in season.enrollments.values() if r["playbook_id"] == "after_return")
    assert follow_up["offer_id"] == "thanks_15"
    (thanks,) = (row for key, row in season.messages.items() if key not in before)
    assert (thanks["playbook_id"], thanks["step"]) == ("after_return", 1)
