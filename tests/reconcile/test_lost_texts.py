"""Texts whose answer got lost: found in the list, or let go once it twice missed them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from reconcile_parts import SETTLE, House

MINUTES = timedelta(minutes=1)


def test_a_text_that_was_taken_is_found_in_the_list_once_it_has_settled(house: House) -> None:
    (lost,) = house.add(1)
    house.fail("drop_accepted")
    assert house.send().counts == {"unknown": 1}
    early = house.reconcile(after=SETTLE - timedelta(seconds=1))
    assert (early.accepted, early.waiting, house.states()) == (0, 1, {"unknown": 1})
    assert house.reconcile(after=timedelta(seconds=1)).accepted == 1
    row = house.message(lost)
    assert (row["state"], row["matched_by"]) == ("accepted", "listed")
    assert row["provider_id"].startswith("SM")
    assert house.evidence() == ["listed"]
    assert house.accepted() == {lost: 1}


def test_a_text_that_was_not_taken_goes_again_after_two_looks(house: House) -> None:
    (lost,) = house.add(1)
    house.fail("drop")
    house.send()
    first = house.reconcile(after=SETTLE)
    assert (first.planned_again, first.waiting) == (0, 1)
    assert first.next_look_at == house.clock.now() + 5 * MINUTES
    again = house.reconcile(after=5 * MINUTES - timedelta(seconds=1))
    assert (again.planned_again, house.states()) == (0, {"unknown": 1})
    assert house.reconcile(after=timedelta(seconds=1)).planned_again == 1
    row = house.message(lost)
    assert (row["state"], row["attempt_no"], row["not_before"]) == ("planned", 1, None)
    assert house.send().counts == {}, "only a new plan gives it a window"
    house.plan_again()
    assert house.send().counts == {"accepted": 1}
    assert house.accepted() == {lost: 1}
    assert house.message(lost)["attempt_no"] == 2
    assert house.evidence() == ["not_listed", "not_listed"]
