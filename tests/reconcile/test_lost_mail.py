"""Email whose answer got lost: withdrawn while SendGrid holds it, else told by events or logs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from reconcile_parts import House

from winback.ledger import State
from winback.providers import Outcome, Request
from winback.providers.sendgrid.channel import EmailChannel

pytestmark = pytest.mark.long

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
EMAIL_DELAY = 25 * MINUTE


@pytest.fixture
def holding(house: House) -> House:
    """Mail is held back by the sandbox too."""
    house.settings = house.settings.model_copy(
        update={"email_mode": "abortable", "email_batch_size": 5}
    )
    return house


@pytest.mark.both_databases
@pytest.mark.parametrize("kind", ["drop", "drop_accepted", "error_accepted", "truncated_accepted"])
def test_held_back_mail_is_withdrawn_and_goes_again_once(holding: House, kind: str) -> None:
    mail = holding.add(1, 2, 3, channel="email")
    holding.fail(kind)
    assert holding.send().counts == {"unknown": 3}
    done = holding.reconcile()
    assert (done.planned_again, holding.states()) == (3, {"planned": 3})
    holding.plan_again()
    assert holding.send().counts == {"accepted": 3}
    assert {holding.message(key)["attempt_no"] for key in mail} == {2}
    first, second = holding.rows("attempts")
    assert first["sg_batch_id"] != second["sg_batch_id"]
    holding.listen()
    holding.clock.advance(2 * HOUR)
    holding.collect()
    assert holding.delivered() == dict.fromkeys(mail, 1), "the first batch was thrown away"
    assert holding.states() == {"accepted": 3}
    assert "duplicate" not in holding.evidence()


@pytest.mark.both_databases
def test_the_attempt_that_got_lost_is_withdrawn_and_not_one_of_the_same_moment_that_was_put_off(
    holding: House,
) -> None:
    holding.settings = holding.settings.model_copy(update={"email_batch_size": 1})
    mail = holding.add(1, 2, 3, 4, channel="email")
    holding.fail("rate_limited", count=4, hint="none")
    holding.fail("drop_accepted", count=4)
    assert holding.send().counts == {"unknown": 4}
    assert sorted(row["outcome"] for row in holding.rows("attempts")) == [
        *["deferred"] * 4, *["unknown"] * 4,
    ]  # fmt: skip
    holding.reconcile()
    holding.plan_again()
    assert holding.send().counts == {"accepted": 4}
    holding.listen()
    holding.clock.advance(2 * HOUR)
    holding.collect()
    assert holding.delivered() == dict.fromkeys(mail, 1)


@pytest.mark.both_databases
def test_a_withdrawal_is_ended_an_hour_after_its_batch_was_due_and_not_before(
    holding: House,
) -> None:
    holding.add(1, channel="email")
    holding.fail("drop_accepted")
    holding.send()
    holding.reconcile()
    holding.reconcile(after=EMAIL_DELAY + HOUR - SECOND)
    assert holding.evidence() == ["withdrawn"]
    assert len(holding.withdrawals()) == 1
    holding.reconcile(after=SECOND)
    assert holding.evidence() == ["withdrawal_ended", "withdrawn"]
    assert holding.withdrawals() == []


@pytest.mark.parametrize(("after", "asked"), [(14 * MINUTE, True), (14 * MINUTE + SECOND, False)])
def test_nothing_is_withdrawn_when_it_is_too_late_to_be_sure(
    holding: House, after: timedelta, asked: bool
) -> None:
    holding.add(1, channel="email")
    holding.fail("drop_accepted")
    holding.send()
    done = holding.reconcile(after=after)
    assert (done.planned_again == 1, len(holding.withdrawals()) == 1) == (asked, asked)
    assert holding.states() == {"planned" if asked else "unknown": 1}


def test_a_withdrawal_whose_answer_was_lost_is_still_read_later(holding: House) -> None:
    holding.add(1, channel="email")
    holding.fail("drop_accepted")
    holding.send()
    holding.fail("drop", method="GET", path="scheduled_sends")
    done = holding.reconcile()
    assert (list(done.unreadable), holding.states()) == (["email"], {"unknown": 1})
    assert done.next_look_at == holding.clock.now() + EMAIL_DELAY - 11 * MINUTE
    assert holding.reconcile(after=EMAIL_DELAY - MINUTE).planned_again == 1


def test_ten_batches_are_withdrawn_at_once_and_the_rest_when_there_is_room(
    holding: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("winback.sending._unresolved_mail.MOST_UNANSWERED", 99)
    holding.settings = holding.settings.model_copy(update={"email_batch_size": 1})
    holding.add(*range(12), channel="email")
    holding.fail("drop_accepted", count=12)
    while holding.send().counts["unknown"]:
        pass
    assert holding.states() == {"unknown": 12}
    done = holding.reconcile()
    assert (done.planned_again, done.waiting) == (10, 2)
    assert len(holding.withdrawals()) == 10


def test_mail_that_left_is_told_by_an_event_and_its_request_with_it(holding: House) -> None:
    """One of three events came through: a request is taken whole or not at all."""
    mail = holding.add(1, 2, 3, channel="email")
    holding.fail("drop_accepted")
    holding.send()
    holding.clock.advance(EMAIL_DELAY)
    holding.prove(mail[1])
    done = holding.reconcile()
    assert (done.accepted, holding.states()) == (2, {"accepted": 3})
    assert holding.evidence() == ["callback", "request", "request"]
    assert holding.withdrawals() == []


@pytest.mark.parametrize(
    ("kind", "state"), [("drop_accepted", "accepted"), ("drop", "unknown_final")]
)
def test_mail_that_could_not_be_withdrawn_is_looked_for_in_the_logs(
    holding: House, kind: str, state: State
) -> None:
    holding.add(1, channel="email")
    holding.fail(kind)
    holding.send()
    holding.clock.advance(EMAIL_DELAY - MINUTE)
    assert holding.reconcile().waiting == 1
    assert holding.evidence() == [], "before it has left there is nothing to look for"
    holding.reconcile(after=16 * MINUTE)
    for _ in range(3):
        holding.reconcile(after=8 * HOUR)
    assert holding.states() == {state: 1}


def test_mail_sent_at_once_is_never_let_go_and_given_up_after_a_day(house: House) -> None:
    (lost,) = house.add(1, channel="email")
    house.fail("drop")
    house.send()
    assert house.reconcile(after=15 * MINUTE - SECOND).waiting == 1
    assert house.evidence() == []
    for after in (SECOND, MINUTE, 45 * MINUTE, 5 * HOUR, 18 * HOUR - 2 * MINUTE):
        assert house.reconcile(after=after).planned_again == 0
        assert house.states() == {"unknown": 1}
    assert house.evidence() == ["not_logged"] * 3, "after a quarter of an hour, one, and six"
    assert house.reconcile(after=2 * MINUTE).unknown_final == 1
    assert house.message(lost)["state_reason"] == "unknown:silence"
    assert house.reconcile(after=HOUR).summary() == "no outcome was unknown"


def test_mail_sent_at_once_is_found_in_the_logs_by_our_id(house: House) -> None:
    mail = house.add(
        1, 2, channel="email", address="shared@example.com", playbook_id="answers", purpose="reply"
    )
    house.settings = house.settings.model_copy(update={"email_batch_size": 1})
    house.fail("drop_accepted", skip=1)
    house.fail("drop")
    house.send()
    house.reconcile(after=15 * MINUTE)
    assert sorted(row["state"] for row in house.rows("messages")) == ["accepted", "unknown"]
    (found,) = (row for row in house.rows("messages") if row["state"] == "accepted")
    assert (found["matched_by"], found["message_id"] in mail) == ("logged", True)
    assert list(house.accepted()) == [found["message_id"]]


def test_without_access_to_the_logs_time_ends_in_unknown_final_and_nothing_goes_again(
    house: House,
) -> None:
    house.add(1, channel="email")
    house.fail("drop")
    house.send()
    house.fail("proxy_html", count=50, method="POST", path="logs")
    assert house.reconcile(after=HOUR).unreadable == {"email": "http_403"}
    assert house.states() == {"unknown": 1}
    house.reconcile(after=23 * HOUR - SECOND)
    assert house.states() == {"unknown": 1}
    assert house.reconcile(after=SECOND).unknown_final == 1


@pytest.mark.parametrize("after", [3 * MINUTE, EMAIL_DELAY + MINUTE], ids=["withdrawn", "left"])
def test_an_answer_after_the_withdrawal_does_not_count(
    holding: House, monkeypatch: pytest.MonkeyPatch, after: timedelta
) -> None:
    """A machine slept with the answer in hand; another one has looked after its mail meanwhile."""
    (mail,) = holding.add(1, channel="email")
    send = EmailChannel.send

    def slowly(channel: EmailChannel, request: Request) -> Outcome:
        outcome = send(channel, request)
        if first:
            holding.clock.advance(first.pop())
            holding.reconcile()
        return outcome

    first = [after]
    monkeypatch.setattr(EmailChannel, "send", slowly)
    holding.send()
    if after < EMAIL_DELAY:
        assert holding.states() == {"planned": 1}
        holding.plan_again()
        assert holding.send().counts == {"accepted": 1}
    holding.clock.advance(2 * HOUR)
    assert (holding.left(), holding.states()) == ({mail: 1}, {"accepted": 1})
    assert "duplicate" not in holding.evidence()


def test_logs_that_cant_be_read_keep_no_mail_from_being_withdrawn(holding: House) -> None:
    """Email Logs are a paid extra; what left some time ago is looked for there for a day."""
    for number in (1, 2):
        holding.add(number, channel="email")
        holding.fail("drop_accepted")
        holding.send()
        if number == 1:
            holding.clock.advance(EMAIL_DELAY + 16 * MINUTE)
    holding.fail("error", count=9, path="v3/logs")
    done = holding.reconcile()
    assert (done.planned_again, list(done.unreadable)) == (1, ["email"])
    assert holding.states() == {"unknown": 1, "planned": 1}
