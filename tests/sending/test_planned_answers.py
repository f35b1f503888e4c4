"""A human's answer leaves once, by the protocol of every send, and to nobody who opted out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from winback import conversations, sending
from winback.base.clock import FixedClock
from winback.base.errors import UsageError, WinbackError
from winback.conversations import inbox
from winback.ledger import keep_reply, suppress, tables

pytestmark = pytest.mark.both_databases

PHONE = "+15550000001"
# Midday where the shop is.
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def clock():
    return FixedClock(NOW)


@pytest.fixture
def wrote(ledger, clock):
    """Have somebody write to us; how the inbox names their conversation."""
    count = iter(range(100))

    def write(intent="question", *, group="phone", address=PHONE, **known):
        with ledger.write() as connection:
            keep_reply(
                connection, reply_id=f"r{next(count)}", group=group, address=address, text="?",
                intent=intent, received_at=clock.at, gap=timedelta(days=7),
                **({"customer_id": None, "message_id": None} | known),
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
    return lambda reference, text="Yes, we do.", **options: inbox.reply(
        ledger, settings, clock, reference, text, **options
    )


def answers(ledger):
    m = tables.messages
    with ledger.read() as connection:
        query = select(m).where(m.c.playbook_id == "answers").order_by(m.c.step)
        return connection.execute(query).all()


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
    assert body["content"][1]["value"] == "<p>1 &lt; 2<br>yes</p>"
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
        patch.setattr("winback.sending._attempts.finish", lambda *_, **__: pytest.fail("killed"))
        with pytest.raises(pytest.fail.Exception):
            say(reference)
    with pytest.raises(WinbackError, match="may have left"):
        say(reference)
    assert len(provider.bodies) == 1


def test_what_provably_did_not_leave_may_be_tried_again(wrote, say, provider, ledger, clock):
    reference = wrote()
    provider.fault = lambda _: (429, {"Retry-After": "600"}, b"{}")
    done = say(reference)
    assert (done.state, done.is_open, len(answers(ledger))) == ("waiting", True, 1)
    with pytest.raises(WinbackError, match="under way"):
        say(reference, "Another one")
    provider.fault = lambda _: None
    clock.advance(timedelta(seconds=600))
    assert (say(reference).state, len(answers(ledger))) == ("sent", 1)
    assert len(provider.bodies) == 2


def test_an_answer_left_to_wait_too_long_is_over_and_another_may_be_written(
    wrote, say, provider, ledger, clock
):
    reference = wrote()
    provider.fault = lambda _: (429, {"Retry-After": "3600"}, b"{}")
    say(reference)
    provider.fault = lambda _: None
    clock.advance(timedelta(minutes=59, seconds=59))
    with pytest.raises(WinbackError, match="under way"):
        say(reference, "Another one")
    clock.advance(timedelta(seconds=1))
    assert say(reference, "Another one").state == "sent"
    assert [row.state for row in answers(ledger)] == ["expired", "accepted"]


def test_a_second_answer_is_sent_only_on_purpose_and_never_in_the_same_words(
    wrote, say, provider, ledger, clock
):
    reference = wrote()
    say(reference)
    with pytest.raises(UsageError, match="winback inbox"):
        say(reference, "One thing more.")
    for _ in range(2):
        with pytest.raises(WinbackError, match="this very reply"):
            say(reference, again=True)
    assert say(reference, "One thing more.", again=True).state == "sent"
    with pytest.raises(WinbackError, match="this very reply"):
        say(reference, "One thing more.", again=True)
    assert [body["Body"] for body in provider.bodies] == ["Yes, we do.", "One thing more."]
    assert [(row.step, row.variant) for row in answers(ledger)] == [(0, "human"), (1, "human")]


def test_a_human_text_keeps_the_hours_and_an_email_needs_none(wrote, say, provider, clock):
    reference = wrote()
    for hour in (7, 21):
        clock.at = NOW.replace(hour=hour)
        with pytest.raises(WinbackError, match="between 8:00 and 21:00"):
            say(reference)
    assert provider.bodies == []
    clock.at = NOW.replace(hour=20, minute=59)
    assert say(reference).state == "sent"
    clock.at = NOW.replace(hour=23)
    assert say(wrote(group="email", address="a@example.com")).state == "sent"


def test_the_hours_of_a_human_text_are_those_of_the_place_and_not_of_the_campaign(
    wrote, say, send, make_row, *, clock, provider
):
    clock.at = NOW.replace(hour=20)  # 16:00 in New York
    row = make_row(1)
    send([row])
    reference = wrote(message_id=row["message_id"], customer_id="c1")
    clock.at = NOW.replace(hour=12)  # 8:00 there
    assert say(reference).state == "sent"
    assert len(provider.bodies) == 2


def test_an_email_is_answered_in_its_thread(wrote, say, send, make_row, *, clock, provider):
    row = make_row(1, channel="email")
    clock.at = NOW.replace(hour=20)
    send([row])
    (ours,) = provider.bodies[0]["personalizations"]
    reference = wrote(
        group="email", address=row["address"], message_id=row["message_id"], mail_id="<x@mail>"
    )
    say(reference)
    (person,) = provider.bodies[1]["personalizations"]
    assert person["subject"] == f"Re: {ours['subject']}"
    assert person["headers"] == {"In-Reply-To": "<x@mail>", "References": "<x@mail>"}


def test_a_program_is_answered_before_and_a_human_sees_what_it_said(
    wrote, say, provider, *, ledger, settings, clock
):
    reference = wrote()
    with ledger.write() as connection:
        reply = connection.execute(select(tables.replies)).one()
        said = {"to": reply, "message": None, "now": clock.at, "written_by": "responder"}
        until = clock.at + timedelta(minutes=30)
        planned = conversations.plan_reply(
            connection, settings, text="Automated.", leaves_by=until, **said
        )
    assert isinstance(planned, conversations.Planned)
    for text in ("Automated.", "Yes, we do."):
        with pytest.raises(WinbackError, match="under way"):
            say(reference, text)
    (thread,) = inbox.threads(ledger, clock)
    assert thread.lines[-1].text == "(automated, planned) Automated."
    sending.send_due(ledger, settings, clock)
    assert conversations.close_replied(ledger, clock) == 1
    assert say(reference, again=True).state == "sent"
    assert [body["Body"] for body in provider.bodies] == ["Automated.", "Yes, we do."]


def test_a_human_who_was_faster_is_not_talked_over(wrote, say, ledger, settings, clock):
    say(wrote())
    with ledger.write() as connection:
        reply = connection.execute(select(tables.replies)).one()
        planned = conversations.plan_reply(
            connection, settings, to=reply, message=None, text="Automated.",
            written_by="responder", now=clock.at, leaves_by=clock.at + timedelta(minutes=30),
        )  # fmt: skip
    assert planned == conversations.NotPlanned("answered")


def test_the_stop_file_holds_an_answer_too(wrote, say, provider, settings):
    reference = wrote()
    (settings.home / "STOP").touch()
    done = say(reference)
    assert done.state == "waiting"
    assert "STOP" in done.reason
    assert provider.bodies == []
    (settings.home / "STOP").unlink()
    assert say(reference).state == "sent"


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
    with pytest.raises(WinbackError, match="this very reply"):
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
