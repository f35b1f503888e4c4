"""Answers, callbacks, releases and second attempts in every order: the truth wins, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reconcile_parts import NOW, House, due_message
from sqlalchemy import func, select

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound._apply import apply
from winback.ledger import Ledger, insert_new, open_ledger, tables, transition
from winback.providers import Outcome, Request
from winback.providers._event import Event
from winback.reconcile import release
from winback.reconcile._settle import let_go
from winback.sending._attempts import Finished, begin, finish

pytestmark = pytest.mark.long

TOKEN = "host|1|1|x"
CHANNEL: Any = SimpleNamespace(name="sms", provider="twilio")
NUMBERS = iter(range(1, 10**9))


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    home: Path = tmp_path_factory.mktemp("orders")
    with open_ledger(Settings.load(home=home)) as opened:
        yield opened


class Life:
    """One message, its attempts, and whether the provider took each."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        row = due_message(next(NUMBERS), service="MG")
        self.key = row["message_id"]
        self.taken: list[bool] = []
        self.answered: set[int] = set()
        self.told: set[int] = set()
        with ledger.write() as connection:
            insert_new(connection, tables.messages, [row])

    @property
    def row(self) -> Any:
        with self.ledger.read() as connection:
            m = tables.messages
            return connection.execute(select(m).where(m.c.message_id == self.key)).one()

    @property
    def alarms(self) -> int:
        e = tables.evidence.c
        query = select(func.count()).where(e.message_id == self.key, e.kind == "duplicate")
        with self.ledger.read() as connection:
            return connection.scalar(query) or 0

    def request(self, attempt: int) -> Request:
        return Request(f"{self.key}-{attempt}", (self.key,), {}, "")

    def possible(self) -> list[tuple[str, int]]:
        state, last = self.row.state, len(self.taken) - 1
        ways = [("send", -1)] if state == "planned" and len(self.taken) < 3 else []
        ways += [("sweep", last)] if state == "sending" else []
        if state == "unknown":
            ways += [("let_go", last), ("give_up", last)]
        if state == "unknown_final":
            ways += [("release", last)]
        ways += [("answer", n) for n in range(len(self.taken)) if n not in self.answered]
        ways += [("callback", n) for n, taken in enumerate(self.taken) if taken]
        return ways

    def do(self, way: str, attempt: int, *, taken: bool) -> None:
        getattr(self, f"_{way}")(attempt, taken)

    def _send(self, _: int, taken: bool) -> None:
        assert not self.told, "what is known to have left is never sent again"
        with self.ledger.write() as connection:
            claim = [{"message_id": self.key, "claim_token": TOKEN}]
            transition(connection, claim, "claimed", from_states=("planned",), at=NOW)
            m = tables.messages
            row = connection.execute(select(m).where(m.c.message_id == self.key)).one()
            request = self.request(len(self.taken))
            assert begin(connection, CHANNEL, [request], {self.key: row}, token=TOKEN, now=NOW)
        self.taken.append(taken)

    def _sweep(self, _: int, taken: bool) -> None:
        with self.ledger.write() as connection:
            row = [{"message_id": self.key, "state_reason": "interrupted"}]
            transition(connection, row, "unknown", from_states=("sending",), at=NOW)

    def _give_up(self, _: int, taken: bool) -> None:
        with self.ledger.write() as connection:
            row = [{"message_id": self.key}]
            transition(connection, row, "unknown_final", from_states=("unknown",), at=NOW)

    def _let_go(self, _: int, taken: bool) -> None:
        with self.ledger.write() as connection:
            let_go(connection, self.row, reason="let_go:not_listed", at=NOW)

    def _release(self, _: int, taken: bool) -> None:
        release(self.ledger, FixedClock(NOW), self.key, because="seen in the console")

    def _answer(self, attempt: int, taken: bool) -> None:
        """The answer of a call comes at last: it took the message, or nobody can tell."""
        self.answered.add(attempt)
        was_taken = self.taken[attempt]
        outcome = (
            Outcome("accepted", "accepted", 201, provider_id=f"SM{self.key}{attempt}")
            if was_taken
            else Outcome("unknown", "http_500", 500)
        )
        if was_taken:
            self.told.add(attempt)
        with self.ledger.write() as connection:
            ended = Finished(self.request(attempt), outcome, wait=0.0)
            finish(connection, [ended], {self.key: self.row}, token=TOKEN, now=NOW)

    def _callback(self, attempt: int, taken: bool) -> None:
        self.told.add(attempt)
        sid = f"SM{self.key}{attempt}"
        event = Event(
            provider="twilio", kind="sent", dedupe_key=f"tw:{sid}|sent", group="phone",
            semantic_key=f"tw:{sid}|sent", occurred_at=NOW, received_at=NOW, ref="x:1",
            message_id=self.key, attempt_id=self.request(attempt).attempt_id, provider_id=sid,
        )  # fmt: skip
        with self.ledger.write() as connection:
            apply(connection, [event], FixedClock(NOW))


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_in_every_order_a_message_that_was_taken_ends_accepted_and_a_second_one_is_told(
    ledger: Ledger, data: st.DataObject
) -> None:
    life = Life(ledger)
    for _ in range(data.draw(st.integers(1, 12))):
        ways = life.possible()
        if not ways:
            break
        way, attempt = data.draw(st.sampled_from(ways))
        life.do(way, attempt, taken=data.draw(st.booleans()))
        assert (life.row.state == "accepted") is bool(life.told)
        assert life.alarms == max(0, len(life.told) - 1)
    for attempt, taken in enumerate(life.taken):
        if taken:
            life.do("callback", attempt, taken=True)
    assert (life.row.state == "accepted") is any(life.taken)
    assert life.alarms == max(0, sum(life.taken) - 1)
    assert (life.row.state_reason == "accepted_twice") is (sum(life.taken) > 1)


def test_the_first_attempt_turns_out_taken_after_a_release_and_the_second_stays_at_home(
    house: House,
) -> None:
    """The provider was later than our settle time: the callback still comes in time."""
    (text,) = house.add(1)
    house.behave(lag_seconds=3600)
    house.fail("drop_accepted")
    house.send()
    house.reconcile(after=timedelta(minutes=15))
    assert house.reconcile(after=timedelta(minutes=5)).planned_again == 1
    house.plan_again()
    house.call_back(text, "sent", sid="SMlate")
    assert house.message(text)["state"] == "accepted"
    assert house.send().counts == {}
    assert house.accepted() == {text: 1}


def test_a_message_that_a_restored_backup_takes_for_planned_is_not_sent_again(
    house: House,
) -> None:
    (text,) = house.add(1)
    house.listen()
    house.send()
    house.collect()
    t = tables
    since_the_backup = (
        t.attempts, t.attempt_messages, t.provider_events, t.evidence, t.positions,
    )  # fmt: skip
    with house.ledger.write() as connection:
        for table in since_the_backup:
            connection.execute(table.delete())
        connection.execute(
            tables.messages.update().values(
                state="planned", attempt_no=0, accepted_at=None, provider_id=None
            )
        )
    house.collect()
    assert house.send().counts == {}
    assert house.accepted() == {text: 1}
