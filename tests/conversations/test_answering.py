"""An open question is answered once, or stays with a human: through the ledger's own protocol."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from responder_parts import NOW, Says
from sqlalchemy import Row, select, update

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.content.payloads import Email, Text
from winback.conversations import inbox
from winback.conversations.responder import (
    Draft,
    HandOver,
    Responder,
    RespondReport,
    reply_to_questions,
)
from winback.conversations.responder._rules import RuleResponder
from winback.ledger import (
    Ledger,
    keep_reply,
    open_ledger,
    suppress,
    tables,
    waiting,
)
from winback.providers import Outcome, Outgoing, Request
from winback.sending import _send, plan, send_due

PHONE = "+14155550100"
ACCEPTED = Outcome("accepted", "", 201, provider_id="SM1")


class Channel:
    """A provider that keeps what it was handed and answers as it is told to."""

    name, provider, batch_size, concurrency = "sms", "twilio", 1, 1
    unknowns_in_a_row, per_second = 20, None

    def __init__(self) -> None:
        self.got: list[Outgoing] = []
        self.outcome = ACCEPTED

    def prepare(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Request]:
        self._prepared = {message.message_id: message for message in messages}
        return [Request(f"a-{key}", (key,), {}, "") for key in self._prepared]

    def send(self, request: Request) -> Outcome:
        self.got.append(self._prepared[request.message_ids[0]])
        return self.outcome

    def close(self) -> None:
        pass

    @property
    def texts(self) -> list[str]:
        return [message.payload_as(Text).body for message in self.got]


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> Channel:
    made = Channel()
    monkeypatch.setattr(_send, "open_channel", lambda *_: made)
    return made


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(
        home=tmp_path / "home",
        responder="rules",
        twilio_messaging_service_sid="MG1",
        from_email="hello@example.com",
    )


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    """A ledger in which c1 got a text an hour ago, in hours that NOW is inside of."""
    with open_ledger(settings) as opened:
        with opened.write() as connection:
            connection.execute(tables.messages.insert(), [_message("m1", PHONE, "c1")])
        yield opened


def _message(message_id: str, address: str, customer_id: str) -> dict[str, Any]:
    return {
        "message_id": message_id, "enrollment_id": f"e-{message_id}", "playbook_id": "sms_email",
        "step": 1, "customer_id": customer_id, "channel": "sms", "variant": "a",
        "address": address, "sender": "MG1", "payload_json": "{}", "payload_sha256": "",
        "template_version": "1", "not_before": NOW, "expires_at": NOW + timedelta(days=5),
        "zones": "America/New_York", "local_opens_minute": 15 * 60,
        "local_closes_minute": 18 * 60, "state": "accepted",
        "accepted_at": NOW - timedelta(hours=1), "planned_at": NOW, "updated_at": NOW,
    }  # fmt: skip


class Desk:
    """A person who writes, a responder that answers, and what the ledger says of both."""

    def __init__(
        self, ledger: Ledger, settings: Settings, clock: FixedClock, channel: Channel
    ) -> None:
        self.ledger, self.settings, self.clock, self.channel = ledger, settings, clock, channel
        self._told = 0

    def write(self, text: str, intent: str = "question", **changes: Any) -> None:
        reply: dict[str, Any] = {
            "reply_id": f"r{self._told}", "group": "phone", "address": PHONE,
            "customer_id": "c1", "message_id": "m1", "text": text, "intent": intent,
            "received_at": self.clock.now(), "gap": timedelta(days=7),
        }  # fmt: skip
        self._told += 1
        with self.ledger.write() as connection:
            keep_reply(connection, **(reply | changes))

    def answer(self, responder: Responder | None = None) -> RespondReport:
        return reply_to_questions(
            self.ledger,
            self.settings,
            self.clock,
            responder or RuleResponder(),
            published=self.settings.published_dir,
        )

    def die_before_sending(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patch:
            patch.setattr("winback.sending.send_due", _die)
            with pytest.raises(KeyboardInterrupt):
                self.answer()

    def stop(self) -> None:
        now = self.clock.now()
        with self.ledger.write() as connection:
            suppress(
                connection,
                group="phone",
                address=PHONE,
                reason="stop",
                source="t",
                occurred_at=now,
                recorded_at=now,
            )

    @property
    def waiting(self) -> int:
        with self.ledger.read() as connection:
            return len(waiting(connection))

    @property
    def decided(self) -> list[tuple[str, str | None]]:
        r = tables.responses.c
        with self.ledger.read() as connection:
            return [tuple(row) for row in connection.execute(select(r.reply_id, r.reason))]

    @property
    def kept(self) -> Row[Any]:
        """The answer as the ledger has it."""
        m = tables.messages
        with self.ledger.read() as connection:
            return connection.execute(select(m).where(m.c.playbook_id == "answers")).one()


def _die(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def desk(ledger: Ledger, settings: Settings, clock: FixedClock, channel: Channel) -> Desk:
    return Desk(ledger, settings, clock, channel)


def test_a_question_is_answered_once_and_nobody_waits_any_more(desk: Desk) -> None:
    desk.write("Who is this?")
    report = desk.answer()
    assert (report.answered, report.closed, desk.waiting) == (1, 1, 0)
    assert desk.answer().sent is None
    (text,) = desk.channel.texts
    assert text.startswith("Example Shop, automated reply: This is the shop Example Shop")
    assert desk.channel.got[0].address == PHONE
    kept = desk.kept
    assert (kept.state, kept.variant, kept.customer_id) == ("accepted", "automated", "c1")
    assert json.loads(kept.payload_json)["body"] == text


def test_what_it_does_not_know_stays_with_a_human_who_then_has_the_thread(desk: Desk) -> None:
    desk.write("Where is my order?")
    assert desk.answer().handed_over == {"not_understood": 1}
    desk.clock.advance(timedelta(minutes=5))
    desk.write("Who is this?")
    assert desk.answer().handed_over == {"a_human_has_it": 1}
    assert desk.answer().handed_over == {}
    assert desk.decided == [("r0", "not_understood"), ("r1", "a_human_has_it")]
    assert (desk.waiting, desk.channel.got) == (1, [])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"group": "email", "address": "a@example.com"}, "unknown_sender"),
        ({"address": "+14155550199"}, "unknown_sender"),
        ({"message_id": None}, "unknown_sender"),
        ({"customer_id": "c2"}, "unknown_sender"),
        ({"intent": "hold"}, "not_a_question"),
        ({"received_at": NOW - timedelta(hours=25)}, "too_old"),
    ],
)
def test_whom_a_program_does_not_talk_to(desk: Desk, changes: dict[str, Any], reason: str) -> None:
    desk.write("Who is this?", **changes)
    assert desk.answer().handed_over == {reason: 1}
    assert desk.channel.got == []


def test_nobody_is_answered_in_quiet_hours_and_everybody_after_them(desk: Desk) -> None:
    desk.clock.at = NOW + timedelta(hours=2)  # 18:00 in New York
    desk.write("Who is this?")
    assert desk.answer() == RespondReport()
    assert desk.decided == []
    desk.clock.advance(timedelta(hours=21))
    assert (desk.answer().closed, len(desk.channel.got)) == (1, 1)


def test_a_stop_wins_whenever_it_comes(desk: Desk) -> None:
    class Stopped(Says):
        def respond(self, *_: Any) -> Draft | HandOver:
            desk.stop()
            return Draft("Thanks.")

    desk.write("Who is this?")
    assert desk.answer(Stopped("")).handed_over == {"suppressed": 1}
    assert desk.channel.got == []


@pytest.mark.parametrize(("kind", "handed_over"), [("stop", 1), ("pause", 1), ("fewer", 0)])
def test_a_wish_for_silence_holds_for_programs_too(desk: Desk, kind: str, handed_over: int) -> None:
    wish = {
        "preference_id": "p1", "kind": kind, "customer_id": "c1", "channel_group": "phone",
        "address": PHONE, "occurred_at": NOW, "recorded_at": NOW,
    }  # fmt: skip
    with desk.ledger.write() as connection:
        connection.execute(tables.preferences.insert(), [wish])
    desk.write("Who is this?")
    assert desk.answer().handed_over["suppressed"] == handed_over
    assert len(desk.channel.got) == 1 - handed_over


def test_a_stop_between_the_plan_and_the_call_wins_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write("Who is this?")
    desk.die_before_sending(monkeypatch)
    desk.stop()
    assert desk.answer().closed == 0
    assert (desk.kept.state, desk.channel.got, desk.waiting) == ("suppressed", [], 1)


def test_who_writes_on_meanwhile_is_looked_at_anew(desk: Desk) -> None:
    class WritesOn(Says):
        def respond(self, *_: Any) -> Draft | HandOver:
            desk.clock.advance(timedelta(seconds=1))
            desk.write("And where is my order?")
            return Draft("Thanks.")

    desk.write("Who is this?")
    assert desk.answer(WritesOn("")) == RespondReport()
    assert (desk.decided, desk.channel.got) == ([], [])
    assert desk.answer().handed_over == {"not_understood": 1}


def test_a_round_that_died_is_finished_by_the_next_and_sends_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write("Who is this?")
    desk.die_before_sending(monkeypatch)
    plan(desk.ledger, [], desk.settings, desk.clock)  # a plan in between parks no answer
    report = desk.answer()
    assert (report.answered, report.closed, len(desk.channel.got)) == (0, 1, 1)
    assert desk.answer().sent is None


def test_what_may_have_been_sent_is_never_sent_again_and_a_human_sees_it(desk: Desk) -> None:
    desk.channel.outcome = Outcome("unknown", "timeout")
    desk.write("Who is this?")
    desk.answer()
    desk.channel.outcome = ACCEPTED
    for _ in range(3):
        assert desk.answer().answered == 0
    assert (len(desk.channel.got), desk.waiting) == (1, 1)
    assert desk.kept.state == "unknown"


def test_who_asks_by_email_is_answered_there_as_by_a_machine(desk: Desk) -> None:
    mail = _message("m2", "ann@example.com", "c1") | {
        "channel": "email", "payload_json": json.dumps({"subject": "We miss you"}), "zones": "",
    }  # fmt: skip
    with desk.ledger.write() as connection:
        connection.execute(tables.messages.insert(), [mail])
    desk.channel.name = "email"
    desk.clock.at = NOW + timedelta(hours=7)  # an email wakes nobody
    desk.write(
        "Who is this?", group="email", address="ann@example.com", message_id="m2", mail_id="<1@x>"
    )
    assert (desk.answer().closed, desk.waiting) == (1, 0)
    (sent,) = desk.channel.got
    assert (desk.kept.channel, sent.address) == ("email", "ann@example.com")
    mail = sent.payload_as(Email)
    assert mail.subject == "Re: We miss you"
    assert mail.headers == {
        "Auto-Submitted": "auto-replied", "In-Reply-To": "<1@x>", "References": "<1@x>",
    }  # fmt: skip
    assert mail.text.startswith("Example Shop, automated reply: ")


@pytest.mark.parametrize("missing", [{"twilio_messaging_service_sid": ""}, {"channels": "email"}])
def test_where_nobody_is_set_to_send_a_human_has_the_question(
    desk: Desk, missing: dict[str, str]
) -> None:
    desk.settings = desk.settings.model_copy(update=missing)
    desk.write("Who is this?")
    assert desk.answer().handed_over == {"no_sender": 1}


def test_who_was_written_to_by_whatsapp_is_answered_by_a_human(desk: Desk) -> None:
    with desk.ledger.write() as connection:
        connection.execute(tables.messages.update().values(channel="whatsapp"))
    desk.write("Who is this?")
    assert desk.answer().handed_over == {"other_app": 1}


def test_in_a_conversation_that_a_human_has_answered_no_program_speaks(desk: Desk) -> None:
    desk.write("Where is my order?")
    (thread,) = inbox.threads(desk.ledger, desk.clock)
    said = inbox.reply(desk.ledger, desk.settings, desk.clock, thread.reference, "On its way.")
    assert (said.state, desk.waiting) == ("sent", 0)
    desk.clock.advance(timedelta(minutes=5))
    desk.write("Who is this?")
    assert desk.answer().handed_over == {"a_human_has_it": 1}
    assert desk.channel.texts == ["On its way."]


def test_a_human_who_answers_while_the_responder_thinks_is_first(desk: Desk) -> None:
    class Slow(Says):
        def respond(self, *_: Any) -> Draft | HandOver:
            (thread,) = inbox.threads(desk.ledger, desk.clock)
            inbox.reply(desk.ledger, desk.settings, desk.clock, thread.reference, "It is Ann.")
            return Draft("Thanks.")

    desk.write("Who is this?")
    assert desk.answer(Slow("")).handed_over == {"a_human_has_it": 1}
    assert desk.channel.texts == ["It is Ann."]


def test_an_answer_counts_toward_the_caps_of_what_we_begin(desk: Desk) -> None:
    desk.write("Who is this?")
    desk.answer()
    desk.clock.advance(timedelta(hours=23, minutes=59))
    marketing = _message("m2", PHONE, "c1") | {"state": "planned", "accepted_at": None}
    marketing["window_closes_at"] = NOW + timedelta(days=2)
    with desk.ledger.write() as connection:
        connection.execute(tables.messages.insert(), [marketing])
        # The pause after a reply has its own tests: here only the cap is left.
        connection.execute(update(tables.conversations).values(last_reply_at=NOW - timedelta(2)))
    # And no person is asked before a campaign leaves, which has its own tests too.
    settings = desk.settings.model_copy(update={"approval": "off"})
    assert send_due(desk.ledger, settings, desk.clock).refused_by_guard == {"cap_24h": 1}
    assert len(desk.channel.got) == 1


def test_so_many_answers_a_day_and_no_more(desk: Desk) -> None:
    for question in ("Who is this?", "Who are you?", "Whats your website?", "Where do I shop?"):
        desk.write(question)
        report = desk.answer()
        desk.clock.advance(timedelta(minutes=10))
    assert report.handed_over == {"replies_per_day": 1}
    assert (len(desk.channel.got), desk.waiting) == (3, 1)


def test_two_rounds_at_once_answer_once(desk: Desk) -> None:
    desk.write("Who is this?")
    both_ask = threading.Barrier(2)

    class Meets(RuleResponder):
        def respond(self, *args: Any) -> Draft | HandOver:
            both_ask.wait(10)
            return super().respond(*args)

    with ThreadPoolExecutor(2) as pool:
        reports = [pool.submit(desk.answer, Meets()) for _ in range(2)]
    assert sum(report.result().answered for report in reports) == 1
    assert (len(desk.channel.got), desk.waiting) == (1, 0)
