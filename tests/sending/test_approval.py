"""Whole steps wait for a person's yes; nothing leaves without it, and it is asked for once."""

from __future__ import annotations

import dataclasses
import shutil
import sys
import threading
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from outbox_rows import NOW, outbox_row
from sqlalchemy import select, update

from winback.base.clock import WallClock
from winback.base.errors import UsageError, WinbackError
from winback.content import Renderer
from winback.content._render import TEMPLATES_DIR
from winback.ledger import CONFIRMATION, REPLIES, REPLY, dedicate, insert_new, tables
from winback.sending import ask, decide, plan, read_waiting, send_due
from winback.sending._due import Part

pytestmark = pytest.mark.both_databases

STEP = Part("sms_email", 1)


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"approval": "always"})


@pytest.fixture
def house(ledger, settings, clock, provider):
    return House(ledger, settings, clock, provider)


def texts(*numbers, **changes):
    return [outbox_row(number, **changes) for number in numbers]


def mails(*numbers, **changes):
    return texts(*numbers, channel="email", **changes)


@dataclasses.dataclass
class House:
    """A ledger, its settings, and what a provider got."""

    ledger: object
    settings: object
    clock: object
    provider: object

    def set(self, **changes):
        self.settings = self.settings.model_copy(update=changes)

    def plan(self, *numbers, **changes):
        return self.plan_rows(texts(*numbers, **changes))

    def plan_rows(self, rows):
        """The whole outbox: what waits and is not in it any more is parked."""
        return plan(self.ledger, rows, self.settings, self.clock)

    def send(self, **options):
        return send_due(self.ledger, self.settings, self.clock, sleep=lambda _: None, **options)

    def ask(self, **options):
        return ask(self.ledger, self.settings, **options)

    def one(self, **options):
        (held,) = self.ask(**options)
        return held.request

    def decide(self, decision, request=None, **options):
        key = (request or self.one()).approval_id
        return decide(self.ledger, key, decision, by="ann", **options)

    def sent(self):
        assert set(self.provider.accepted.values()) <= {1}, "a message left twice"
        return len(self.provider.accepted)

    def rows(self, table):
        with self.ledger.read() as connection:
            return connection.execute(select(table)).all()


def test_a_first_send_waits_and_stays_due_until_somebody_says_yes(house):
    house.plan(1, 2, 3)
    for _ in range(2):
        report = house.send()
        assert house.sent() == 0
        assert report.left_waiting == 3
        (line,) = report.held.values()
        request = house.one()
        assert line == (
            "step 1 of sms_email waits for approval (nothing of this step was approved yet): "
            f"3 messages for 0.02. Next: winback approve {request.approval_id}"
        )
    assert len(house.rows(tables.approvals)) == 1, "the same thing is asked once"
    assert (request.messages, request.cost_cents) == (3, Decimal("2.3700"))
    done = house.decide("yes", note=" looks\n good ")
    assert (done.decided_by, done.note) == ("ann", "looks good")
    assert house.ask() == []
    assert house.send().held == {}
    assert house.sent() == 3
    house.plan(1, 2, 3, 4, 5)
    house.send()
    assert house.sent() == 5, "later ones say the same"


def test_what_waits_for_one_step_holds_no_other_step(house):
    house.plan(1)
    house.decide("yes")
    house.plan_rows([*texts(1, 2), *mails(2)])
    assert list(house.send().held) == [Part("sms_email", 2)]
    assert house.sent() == 2


@pytest.mark.parametrize(
    ("changes"),
    [{"brand_name": "Another"}, {"shop_url": "https://elsewhere.example"}],
)
def test_content_that_changed_asks_again(house, changes):
    house.plan(1)
    house.decide("yes")
    house.send()
    house.set(**changes)
    house.plan(1, 2)
    assert house.one().reasons == ("content",)
    house.send()
    assert house.sent() == 1
    house.decide("yes")
    house.send()
    assert house.sent() == 2


def test_another_offer_or_variant_of_one_step_asks_again(house):
    house.plan(1)
    house.decide("yes")
    house.plan(1, 2, offer_value=Decimal(30))
    assert house.one().reasons == ("content",)
    assert len(house.one().contents) == 2
    house.decide("yes")
    house.plan(1, 2, 3, variant="other")
    assert house.one().reasons == ("content",)


def test_one_changed_template_asks_again_for_its_step_alone(house, tmp_path, monkeypatch):
    shutil.copytree(TEMPLATES_DIR, tmp_path / "templates")
    of_the_copy = partial(Renderer, templates_dir=tmp_path / "templates")
    monkeypatch.setattr(sys.modules["winback.sending.plan._plan"], "Renderer", of_the_copy)
    house.plan_rows([*texts(1), *mails(11)])
    for held in house.ask():
        house.decide("yes", held.request)
    text = tmp_path / "templates" / "sms_email" / "1.txt"
    text.write_text(text.read_text().replace("{{ brand }}", "{{ brand }} says"))
    house.plan_rows([*texts(1, 2), *mails(11, 12)])
    assert [(it.part, it.reasons) for it in house.ask()] == [(STEP, ("content",))]
    # What nobody approved is written anew when it changes again: only the last words leave.
    text.write_text(text.read_text().replace("says", "tells"))
    assert house.plan_rows([*texts(1, 2), *mails(11, 12)]).rewritten == 1
    house.decide("yes")
    house.send()
    said = [body["Body"].split(":")[0] for body in house.provider.bodies if "Body" in body]
    assert sorted(said) == ["Example Shop", "Example Shop tells"]


def test_more_than_may_leave_unasked_waits_whatever_was_approved(house):
    house.set(approval_messages=3)
    house.plan(1)
    house.decide("yes")
    house.plan(*range(1, 5))
    assert house.ask() == [], "one that was approved, and three more"
    house.plan(*range(1, 6))
    request = house.one()
    assert (request.reasons, request.messages) == (("messages",), 5)
    house.send()
    assert house.sent() == 0
    house.decide("yes")
    house.plan(*range(1, 9))
    assert house.ask() == []
    house.plan(*range(1, 10))
    assert house.one().messages == 9, "it has grown beyond what was approved"
    house.send()
    assert house.sent() == 0
    house.decide("yes")
    house.send()
    assert house.sent() == 9


def test_an_audience_that_is_planned_later_is_another_one(house, clock):
    house.set(approval_messages=2)
    house.plan(1, 2, 3)
    house.decide("yes")
    house.send()
    clock.at = NOW + timedelta(minutes=1)
    house.plan(4, 5, 6)
    assert house.one().reasons == ("messages",), "as many as were approved, but others"
    house.send()
    assert house.sent() == 3


def test_a_budget_holds_too(house):
    house.set(approval_cents=2)
    house.plan(1, 2)
    assert house.one().reasons == ("first",)
    house.decide("yes")
    house.plan(1, 2, 3, 4)
    assert house.ask() == []
    house.plan(1, 2, 3, 4, 5)
    assert house.one().reasons == ("budget",)
    house.send()
    assert house.sent() == 0


def test_a_request_that_grew_is_asked_anew_and_the_old_one_can_not_be_approved(house):
    house.plan(1)
    old = house.one()
    house.plan(1, 2)
    new = house.one()
    assert new.approval_id != old.approval_id
    with pytest.raises(WinbackError, match=f"winback approve {new.approval_id}"):
        house.decide("yes", old)
    house.send()
    assert house.sent() == 0
    house.plan(1)  # the second one is no longer wanted
    assert house.one() == new, "less than was asked for is covered by it"


def test_a_request_expires_and_is_asked_anew(house):
    house.set(approval_hours=1)
    house.plan(1)
    old = house.one()
    later = WallClock().now() + timedelta(hours=1, minutes=1)
    with pytest.raises(WinbackError, match="has expired"):
        house.decide("yes", old, now=later)
    new = house.one(now=later)
    assert new.approval_id != old.approval_id
    house.decide("yes", new, now=later)
    house.send()
    assert house.sent() == 1


def test_a_refusal_stands_until_it_changes_or_somebody_approves_it(house, clock):
    house.plan(1, 2)
    house.decide("no", note="the wrong day")
    clock.at = NOW + timedelta(minutes=1)
    house.plan(1, 2, 3)
    (held,) = house.ask()
    assert held.is_refused
    assert str(held).startswith(
        "step 1 of sms_email was refused by ann (the wrong day): 2 messages for 0.02 stay. Next: "
    )
    assert len(house.rows(tables.approvals)) == 1
    assert list(house.send().held.values()) == [str(held)]
    assert house.sent() == 0
    house.set(brand_name="Mended")
    assert house.plan(1, 2, 3).rewritten == 3
    request = house.one()
    assert (request.reasons, request.messages) == (("first",), 3)
    house.decide("yes")
    house.send()
    assert house.sent() == 3


def test_what_was_refused_can_be_approved_and_what_was_approved_refused(house):
    house.plan(1)
    request = house.one()
    house.decide("no", request)
    assert house.decide("yes", request).decision == "yes"
    house.decide("no", request)
    house.send()
    assert house.sent() == 0
    house.decide("yes", request)
    house.send()
    assert house.sent() == 1
    with pytest.raises(UsageError, match="there is no request 'nothing'"):
        decide(house.ledger, "nothing", "yes", by="ann")


def test_a_no_stops_a_run_that_is_under_way(house, provider):
    house.plan(*range(40))
    request, refused = house.one(), threading.Event()
    house.decide("yes", request)

    def refuse_once(_ids):
        if not refused.is_set():
            refused.set()
            house.decide("no", request)

    provider.fault = refuse_once
    report = house.send()
    assert 0 < house.sent() < 40
    assert "was refused by ann" in report.held[STEP]
    provider.fault = lambda _ids: None
    house.send()
    assert house.sent() < 40
    house.decide("yes", request)
    house.send()
    assert house.sent() == 40


def test_words_that_are_planned_while_a_run_sends_do_not_slip_through(house, monkeypatch):
    """As if the count were old: what is in hand is looked at by itself."""
    house.plan(1)
    house.decide("yes")
    monkeypatch.setattr("winback.sending.approval._hold.held_steps", lambda *_, **__: [])
    monkeypatch.setattr("winback.sending._send.ask", lambda *_: [])
    house.plan(2, 3, variant="other")
    report = house.send()
    assert house.sent() == 0
    assert "waits for approval" in report.held[STEP]
    assert [row.state for row in house.rows(tables.messages)] == ["planned"] * 3


def test_a_request_that_can_not_be_read_holds(house):
    house.plan(1)
    house.decide("yes")
    for damaged in ("", "{", "7", '{"a": 1}', '["another"]'):
        with house.ledger.write() as connection:
            connection.execute(update(tables.approvals).values(contents_json=damaged))
        assert house.send().held, damaged
        assert house.sent() == 0


@pytest.mark.parametrize("purpose", [REPLY, CONFIRMATION])
def test_who_wrote_to_us_waits_for_nobody(house, purpose):
    house.plan(1)
    with house.ledger.write() as connection:
        changed = {"playbook_id": REPLIES, "purpose": purpose, "content_sha256": None}
        connection.execute(update(tables.messages).values(changed))
    assert house.ask() == []
    assert house.send().held == {}
    assert house.sent() == 1


def test_messages_of_an_earlier_winback_wait_too(house):
    house.plan(1)
    with house.ledger.write() as connection:
        connection.execute(update(tables.messages).values(content_sha256=None))
    house.send()
    assert house.sent() == 0
    house.decide("yes")
    house.send()
    assert house.sent() == 1


def test_who_is_asked(house):
    """By default live sends alone; a rehearsal against servers of this machine is none."""
    house.plan(1)

    def asks(approval, **changes):
        settings = house.settings.model_copy(update={"approval": approval, **changes})
        return bool(ask(house.ledger, settings))

    real = {"twilio_base_url": ""}
    assert [asks(it) for it in ("off", "live", "always")] == [False, False, True]
    assert [asks(it, **real) for it in ("off", "live", "always")] == [False, True, True]
    dedicate(house.ledger, "sandbox", is_rehearsal=False)
    assert [asks(it, **real) for it in ("off", "live", "always")] == [False, False, True]
    with house.ledger.write() as connection:
        used = tables.meta.c.key == "used_for"
        connection.execute(update(tables.meta).where(used).values(value="live"))
    assert [asks(it) for it in ("off", "live", "always")] == [False, True, True]


def test_what_is_shown_names_nobody_and_has_a_page_for_its_owner_alone(house):
    personal = {"first_name": "Secret", "last_product_name": "Private thing"}
    house.plan_rows([*texts(1, 2, **personal), *mails(1, **personal)])
    waiting, is_needed = read_waiting(house.ledger, house.settings)
    assert is_needed
    assert [(it.request.step, it.request.messages) for it in waiting] == [(1, 2), (2, 1)]
    for it in waiting:
        assert 0 < len(it.renders) <= 5
        assert "Alexandra" in it.renders[0].words
        text = it.page.read_text()
        assert "Alexandra" in text
        assert it.page.stat().st_mode & 0o077 == 0
        told = f"{it.facts()} {text}"
        for hidden in ("Secret", "Private thing", "p1@example.com", "+1555"):
            assert hidden not in told


def test_two_that_ask_at_once_make_one_request(house):
    house.plan(1)
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(house.one().approval_id)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == len(house.rows(tables.approvals)) == 1


def test_a_sample_is_kept_once_for_each_content(house):
    house.plan(1, 2)
    house.plan(1, 2, 3, offer_value=Decimal(30))
    kept = house.rows(tables.content_samples)
    assert len({row.content_sha256 for row in kept}) == 2
    with house.ledger.write() as connection:
        assert insert_new(connection, tables.content_samples, [dict(kept[0]._mapping)]) == 0
