"""A human's answer leaves once, by the protocol of every send, and to nobody who opted out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from winback import inbox
from winback.errors import UsageError, WinbackError
from winback.ledger import keep_reply, suppress, tables

PHONE = "+15550000001"


@pytest.fixture
def wrote(ledger, clock):
    """Have somebody write to us; how the inbox names their conversation."""
    count = iter(range(100))

    def write(intent="question", *, group="phone", address=PHONE):
        with ledger.write() as connection:
            keep_reply(
                connection, reply_id=f"r{next(count)}", group=group, address=address,
                customer_id=None, message_id=None, text="?", intent=intent,
                received_at=clock.at, gap=timedelta(days=7),
            )  # fmt: skip
            if intent in {"hold", "stop"}:
                suppress(
                    connection, group=group, address=address, reason=intent, source="t",
                    occurred_at=clock.at, recorded_at=clock.at,
                )  # fmt: skip
        (thread,) = inbox.threads(ledger, clock)
        return thread.reference

    return write


@pytest.fixture
def say(ledger, settings, clock):
    return lambda reference, text="Yes, we do.": inbox.answer(
        ledger, settings, clock, reference, text
    )


def answers(ledger):
    with ledger.read() as connection:
        return connection.execute(select(tables.answers)).all()


def test_an_answer_leaves_once_and_closes_the_conversation(wrote, say, provider, ledger, clock):
    reference = wrote()
    seen = []
    provider.fault = lambda _: seen.append([row.state for row in answers(ledger)])
    done = say(reference)
    assert (done.state, done.is_open) == ("sent", False)
    assert seen == [["sending"]], "the intent stood in the ledger before the call"
    (body,) = provider.bodies
    assert (body["To"], body["Body"]) == (PHONE, "Yes, we do.")
    assert inbox.threads(ledger, clock) == []
    with pytest.raises(UsageError, match="winback inbox"):
        say(reference)
    assert len(provider.bodies) == 1


def test_an_email_is_answered_as_text_and_never_as_markup(wrote, say, provider):
    assert say(wrote(group="email", address="a@example.com"), "1 < 2\nyes").state == "sent"
    (body,) = provider.bodies
    (person,) = body["personalizations"]
    assert person["to"] == [{"email": "a@example.com"}]
    assert person["substitutions"]["-wb_html-"] == "<p>1 &lt; 2<br>yes</p>"
    assert "List-Unsubscribe" not in person["headers"]


@pytest.mark.parametrize("status", [500, 418])
def test_an_answer_that_may_have_left_is_never_sent_again(wrote, say, provider, ledger, status):
    reference = wrote()
    provider.fault = lambda _: (status, {}, b"")
    assert (say(reference).state, [row.state for row in answers(ledger)]) == (
        "unknown",
        ["unknown"],
    )
    provider.fault = lambda _: None
    for text in ("Yes, we do.", "Another one"):
        with pytest.raises(WinbackError, match="may have left"):
            say(reference, text)
    assert len(provider.bodies) == 1


def test_an_answer_whose_sender_died_is_never_sent_again(wrote, say, provider, monkeypatch):
    reference = wrote()
    with monkeypatch.context() as patch:
        patch.setattr("winback.inbox._answer._finish", lambda *_: pytest.fail("killed here"))
        with pytest.raises(pytest.fail.Exception):
            say(reference)
    with pytest.raises(WinbackError, match="may have left"):
        say(reference)
    assert len(provider.bodies) == 1


def test_what_provably_did_not_leave_may_be_tried_again(wrote, say, provider, ledger):
    reference = wrote()
    provider.fault = lambda _: (429, {"Retry-After": "1"}, b"{}")
    assert (say(reference).state, len(answers(ledger))) == ("failed", 1)
    provider.fault = lambda _: None
    assert (say(reference).state, len(answers(ledger))) == ("sent", 1)


def test_whoever_opted_out_gets_no_answer(wrote, say, provider, ledger, clock):
    reference = wrote()
    with ledger.write() as connection:
        suppress(
            connection, group="phone", address=PHONE, reason="stop", source="t",
            occurred_at=clock.at, recorded_at=clock.at,
        )  # fmt: skip
    with pytest.raises(WinbackError, match="suppressed"):
        say(reference)
    assert (provider.bodies, answers(ledger)) == ([], [])


def test_who_is_held_back_may_be_asked_and_stays_held_until_a_human_resolves(
    wrote, say, provider, ledger, clock
):
    reference = wrote("hold")
    done = say(reference, "Did you mean our messages?")
    assert (done.state, done.is_open) == ("sent", True)
    with pytest.raises(WinbackError, match="this very answer"):
        say(reference, "Did you mean our messages?")
    (thread,) = inbox.threads(ledger, clock)
    assert [(line.said_by, line.text) for line in thread.lines] == [
        ("they", "?"),
        ("we", "Did you mean our messages?"),
    ]
    assert inbox.resolve(ledger, clock, reference).released_holds == 1
    assert len(provider.bodies) == 1


def test_nobody_answers_what_they_have_not_read(wrote, say, provider):
    reference = wrote()
    wrote("hold")
    with pytest.raises(WinbackError, match="1 more replies"):
        say(reference)
    assert provider.bodies == []


def test_what_was_written_meanwhile_keeps_the_conversation_open(wrote, say, provider):
    reference = wrote()
    provider.fault = lambda _: wrote() and None
    assert say(reference).is_open


@pytest.mark.parametrize("text", ["", "  \n", "x" * 1601])
def test_an_empty_or_endless_answer_is_refused(wrote, say, provider, text):
    with pytest.raises(UsageError, match="characters"):
        say(wrote(), text)
    assert provider.bodies == []
