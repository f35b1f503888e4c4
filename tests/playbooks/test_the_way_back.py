"""Where a customer stands on the way back decides which messages they get, by real builds."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from playbook_runs import Season, hash_unit, land, utc

from winback.base.settings import Settings

# five builds; units hold the branches.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
# A Tuesday: 15:30 in New York.
START = utc(2026, 3, 3, 20, 30)
WHO = ("clicked", "silent", "never offered")
# As the four texts count from each other, and no Sunday.
DAYS = (0, 3, 7)
LAST = START + timedelta(days=13)


def person(who: str) -> str:
    """A name that is dealt into the treatment of the four texts."""
    names = (f"{who} {n}" for n in range(99))
    return next(name for name in names if hash_unit(f"{name}|sms_four_step") >= 0.10)


PEOPLE = {who: person(who) for who in WHO}


def shop() -> dict[str, list[dict[str, object]]]:
    ordered_at = START - timedelta(days=35)

    def consent(who: str, status: str, at: float) -> dict[str, object]:
        return {
            "customer_id": PEOPLE[who], "channel": "sms", "status": status,
            "basis": "express_written", "occurred_at": START + timedelta(days=at),
        }  # fmt: skip

    return {
        "customers": [
            {"customer_id": name, "phone": f"+1212555010{n}", "country": "US",
             "timezone": "America/New_York", "first_name": "Ann"}
            for n, name in enumerate(PEOPLE.values())
        ],
        "orders": [
            {"order_id": f"o-{name}", "customer_id": name, "ordered_at": ordered_at,
             "total_amount": 20}
            for name in PEOPLE.values()
        ],
        # No text may be sent to one of them while the offer is presented to the others.
        "consents": [consent(who, "granted", -40) for who in WHO]
        + [consent("never offered", "revoked", 1), consent("never offered", "granted", 10)],
    }  # fmt: skip


def live_until_the_last(home: Path) -> Season:
    """The days of the four texts but the last; one clicks what the second one links to."""
    season = Season(Settings.load(home=home, channels="sms"))
    land(season.settings, shop())
    for day in DAYS:
        at = START + timedelta(days=day)
        season.live(at)
        if day == 3:
            click(season, at + timedelta(hours=1))
    return season


def set_cell(season: Season, content_tag: str, **stages: bool) -> None:
    """Edit a row of the matrix, as an analyst edits the seed."""
    with duckdb.connect(str(season.settings.warehouse_path)) as connection:
        for stage, value in stages.items():
            connection.execute(
                f"update winback.journey_contents set {stage} = ? where content_tag = ?",
                [value, content_tag],
            )


def click(season: Season, at: datetime) -> None:
    (message_id,) = [
        key
        for key, row in season.messages.items()
        if (row["customer_id"], row["step"]) == (PEOPLE["clicked"], 2)
    ]
    keys = {"dedupe_key": message_id, "semantic_key": message_id, "message_id": message_id}
    season.events.append(
        {**keys, "provider": "own", "kind": "clicked", "occurred_at": at, "received_at": at}
    )
    season.export()


def steps(season: Season) -> dict[str, list[int]]:
    return {who: list(season.sent_days(name, START)) for who, name in PEOPLE.items()}


def test_where_a_customer_stands_decides_what_they_get(tmp_path: Path) -> None:
    season = live_until_the_last(tmp_path / "home")
    otherwise = deepcopy(season)
    # As shipped: nobody is reminded of an offer that they were never told of.
    season.live(LAST)
    assert steps(season) == {
        "clicked": [1, 2, 3, 4],
        "silent": [1, 2, 3, 4],
        "never offered": [1],
    }
    assert season.decided(PEOPLE["never offered"])[LAST, 4] == ("suppressed", "journey")
    stages = {
        row["customer_id"]: row["journey_stage"]
        for row in season.decisions
        if row["as_of"] == LAST and row["step"] == 4
    }
    assert stages == {
        PEOPLE["clicked"]: "post_engagement",
        PEOPLE["silent"]: "offer_presentation",
        PEOPLE["never offered"]: "inactivity",
    }

    # By another matrix the reminder is for whoever did not answer.
    otherwise.export()
    set_cell(otherwise, "last_chance", inactivity=True, post_engagement=False)
    otherwise.live(LAST)
    assert steps(otherwise) == {
        "clicked": [1, 2, 3],
        "silent": [1, 2, 3, 4],
        "never offered": [1, 4],
    }
    assert otherwise.decided(PEOPLE["clicked"])[LAST, 4] == ("suppressed", "journey")
