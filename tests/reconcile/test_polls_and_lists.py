"""What nobody told: how far texts have come, and whom SendGrid does not write to any more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from reconcile_parts import NOW, House

from winback.inbound import replay_events
from winback.ledger import hide_address, is_suppressed, lift, suppress

pytestmark = pytest.mark.long

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def test_a_text_without_a_last_word_is_asked_for_four_times_and_no_more(house: House) -> None:
    house.behave(deliver=False)
    house.add(1)
    house.send()
    asked_at = []
    for minute in range(0, 30 * 60, 5):
        if house.reconcile().polled:
            asked_at.append(minute)
        house.clock.advance(5 * MINUTE)
    assert asked_at == [10, 60, 12 * 60, 24 * 60]
    (poll,) = house.rows("polls")
    assert (poll["n_polls"], poll["next_at"]) == (4, None)


@pytest.mark.both_databases
def test_a_lost_delivery_is_told_by_a_poll_and_its_late_callback_counts_once(
    house: House,
) -> None:
    (text,) = house.add(1)
    house.send()
    done = house.reconcile(after=10 * MINUTE)
    assert (done.polled, done.news) == (1, 1)
    (event,) = house.rows("provider_events")
    assert (event["message_id"], event["kind"], event["n_seen"]) == (text, "delivered", 1)
    assert event["occurred_at"] == NOW, "when it happened, not when it was asked"
    assert house.reconcile(after=HOUR).polled == 0, "delivered is the last word"
    house.call_back(text, "sent")
    house.call_back(text, "delivered")
    seen = {row["kind"]: row["n_seen"] for row in house.rows("provider_events")}
    assert seen == {"delivered": 2, "sent": 1}
    assert house.evidence() == []


def test_a_poll_that_tells_that_somebody_opted_out_is_an_opt_out(house: House) -> None:
    (text,) = house.add(1)
    house.behave(deliver=False)
    house.send()
    house.act(text, "undelivered", error_code=21610)
    house.reconcile(after=10 * MINUTE)
    with house.ledger.read() as connection:
        assert is_suppressed(
            connection, group="phone", address="+15550000001", reasons=("opted_out",)
        )


def test_what_is_told_last_is_not_asked_and_what_is_too_old_neither(house: House) -> None:
    house.listen()
    house.add(1)
    house.send()
    house.collect()
    assert house.reconcile(after=10 * MINUTE).polled == 0
    house.behave(deliver=False)
    house.plan_again()
    house.add(2, not_before=house.clock.now())
    house.send()
    assert house.reconcile(after=timedelta(days=7)).polled == 0
    assert house.rows("polls") == []


def test_a_poll_that_fails_is_made_again_and_one_of_a_forgotten_text_is_not(
    house: House,
) -> None:
    house.behave(deliver=False)
    house.add(1, 2)
    house.send()
    house.fail("error", method="GET", path="Messages/")
    done = house.reconcile(after=10 * MINUTE)
    assert (done.polled, list(done.unreadable)) == (0, ["sms"])
    assert done.summary() == "sms could not be asked (http_500)"
    house.forget_texts()
    assert house.reconcile().polled == 2
    assert house.reconcile().polled == 0


def test_a_run_polls_so_many_and_the_next_one_the_rest(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("winback.reconcile._progress.MOST_POLLS", 2)
    house.add(1, 2, 3)
    house.send()
    assert [house.reconcile(after=10 * MINUTE).polled for _ in range(3)] == [2, 1, 0]


def suppressed(house: House) -> dict[str, str]:
    return {row["address"]: row["reason"] for row in house.rows("suppressions")}


@pytest.mark.both_databases
def test_sendgrids_own_lists_suppress_what_no_event_told(house: House) -> None:
    mail = house.add(*range(1, 7), channel="email")
    house.send()
    kinds = ("bounce", "spamreport", "unsubscribe", "group_unsubscribe", "blocked")
    for message_id, kind in zip(mail, kinds, strict=False):
        house.act(message_id, kind)
    house.clock.advance(HOUR)
    (waits,) = house.add(11, channel="email", address="p2@example.com")
    done = house.reconcile()
    assert done.suppressed == 4, "a block is the mailbox's mood of the day"
    assert suppressed(house) == {
        "p1@example.com": "hard_bounce",
        "p2@example.com": "spam_report",
        "p3@example.com": "unsubscribe",
        "p4@example.com": "unsubscribe",
    }
    assert house.message(waits)["state"] == "suppressed"
    assert house.rows("provider_events") == [], "nothing of ours happened"
    again = house.reconcile(after=timedelta(days=1))
    assert (again.suppressed, len(house.rows("suppressions"))) == (0, 4)
    assert replay_events(house.ledger, house.settings, house.clock).differences == 0


def test_the_lists_are_read_daily_and_a_list_that_fails_is_read_again(house: House) -> None:
    house.reconcile()
    (mail,) = house.add(1, channel="email")
    house.send()
    house.act(mail, "bounce")
    assert house.reconcile(after=20 * HOUR - MINUTE).suppressed == 0
    house.fail("error", method="GET", path="bounces")
    done = house.reconcile(after=MINUTE)
    assert (done.suppressed, done.unreadable) == (0, {"list of bounces": "http_500"})
    assert house.reconcile().suppressed == 1


def test_a_long_list_is_read_in_portions_from_where_the_last_run_stopped(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("winback.providers.sendgrid.lists.PAGE_ROWS", 2)
    monkeypatch.setattr("winback.reconcile._lists.PAGE_ROWS", 2)
    monkeypatch.setattr("winback.reconcile._lists.MOST_PAGES", 1)
    for message_id in house.add(*range(5), channel="email"):
        house.send()
        house.act(message_id, "bounce")
    house.clock.advance(MINUTE)
    assert [house.reconcile().suppressed for _ in range(4)] == [2, 2, 1, 0]


def test_a_sweep_that_takes_too_long_says_so_and_the_next_one_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    (mail,) = house.add(1, channel="email")
    house.send()
    house.act(mail, "bounce")
    house.clock.advance(MINUTE)
    with monkeypatch.context() as patch:
        patch.setattr("winback.reconcile._lists.MOST_SECONDS", -1.0)
        done = house.reconcile()
    assert (done.suppressed, done.unreadable) == (0, {"list of bounces": "took too long"})
    assert house.reconcile().suppressed == 1


def test_the_sweep_brings_back_nobody_who_came_back_or_was_erased(house: House) -> None:
    mail = house.add(1, 2, 3, channel="email")
    house.send()
    for message_id in mail:
        house.act(message_id, "unsubscribe")
    house.clock.advance(HOUR)
    now = house.clock.now()
    with house.ledger.write() as connection:
        suppress(
            connection, group="email", address="p1@example.com", reason="unsubscribe",
            source="elsewhere", occurred_at=NOW, recorded_at=now,
        )  # fmt: skip
        lift(
            connection, group="email", address="p1@example.com", occurred_at=now,
            reasons=("unsubscribe",),
        )  # fmt: skip
        hide_address(connection, group="email", address="p2@example.com", erased_at=now)
    assert house.reconcile().suppressed == 1
    with house.ledger.read() as connection:
        assert not is_suppressed(connection, group="email", address="p1@example.com")
        assert is_suppressed(connection, group="email", address="p2@example.com")
    assert "p2@example.com" not in suppressed(house)


@pytest.mark.parametrize("answer", ["proxy_html", "drop", "redirect"])
def test_a_stand_in_without_lists_costs_one_call_and_says_so(house: House, answer: str) -> None:
    house.fail(answer, count=99, method="GET", path="suppression")
    done = house.reconcile()
    assert list(done.unreadable) == ["list of bounces"]
    assert house.rows("suppressions") == []
