"""Runs over days with a provider that loses answers and callbacks: every message ends, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from reconcile_parts import House

from winback.ledger import FINAL

pytestmark = pytest.mark.long

RATES = {
    "drop": 0.15,
    "drop_accepted": 0.15,
    "error": 0.05,
    "error_accepted": 0.1,
    "truncated_accepted": 0.05,
    "rate_limited": 0.05,
}
# Runs come when they come, as from a crontab.
HOURS_OF_RUNS = (0, 0.3, 0.5, 1, 2, 3, 6, 12, 25, 26, 27, 30, 50, 51, 52, 80)


@pytest.mark.parametrize(("email_mode", "seed"), [("immediate", 1), ("abortable", 2)])
def test_every_message_ends_and_nobody_gets_one_twice(
    house: House, email_mode: str, seed: int
) -> None:
    house.settings = house.settings.model_copy(
        update={"email_mode": email_mode, "email_batch_size": 4}
    )
    ends = {"expires_at": house.clock.now() + timedelta(hours=40)}
    texts = house.add(*range(100, 125), **ends)
    mail = house.add(*range(200, 240), channel="email", **ends)
    house.chance(seed, RATES, {"lost": 0.3})
    house.listen()
    begun = house.clock.now()
    for hours in HOURS_OF_RUNS:
        house.clock.at = begun + timedelta(hours=hours)
        house.collect()
        house.reconcile()
        house.plan_again()
        house.send()
        house.withdraw()
        assert sum(house.states().values()) == len(texts) + len(mail)
    house.chance(seed, {}, {"lost": 0.0})
    house.collect()
    house.reconcile()
    states = {row["message_id"]: row["state"] for row in house.rows("messages")}
    assert set(states.values()) <= FINAL, house.states()
    left = house.left()
    assert max(left.values()) == 1
    assert {key for key, state in states.items() if state == "accepted"} <= set(left)
    maybe = {key for key, state in states.items() if state == "unknown_final"}
    assert set(left) <= {key for key, state in states.items() if state == "accepted"} | maybe
    assert "duplicate" not in house.evidence()
    assert not maybe & set(texts), "a list tells of every text"
    assert len(left) > 0.8 * len(states)
