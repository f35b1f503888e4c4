"""A ledger that was restored from a backup sends nothing twice: the providers are asked first."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import md5
from itertools import count
from multiprocessing import get_context
from typing import Any

import pytest
from outbox_rows import outbox_row
from reconcile_parts import NOW, House

from winback.backup import AdoptReport, _adopt, adopt, back_up, restore
from winback.base.clock import WallClock
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.ledger import (
    LedgerFenced,
    dedicate,
    insert_new,
    is_suppressed,
    open_ledger,
    tables,
)
from winback.reconcile import _lost_time
from winback.sending import RESTORED, plan

pytestmark = [pytest.mark.long, pytest.mark.both_databases]
LATER = timedelta(minutes=50)


class Drill:
    """A house that is backed up, sends on, loses its disk and is restored elsewhere."""

    def __init__(self, house: House, make_url: Callable[[], str]) -> None:
        self.house, self.make_url = house, make_url
        self.place = str(house.settings.home.parent / "backups")
        self.numbers = iter(range(100))

    def enroll(self, *numbers: int, entered: timedelta = timedelta(days=-1)) -> None:
        rows = [
            {
                "enrollment_id": f"e{n}", "playbook_id": "sms_email", "customer_id": f"c{n}",
                "episode_order_id": f"o{n}", "segment": "s", "arm": "treatment",
                "variant": "offer", "entered_at": NOW + entered,
            }
            for n in numbers
        ]  # fmt: skip
        with self.house.ledger.write() as connection:
            insert_new(connection, tables.enrollments, rows)

    def plan(self, *rows: dict[str, Any]) -> None:
        plan(self.house.ledger, rows, self.house.settings, self.house.clock)

    def back_up(self) -> None:
        back_up(self.house.settings, self.house.clock, self.place)

    @contextmanager
    def restored(self) -> Iterator[House]:
        """The house with the ledger of the backup; its sandbox is the world's, and stays."""
        house = self.house
        name = f"restored{next(self.numbers)}"
        url = self.make_url() if house.settings.ledger_url else ""
        settings = house.settings.model_copy(
            update={"home": house.settings.home.parent / name, "ledger_url": url}
        )
        restore(settings, house.clock, self.place)
        with open_ledger(settings) as ledger:
            self.house = House(ledger, settings, house.clock, house.box, house.stack)
            yield self.house
        self.house = house

    def adopt(self, **options: Any) -> AdoptReport:
        return adopt(self.house.settings, self.house.clock, sleep=lambda _: None, **options)

    @contextmanager
    def adopted(self, **options: Any) -> Iterator[tuple[House, AdoptReport]]:
        with self.restored():
            report = self.adopt(**options)
            with open_ledger(self.house.settings) as ledger:
                assert ledger.fenced == ""
                self.house.ledger = ledger
                yield self.house, report


@pytest.fixture
def drill(house: House, request: pytest.FixtureRequest) -> Drill:
    make = request.getfixturevalue("make_schema") if house.settings.ledger_url else str
    return Drill(house, make)


def row(number: int, channel: str = "sms", **changes: Any) -> dict[str, Any]:
    return outbox_row(number, channel=channel, due_at=NOW - timedelta(hours=1), **changes)


def states(house: House) -> dict[str, tuple[str, str | None]]:
    return {it["message_id"]: (it["state"], it["state_reason"]) for it in house.rows("messages")}


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_what_waited_in_the_backup_and_left_since_is_not_sent_again(
    drill: Drill, channel: str
) -> None:
    drill.enroll(1, 2, 3)
    drill.plan(*(row(n, channel) for n in (1, 2, 3)))
    drill.back_up()
    drill.house.send()
    with drill.adopted() as (house, report):
        assert (report.settled, report.held, report.unbound) == (3, 0, 0)
        house.send()
        assert set(house.accepted().values()) == {1}
        assert house.states() == {"accepted": 3}


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_what_the_backup_does_not_know_is_told_by_the_next_plan(drill: Drill, channel: str) -> None:
    """Enrolled, planned and sent after the backup: the same people enter and are planned again."""
    drill.back_up()
    drill.enroll(1, 2)
    drill.plan(row(1, channel), row(2, channel))
    drill.house.send()
    with drill.adopted() as (house, report):
        assert (report.settled, report.unbound) == (0, 2)
        house.clock.advance(LATER)
        drill.enroll(1, 2, 3, entered=LATER)
        again = {"not_before": house.clock.now(), "window_closes_at": NOW + 2 * LATER}
        # Who is new is written to; 1 and 2 are not.
        drill.plan(*(row(n, channel, **again) for n in (1, 2, 3)))
        house.send()
        assert sorted(house.accepted().values()) == [1, 1, 1]
        assert house.states() == {"accepted": 3}


def test_a_text_that_can_not_be_told_is_held_and_named(drill: Drill) -> None:
    """Their words changed since, and links of ours are off: it may be the same message."""
    drill.house.settings = drill.house.settings.model_copy(update={"click_links": False})
    drill.back_up()
    drill.enroll(1)
    drill.plan(row(1))
    drill.house.send()
    with drill.adopted() as (house, _):
        house.clock.advance(LATER)
        drill.enroll(1, 2, entered=LATER)
        times = {"not_before": house.clock.now(), "window_closes_at": NOW + 2 * LATER}
        other = {"offer_expires_at": NOW + timedelta(days=44)}
        drill.plan(*(row(n, **times, **other) for n in (1, 2)))
        house.send()
        held, sent = row(1)["message_id"], row(2)["message_id"]
        assert states(house)[held] == ("unknown_final", RESTORED)
        assert states(house)[sent][0] == "accepted"
        assert house.accepted()[held] == 1


@pytest.mark.only_sqlite
def test_a_step_that_left_by_one_channel_is_not_sent_by_another(drill: Drill) -> None:
    """Who is dealt anew may get a variant that goes by another channel."""
    drill.back_up()
    drill.enroll(1)
    key = md5(b"e1|1|email", usedforsecurity=False).hexdigest()
    drill.plan(row(1, "email", step=1, message_id=key))
    drill.house.send()
    with drill.adopted() as (house, _):
        drill.enroll(1)
        drill.plan(row(1, step=1))
        house.send()
        assert house.accepted() == {key: 1}
        assert states(house)[row(1)["message_id"]] == ("unknown_final", RESTORED)


def test_a_later_step_is_held_only_where_it_may_have_left(drill: Drill) -> None:
    """Nobody is asked: what was due in the lost time is held, and what is due later goes."""
    drill.enroll(1, 2, 5)
    drill.plan(row(1))
    drill.back_up()
    drill.house.clock.advance(LATER)
    lost, now = NOW + LATER / 2, NOW + 2 * LATER
    with drill.adopted(hold=("email", "phone")) as (house, report):
        assert (report.held, report.not_asked) == (1, ["email", "phone"])
        house.clock.advance(LATER)
        # 3 and 4 entered after the backup: by the lost machine first, or only now.
        drill.enroll(3, entered=2 * LATER)
        times = {"not_before": now, "window_closes_at": now + LATER}
        due = {1: NOW, 2: lost, 5: now, 3: now + LATER / 2, 4: now + 2 * LATER}
        drill.enroll(4, entered=2 * LATER)
        drill.plan(*(outbox_row(n, due_at=due[n], **times) for n in due))
        house.send()
        told = states(house)
        assert {n: told[row(n)["message_id"]][0] for n in due} == {
            1: "unknown_final", 2: "unknown_final", 3: "unknown_final", 4: "accepted", 5: "accepted"
        }  # fmt: skip


@pytest.mark.only_sqlite
@pytest.mark.parametrize("path", ["v3/logs", "Messages.json"])
def test_nothing_is_adopted_while_a_provider_can_not_be_asked(drill: Drill, path: str) -> None:
    drill.enroll(1)
    drill.plan(row(1), row(1, "email"))
    drill.back_up()
    drill.house.send()
    with drill.restored() as house:
        drill.house.fail("error", count=50, path=path, method=None)
        with pytest.raises(WinbackError, match="--hold"):
            drill.adopt()
        with open_ledger(house.settings) as ledger:
            assert ledger.fenced


@pytest.mark.only_sqlite
def test_records_that_lack_what_certainly_left_are_not_believed(drill: Drill) -> None:
    drill.enroll(1, 2)
    drill.plan(row(1, "email"))
    drill.house.send()
    drill.back_up()
    drill.plan(row(2, "email"))
    drill.house.send()
    # Another account, or a stand-in that has forgotten all.
    drill.house.forget_texts()
    with drill.restored(), pytest.raises(WinbackError, match="lack what was certainly sent"):
        drill.adopt()


@pytest.mark.only_sqlite
def test_a_backup_from_before_the_first_message_asks_who_has_keys(drill: Drill) -> None:
    """The lost machine may have gone live after it: a shop's first day is its largest."""
    drill.enroll(1)
    drill.plan(row(1, "email"))
    drill.back_up()
    real = {"sendgrid_base_url": "", "twilio_base_url": ""}
    drill.house.settings = drill.house.settings.model_copy(update=real)
    # Before anybody is asked, their records have to be whole.
    wall = drill.house.clock = WallClock()  # type: ignore[assignment]
    with drill.restored() as house:
        with pytest.raises(WinbackError, match="winback adopt after"):
            adopt(house.settings, wall)
        with open_ledger(house.settings) as ledger:
            assert ledger.fenced


@pytest.mark.only_sqlite
def test_without_keys_such_a_copy_is_for_the_sandbox_alone(drill: Drill) -> None:
    drill.back_up()
    bare = Settings.load(home=drill.house.settings.home)
    drill.house.settings = bare
    with drill.adopted() as (house, report):
        assert report.is_for_sandbox_alone
        with pytest.raises(LedgerFenced, match="used for sandbox"):
            dedicate(house.ledger, "live", is_rehearsal=False)


ADOPT_STEPS = [
    (_adopt, "learn_lost_time", 1), (_lost_time, "keep_found", 2), (_lost_time, "collect", 1),
    (_adopt, "_settle", 1), (_adopt, "_settle_some", 1), (_adopt, "prove_accepted", 2),
    (_adopt, "forget_mark", 1),
]  # fmt: skip


@pytest.mark.only_sqlite
@pytest.mark.parametrize("step", range(len(ADOPT_STEPS)))
def test_a_killed_adoption_sends_nothing_and_is_repeated(drill: Drill, step: int) -> None:
    drill.enroll(1, 2, 3, 4)
    drill.plan(row(1), row(2), row(3, "email"), row(4, "email"))
    drill.back_up()
    drill.house.send()

    def run() -> None:
        module, name, which = ADOPT_STEPS[step]
        original, calls = getattr(module, name), count(1)

        def counted(*arguments: Any, **options: Any) -> Any:
            if next(calls) == which:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*arguments, **options)

        setattr(module, name, counted)
        drill.adopt()

    with drill.restored() as house:
        house.ledger.close()
        process = get_context("fork").Process(target=run)
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        with open_ledger(house.settings) as ledger:
            assert ledger.fenced
        assert drill.adopt().unbound == 0
        with open_ledger(house.settings) as ledger:
            house.ledger = ledger
            house.send()
            assert set(house.accepted().values()) == {1}
            assert house.states() == {"accepted": 4}
        assert drill.adopt() == AdoptReport(), "once more changes nothing"


def test_opt_outs_since_the_backup_are_taken_in(drill: Drill) -> None:
    drill.enroll(1, 2)
    drill.plan(row(1, "email"), row(2))
    drill.house.send()
    drill.back_up()
    drill.house.act(row(1, "email")["message_id"], "unsubscribe")
    drill.house.act(row(2)["message_id"], "reply", body="STOP")
    with drill.adopted() as (house, report):
        assert (report.heard, report.suppressed) == (1, 2)
        with house.ledger.read() as connection:
            assert is_suppressed(connection, group="email", address="p1@example.com")
            assert is_suppressed(connection, group="phone", address="+15550000002")
