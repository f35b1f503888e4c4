"""A batch that is refused for a few goes to all the others, in few requests."""

from __future__ import annotations

import json
from collections import Counter
from types import SimpleNamespace

import pytest

from winback.ledger import count_by_state
from winback.providers import Outcome, Request
from winback.sending import plan, send_due
from winback.sending._splitting import ROUNDS, Splitting

pytestmark = pytest.mark.long


def states(ledger):
    with ledger.read() as connection:
        return count_by_state(connection)


def refusal(*fields, status=400):
    errors = [{"message": "no", "field": field} for field in fields]
    return status, {}, json.dumps({"errors": errors}).encode()


def emails(make_row, count, **changes):
    return [make_row(n, channel="email", **changes) for n in range(count)]


def sizes(provider):
    return [len(body["personalizations"]) for body in provider.bodies]


@pytest.mark.parametrize("fields", [(None,), ("personalizations.250.to.0.email",)])
def test_who_is_refused_for_no_given_reason_is_found_in_halves(send, provider, make_row, fields):
    rows = emails(make_row, 250)
    bad = rows[77]["message_id"]
    provider.fault = lambda ids: refusal(*fields) if bad in ids else None
    report = send(rows)
    assert report.counts == {"accepted": 249, "rejected": 1}
    assert bad not in provider.accepted
    assert set(provider.accepted.values()) == {1}
    # The whole, then both halves of what was refused, eight times.
    assert len(provider.bodies) == 17
    assert report.stopped == {}


def test_a_batch_refused_for_one_after_another_goes_in_halves_in_the_end(
    send, provider, ledger, make_row
):
    rows = emails(make_row, 120)
    bad = {row["message_id"] for row in rows[::6]}

    def name_the_first(ids):
        named = [pos for pos, key in enumerate(ids) if key in bad][:1]
        return refusal(f"personalizations[{named[0]}].to") if named else None

    provider.fault = name_the_first
    report = send(rows)
    assert report.counts == {"accepted": 100, "rejected": 20}
    assert provider.accepted == Counter(r["message_id"] for r in rows if r["message_id"] not in bad)
    assert sizes(provider)[:ROUNDS] == [120, 119, 118, 117, 116]
    assert sorted(sizes(provider)[ROUNDS : ROUNDS + 2]) == [57, 58]


def test_refusals_without_a_reason_stop_the_channel_before_they_cost_anybody_a_message(
    send, provider, ledger, make_row
):
    provider.fault = lambda _: refusal(None)
    report = send(emails(make_row, 250))
    assert "without saying why" in report.stopped["email"]
    assert len(provider.bodies) <= 10 + 4
    assert states(ledger) == {"planned": 250}


def test_a_body_too_large_is_halved_by_its_bytes():
    weights = {"a": 1, "b": 1, "c": 1, "d": 1, "e": 5, "f": 1, "g": 1}
    rows = {
        key: SimpleNamespace(message_id=key, payload_json="x" * weights[key]) for key in weights
    }
    splitting = Splitting(100)
    splitting.learn(Request("r", tuple("abcde"), {}, ""), Outcome("refused", "too_large"), rows)
    first, others = splitting.first([rows[key] for key in "abcdefg"])
    assert "".join(row.message_id for row in first) == "abcd"
    first, others = splitting.first(others)
    assert "".join(row.message_id for row in first) == "e"
    # What was never refused weighs no more than what is hoped to fit.
    rows["g"].payload_json = "xxxx"
    first, others = splitting.first(others)
    assert "".join(row.message_id for row in first) == "f"
    assert "".join(row.message_id for row in others) == "g"


def test_one_message_that_is_too_large_by_itself_is_rejected(send, provider, make_row):
    rows = emails(make_row, 5)
    large = rows[2]["message_id"]
    provider.fault = lambda ids: (413, {}, b"<html>") if large in ids else None
    assert send(rows).counts == {"accepted": 4, "rejected": 1}


def test_a_step_whose_content_is_refused_stops_alone_and_nobody_is_rejected(
    send, provider, ledger, make_row
):
    broken = emails(make_row, 10)
    other = [make_row(n, channel="email", step=4) for n in range(20, 30)]
    steps = {row["message_id"]: row["step"] for row in broken + other}
    provider.fault = lambda ids: refusal("content.1.value") if steps[ids[0]] == 2 else None
    report = send(broken + other, playbook_id="sms_email", step=2)
    assert "check this step's template" in report.stopped["email, step 2 of sms_email"]
    assert len(provider.bodies) == 1
    assert send(broken + other, playbook_id="sms_email", step=4).counts == {"accepted": 10}
    assert states(ledger) == {"planned": 10, "accepted": 10}
    provider.fault = lambda _: None
    assert send(broken + other, playbook_id="sms_email", step=2).counts == {"accepted": 10}


def test_a_sender_that_is_refused_leaves_the_others_theirs(  # noqa: PLR0917
    send, provider, ledger, settings, clock, make_row
):
    rows = emails(make_row, 300)
    old = settings.model_copy(update={"from_email": "old@example.com"})
    plan(ledger, rows[:280], old, clock)
    plan(ledger, rows, settings, clock)

    def refuse_the_old(_):
        body = provider.bodies[-1]
        return refusal("from.email") if body["from"]["email"] == "old@example.com" else None

    provider.fault = refuse_the_old
    report = send_due(ledger, settings, clock, sleep=lambda _: None)
    assert report.counts == {"accepted": 20}
    assert report.left_waiting == 280
    assert "check the sender" in report.stopped["email, sender old@example.com"]
    assert "email" not in report.stopped
    assert len(provider.bodies) <= 4


def test_a_run_goes_on_behind_a_portion_that_the_guard_refuses_whole(send, monkeypatch, make_row):
    monkeypatch.setattr("winback.sending._run.CLAIM_SIZE", 2)
    rows = emails(make_row, 6)
    for row in sorted(rows, key=lambda row: row["message_id"])[:4]:
        row["local_closes_minute"] = 960
    report = send(rows)
    assert report.counts == {"accepted": 2}
    assert report.refused_by_guard == {"window": 4}
