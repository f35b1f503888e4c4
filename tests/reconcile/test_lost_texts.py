"""Texts whose answer got lost: found in the list, or let go once it twice missed them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from reconcile_parts import SETTLE, House

from winback.base.clock import WallClock
from winback.ledger import LedgerFenced, tables
from winback.reconcile import reconcile

pytestmark = pytest.mark.long

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def test_a_text_that_was_taken_is_found_in_the_list_once_it_has_settled(house: House) -> None:
    (lost,) = house.add(1)
    house.fail("drop_accepted")
    assert house.send().counts == {"unknown": 1}
    early = house.reconcile(after=SETTLE - SECOND)
    assert (early.accepted, early.waiting, house.states()) == (0, 1, {"unknown": 1})
    assert early.next_look_at == house.clock.now() + SECOND
    assert house.reconcile(after=SECOND).accepted == 1
    row = house.message(lost)
    assert (row["state"], row["matched_by"]) == ("accepted", "listed")
    assert row["provider_id"].startswith("SM")
    assert house.evidence() == ["listed"]
    assert house.accepted() == {lost: 1}
    assert house.reconcile().summary() == "no outcome was unknown"


@pytest.mark.both_databases
def test_a_text_that_was_not_taken_goes_again_after_two_looks(house: House) -> None:
    (lost,) = house.add(1)
    house.fail("drop")
    house.send()
    first = house.reconcile(after=SETTLE)
    assert (first.planned_again, first.waiting) == (0, 1)
    assert first.next_look_at == house.clock.now() + 5 * MINUTE
    again = house.reconcile(after=5 * MINUTE - SECOND)
    assert (again.planned_again, house.states()) == (0, {"unknown": 1})
    assert house.reconcile(after=SECOND).planned_again == 1
    row = house.message(lost)
    assert (row["state"], row["attempt_no"], row["not_before"]) == ("planned", 1, None)
    assert house.send().counts == {}, "only a new plan gives it a window"
    house.plan_again()
    assert house.send().counts == {"accepted": 1}
    assert house.accepted() == {lost: 1}
    assert house.message(lost)["attempt_no"] == 2
    assert house.evidence() == ["not_listed", "not_listed"]


def test_the_settle_time_is_a_setting_and_a_late_list_is_what_it_is_for(house: House) -> None:
    """The provider shows a text twenty minutes late: too short a wait would send it twice."""
    house.add(1)
    house.behave(lag_seconds=20 * 60 - 1)
    house.fail("drop_accepted")
    house.send()
    patient = {"unknown_settle_minutes": 20}
    assert house.reconcile(after=SETTLE, **patient).waiting == 1
    assert house.evidence() == []
    assert house.reconcile(after=5 * MINUTE, **patient).accepted == 1


def test_what_is_past_its_range_expires_instead_of_going_again(house: House) -> None:
    house.add(1, expires_at=house.clock.now() + SETTLE + 5 * MINUTE)
    house.fail("drop")
    house.send()
    house.reconcile(after=SETTLE)
    assert house.reconcile(after=5 * MINUTE).expired == 1
    assert house.states() == {"expired": 1}


def test_an_answer_to_somebody_keeps_its_window_when_it_goes_again(house: House) -> None:
    """No plan knows of answers, so none would give it another."""
    (lost,) = house.add(1, playbook_id="answers", purpose="reply")
    house.fail("drop")
    house.send()
    house.reconcile(after=SETTLE)
    house.reconcile(after=5 * MINUTE)
    assert house.message(lost)["not_before"] is not None
    assert house.send().counts == {"accepted": 1}
    assert house.accepted() == {lost: 1}


@pytest.mark.both_databases
def test_a_text_that_was_taken_twice_is_accepted_and_told(house: House) -> None:
    (lost,) = house.add(1)
    house.fail("drop_accepted")
    house.send()
    # Somebody else's bug: the same text to the same number once more.
    body = {name: house.payload(lost)[name] for name in ("body", "messaging_service_sid")}
    house.twilio().messages.create(to=house.message(lost)["address"], **body)
    done = house.reconcile(after=SETTLE)
    assert (done.accepted, done.sent_twice) == (1, [lost])
    assert house.evidence() == ["duplicate", "listed"]
    assert house.message(lost)["state_reason"] == "accepted_twice"


@pytest.mark.parametrize(
    ("shown", "state"),
    [
        ("Shop: we miss you, number 1! Reply STOP to end. Msg rates apply", "unknown_final"),
        ("****", "unknown_final"),
        ("", "unknown_final"),
        ("Shop \u2013 we miss you, number 1! Reply STOP to end", "accepted"),
        ("Your parcel 4711 arrives tomorrow between nine and ten", "unknown"),
    ],
    ids=["added to", "masked", "redacted", "re-encoded", "another text"],
)
def test_a_text_that_resembles_ours_is_neither_taken_for_it_nor_for_another(
    house: House, monkeypatch: pytest.MonkeyPatch, shown: str, state: str
) -> None:
    house.add(1)
    house.fail("drop_accepted")
    house.send()
    from twilio.rest.api.v2010.account.message import MessageInstance

    built = MessageInstance.__init__

    def redacted(self: Any, version: Any, payload: dict[str, Any], **more: Any) -> None:
        built(self, version, payload | {"body": shown}, **more)

    monkeypatch.setattr(MessageInstance, "__init__", redacted)
    house.reconcile(after=SETTLE)
    assert house.states() == {state: 1}


def test_a_number_that_is_hidden_may_be_anybodys(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from twilio.rest.api.v2010.account.message import MessageInstance

    built = MessageInstance.__init__

    def hidden(self: Any, version: Any, payload: dict[str, Any], **more: Any) -> None:
        built(self, version, payload | {"to": "+1555000XXXX"}, **more)

    monkeypatch.setattr(MessageInstance, "__init__", hidden)
    house.add(1)
    house.fail("drop_accepted")
    house.send()
    house.reconcile(after=SETTLE)
    assert house.states() == {"unknown_final": 1}


def test_a_sid_that_belongs_to_another_message_of_ours_proves_nothing(house: House) -> None:
    """Two enrollments, one number, the same words: each text is one of them."""
    first, second = house.add(1, 2, address="+15550000001", playbook_id="answers", purpose="reply")
    words = house.payload(first)
    house.set_payload(second, words)
    house.fail("drop", skip=1)
    assert house.send().counts == {"accepted": 1, "unknown": 1}
    house.reconcile(after=SETTLE)
    assert house.reconcile(after=5 * MINUTE).planned_again == 1
    assert "listed" not in house.evidence()


@pytest.mark.parametrize("erased_since", [False, True])
def test_a_list_that_lacks_what_was_certainly_sent_proves_nothing(
    house: House, erased_since: bool
) -> None:
    """As where numbers are redacted, or a stand-in keeps no list."""
    house.add(1)
    assert house.send().counts == {"accepted": 1}
    house.clock.advance(SETTLE)
    if erased_since:
        (erased,) = house.add(3)
        house.send()
        with house.ledger.write() as connection:
            m = tables.messages
            change = m.update().where(m.c.message_id == erased)
            connection.execute(change.values(address="hmac:" + "0" * 64))
        house.clock.advance(SETTLE)
    (lost,) = house.add(2)
    house.fail("drop")
    house.send()
    house.forget_texts()
    for _ in range(3):
        done = house.reconcile(after=SETTLE)
        assert done.unreadable == {"sms": "its list lacks what was certainly sent"}
        assert house.message(lost)["state"] == "unknown"
    assert house.reconcile(after=timedelta(hours=72)).unknown_final == 1
    assert house.message(lost)["state_reason"] == "unknown:unreadable"


@pytest.mark.parametrize("kind", ["error", "drop", "rate_limited", "proxy_html", "redirect"])
def test_where_the_list_cant_be_read_nothing_changes_and_it_says_so(
    house: House, kind: str
) -> None:
    house.add(1, 2, 3)
    house.fail("drop_accepted", count=3)
    house.send()
    house.fail(kind, method="GET", path="Messages")
    done = house.reconcile(after=SETTLE)
    assert list(done.unreadable) == ["sms"]
    assert (house.states(), house.evidence()) == ({"unknown": 3}, [])
    assert done.waiting == 3, "one failure is enough: the others were not asked for"
    assert house.reconcile().accepted == 3


@pytest.mark.parametrize(("pages", "accepted"), [(20, 1), (3, 1), (2, 0)])
def test_a_list_is_read_to_its_end_or_not_at_all(
    house: House, monkeypatch: pytest.MonkeyPatch, pages: int, accepted: int
) -> None:
    monkeypatch.setattr("winback.providers.twilio.records.PAGE_SIZE", 2)
    monkeypatch.setattr("winback.providers.twilio.records.MOST_PAGES", pages)
    house.add(1)
    house.fail("drop_accepted")
    house.send()
    for n in range(5):
        house.twilio().messages.create(
            to="+15550000001", body=f"Parcel {n}", messaging_service_sid=house.service
        )
    done = house.reconcile(after=SETTLE)
    assert done.accepted == accepted
    assert done.unreadable == ({} if accepted else {"sms": "too long"})


def test_a_run_that_has_asked_for_long_leaves_the_rest_to_the_next_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.add(1, 2)
    house.fail("drop_accepted", count=2)
    house.send()
    with monkeypatch.context() as patch:
        patch.setattr("winback.reconcile._ask.MOST_SECONDS", -1.0)
        done = house.reconcile(after=SETTLE)
    assert (done.waiting, done.unreadable) == (2, {"sms": "asked enough for one run"})
    assert house.reconcile().accepted == 2


def test_a_copied_ledger_settles_nothing(house: House) -> None:
    from dataclasses import replace

    with pytest.raises(LedgerFenced):
        reconcile(replace(house.ledger, fenced="a copy"), house.settings, house.clock)


def test_where_nothing_is_unknown_nobody_is_asked(house: House) -> None:
    """Only the daily sweep of SendGrid's lists; then not even that."""
    house.add(1, 2)
    house.listen()
    house.send()
    house.collect()
    house.reconcile(after=SETTLE)
    house.fail("error", count=100, method=None, path="")
    assert house.reconcile(after=MINUTE).unreadable == {}


def test_in_a_replay_the_list_is_read_whatever_the_providers_clock_says(house: House) -> None:
    """A stand-in of its own goes by its own clock, as another server does."""
    (lost,) = house.add(1)
    house.fail("drop_accepted")
    house.stamp_by(house.clock.now() - timedelta(days=300))
    house.send()
    assert house.reconcile(after=SETTLE).accepted == 1
    (attempt,) = house.rows("attempts")
    assert house.message(lost)["accepted_at"] == attempt["started_at"]


class Live(WallClock):
    """The wall's clock, as far as anybody can tell."""

    def __init__(self, house: House) -> None:
        self._house = house

    def now(self) -> datetime:
        return self._house.clock.now()


@pytest.mark.parametrize(("before", "accepted"), [(5 * MINUTE, 1), (5 * MINUTE + SECOND, 0)])
def test_live_the_same_words_of_long_before_are_another_text(
    house: House, before: timedelta, accepted: int
) -> None:
    (lost,) = house.add(1)
    house.twilio().messages.create(
        to="+15550000001",
        body=house.payload(lost)["body"],
        messaging_service_sid=house.service,
    )
    house.clock.advance(before)
    house.fail("drop")
    house.send()
    house.clock.advance(SETTLE)
    done = reconcile(house.ledger, house.settings, Live(house), sleep=lambda _: None)
    assert done.accepted == accepted
